-- The price book as published, as its tables were at first: facts, before anything the user says. Old versions stay, so that what was believed on a day can be shown.

-- One published price of one meter, in a window of dates, a part of the day, and a tier of the call's total input tokens.
create table if not exists prices (
    price_id varchar,             -- a hash of all that identifies the price; the same price keeps its id from book to book
    vendor varchar,               -- the book's provider, or our vendor for rates
    model varchar,                -- the book's model, or the class of operation for rates
    context varchar,              -- standard, or the variant (batch, flex, priority, ...)
    meter varchar,
    unit varchar,                 -- what `usd` buys, in words
    usd decimal(38, 12),          -- as published, for `per` units
    per bigint,
    unit_usd decimal(18, 12),     -- for one unit, rounded; where that is not exact, amounts use usd and per
    minimum bigint,               -- fewest units billed to a call that uses any
    valid_from_ns bigint,         -- inclusive
    valid_to_ns bigint,           -- exclusive
    day_from_ns bigint,           -- inclusive, nanoseconds after midnight UTC
    day_to_ns bigint,             -- exclusive
    tier_from bigint,             -- the call's total input tokens are above this,
    tier_to bigint,               -- and at most this
    source varchar,
    first_read timestamp,
    superseded timestamp,         -- when a newer book no longer had it
    book varchar                  -- version of the book that first had it
);

-- Where the price of each combination found in calls is; resolved once per combination and version of the book.
create table if not exists price_keys (
    category varchar,
    vendor varchar,
    model varchar,
    operation varchar,
    price_vendor varchar,         -- of an unknown one, where an older book had it
    price_model varchar,
    rule varchar,                 -- model: a model of the book; rate: a product of rates.toml; free: not billed; unknown: unpriced
    reason varchar                -- why it is free or unknown
);

-- What the two tables above were made from.
create table if not exists price_book (
    version varchar,
    calls_seen varchar            -- the state of calls whose combinations have been resolved
);
