-- What the user says of prices, for this connection. Patterns are LIKE patterns in lower case, escaped by `!`.

create or replace temp table user_prices (
    rank integer,                 -- of several that match, the highest holds, but a model's before its vendor's
    pattern varchar,              -- of the model, vendor/model or vendor
    category varchar,             -- empty: any
    operation varchar,            -- a pattern too
    meter varchar,
    usd decimal(38, 12),
    per bigint,
    unit_usd decimal(18, 12),
    price_id varchar,
    per_call boolean,             -- a fixed price per use, in place of every other price
    valid_from_ns bigint,
    valid_to_ns bigint
);

create or replace temp table user_discounts (
    rank integer,
    pattern varchar,
    factor decimal(18, 12),       -- what is left of the published price
    valid_from_ns bigint,
    valid_to_ns bigint
);
