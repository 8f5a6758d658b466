-- What each combination found in calls costs: the book's prices and the user's, cut at every moment where either changes, one box per
-- piece of time and tier. Temporary, made anew whenever the book, the combinations or the user's prices change.

create or replace temp table price_combinations as
select
    row_number() over (order by category, vendor, model, operation) as key_id,
    *,
    lower(vendor) as vendor_name,
    lower(model) as model_name,
    lower(operation) as operation_name
from price_keys;

-- What a meter without a price of its own is billed as: itself, else the nearest of these that has one.
create or replace temp table meter_fallbacks as
select * from (values {fallbacks}) as t(meter, billed_as, distance);

create or replace temp table book_prices as
select k.key_id, p.*
from price_combinations as k
inner join prices as p on p.vendor = k.price_vendor and p.model = k.price_model and p.context = 'standard'
where case
    when $believed_at is null then p.superseded is null and k.rule <> 'unknown'
    else p.first_read <= greatest($believed_at, (select min(first_read) from prices)) and coalesce(p.superseded > $believed_at, true)
end;

create or replace temp macro names_model(vendor_name, model_name, pattern) as
    model_name like pattern escape '!' or vendor_name || '/' || model_name like pattern escape '!';

-- Of names equally exact, that of a model goes before that of its vendor, however long either is.
create or replace temp macro rank_of(rank, of_model) as rank + case when of_model then {ranks} else 0 end;

create or replace temp table said_prices as
select k.key_id, u.* replace (rank_of(u.rank, names_model(k.vendor_name, k.model_name, u.pattern)) as rank)
from price_combinations as k
inner join user_prices as u on
    (u.category = '' or u.category = k.category)
    and (names_model(k.vendor_name, k.model_name, u.pattern) or (u.category = '' and k.vendor_name like u.pattern escape '!'))
    and k.operation_name like u.operation escape '!';

create or replace temp table said_discounts as
select k.key_id, d.* replace (rank_of(d.rank, names_model(k.vendor_name, k.model_name, d.pattern)) as rank)
from price_combinations as k
inner join user_discounts as d on names_model(k.vendor_name, k.model_name, d.pattern) or k.vendor_name like d.pattern escape '!';

create or replace temp table price_boxes as
with edges as (
    select key_id, -9223372036854775808 as edge_ns from price_combinations
    union select key_id, valid_from_ns from book_prices
    union select key_id, unnest([valid_from_ns, valid_to_ns]) from said_prices
    union select key_id, unnest([valid_from_ns, valid_to_ns]) from said_discounts
),
windows as (
    select key_id, edge_ns as from_ns, lead(edge_ns, 1, 9223372036854775807) over (partition by key_id order by edge_ns) as to_ns
    from edges
),
slots as (
    select distinct key_id, day_from_ns, day_to_ns, tier_from, tier_to from book_prices
    union all
    select key_id, 0, 86400000000000, -1, 9223372036854775807
    from price_combinations
    where key_id not in (select key_id from book_prices)
)
select row_number() over (order by w.key_id, w.from_ns, s.day_from_ns, s.tier_from) as box_id, w.*, s.* exclude (key_id)
from windows as w
inner join slots as s on s.key_id = w.key_id
where w.from_ns < w.to_ns;

-- One price per box and meter: the meter's own before that of a meter it falls back to, the user's before the book's, and of several of
-- the user's the most specific.
-- `exact`: whether twelve decimals say what one token costs. Where they do not (a twelfth of a dollar for a million), the prices of that box are
-- those of a million tokens.
create or replace temp table price_grid as
with said as (
    select
        b.box_id, s.*,
        max(s.rank) over (partition by b.box_id) as top_rank,
        max_by(s.per_call, s.rank) over (partition by b.box_id) as top_per_call
    from price_boxes as b
    inner join said_prices as s on s.key_id = b.key_id and s.valid_from_ns <= b.from_ns and b.to_ns <= s.valid_to_ns
),
discounts as (
    select b.box_id, max_by(d.factor, d.rank) as factor
    from price_boxes as b
    inner join said_discounts as d on d.key_id = b.key_id and d.valid_from_ns <= b.from_ns and b.to_ns <= d.valid_to_ns
    group by b.box_id
),
candidates as (
    select box_id, meter, usd, per, unit_usd, 0 as minimum, price_id, per_call, 0 as origin, rank
    from said
    where case when top_per_call then rank = top_rank else not per_call end
    union all
    select
        b.box_id, p.meter, cast(p.usd * coalesce(d.factor, 1) as decimal(38, 12)), p.per,
        cast(p.unit_usd * coalesce(d.factor, 1) as decimal(18, 12)), p.minimum, p.price_id, false, 1, 0
    from price_boxes as b
    inner join book_prices as p on
        p.key_id = b.key_id and p.valid_from_ns <= b.from_ns and b.to_ns <= p.valid_to_ns
        and p.day_from_ns = b.day_from_ns and p.tier_from = b.tier_from
    left join discounts as d on d.box_id = b.box_id
    where b.box_id not in (select box_id from said where top_per_call)
),
chosen as (
    select
        b.box_id,
        f.meter,
        arg_min(f.billed_as, (f.distance, c.origin, -c.rank)) as billed_as,
        arg_min(c.usd, (f.distance, c.origin, -c.rank)) as usd,
        arg_min(c.per, (f.distance, c.origin, -c.rank)) as per,
        arg_min(c.unit_usd, (f.distance, c.origin, -c.rank)) as unit_usd,
        arg_min(c.minimum, (f.distance, c.origin, -c.rank)) as minimum,
        arg_min(c.price_id, (f.distance, c.origin, -c.rank)) as price_id,
        arg_min(c.per_call, (f.distance, c.origin, -c.rank)) as per_call,
        arg_min(c.origin, (f.distance, c.origin, -c.rank)) as origin
    from price_boxes as b
    inner join price_combinations as k on k.key_id = b.key_id
    inner join candidates as c on c.box_id = b.box_id
    inner join meter_fallbacks as f on f.billed_as = c.meter and (f.distance = 0 or k.category in ('llm', 'embedding'))
    group by b.box_id, f.meter
)
select
    *,
    not coalesce(
        bool_or(usd <> unit_usd * per) filter (where meter in ({tokens})) over (partition by box_id)
            and bool_and(per = 1000000) filter (where meter in ({tokens})) over (partition by box_id),
        false
    ) as exact
from chosen;

-- The grid with one row per box and one column per meter: a call finds all its prices in one row.
create or replace temp table price_rows as
select
    k.category as key_category,
    k.vendor as key_vendor,
    k.model as key_model,
    k.operation as key_operation,
    b.box_id,
    b.from_ns,
    b.to_ns,
    b.day_from_ns,
    b.day_to_ns,
    b.tier_from,
    b.tier_to,
    count(g.meter) > 0 as has_price,
    any_value(k.rule) = 'free' and count(g.meter) = 0 as is_free,
    coalesce(bool_or(g.per_call), false) as per_call,
    -- A model's meter without a price is unpriced; a product's is not billed.
    any_value(k.category) in ('llm', 'embedding') and not coalesce(bool_or(g.per_call), false) as every_meter,
    coalesce(bool_and(g.exact), true) as exact,
    {columns}
from price_boxes as b
inner join price_combinations as k on k.key_id = b.key_id
left join price_grid as g on g.box_id = b.box_id
group by all;
