-- What each vendor's models and products were used for and cost, how fast they answered, and what prompt caches saved.
with chosen as (
    select c.*, coalesce(nullif(c.model, ''), nullif(c.operation, ''), c.category) as product
    from priced_calls as c
    inner join runs as r on r.run_id = c.run_id
    where c.counted and {run_filter} and ({call_filter})
),
-- Cached tokens at the price of fresh ones, less what they cost: reading saves, writing costs something first.
saved as (
    select
        c.vendor,
        coalesce(nullif(c.model, ''), nullif(c.operation, ''), c.category) as product,
        sum({saved}) as saved_usd
    from costed_calls as c
    inner join runs as r on r.run_id = c.run_id
    inner join price_rows as p on p.box_id = c.box_id
    where c.counted and c.priced = 'yes' and {run_filter} and ({call_filter})
    group by all
),
used as (
    select
        vendor,
        product,
        count(*) as calls,
        count(*) filter (where error) as errors,
        count(*) filter (where priced = 'no') as unpriced_calls,
        {meters},
        sum(cost_usd) as cost_usd,
        botanu_p50(case when not error then (end_ns - start_ns) / 1e6 end) as p50_ms,
        botanu_p95(case when not error then (end_ns - start_ns) / 1e6 end) as p95_ms
    from chosen
    group by vendor, product
)
select u.*, s.saved_usd
from used as u
left join saved as s on s.vendor = u.vendor and s.product = u.product
{having}
order by u.cost_usd desc nulls last, u.vendor, u.product
