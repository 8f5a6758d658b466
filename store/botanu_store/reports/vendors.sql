-- What each vendor's models and products were used for and cost, how fast they answered, and what prompt caches saved.
with used as (
    select
        c.vendor,
        {product} as product,
        count(*) as calls,
        count(*) filter (where c.error) as errors,
        {meters},
        botanu_p50_ms(case when not c.error then c.end_ns - c.start_ns end) as p50_ms,
        botanu_p95_ms(case when not c.error then c.end_ns - c.start_ns end) as p95_ms
    from calls as c
    {of_runs}
    where c.counted and {run_filter} and ({call_filter})
    group by 1, 2
),
cost as (
    select vendor as of_vendor, product as of_product, unpriced_calls, cost_usd
    from (
        {costs}
    ) as costs
),
-- Only calls with a cache are asked what it saved.
saved as (
    select
        c.vendor as of_vendor,
        {product} as of_product,
        sum(c.cache_saved_usd) as saved_usd
    from priced_calls as c
    {of_runs}
    where c.counted and ({cached}) and {run_filter} and ({call_filter})
    group by 1, 2
)
select
    u.*,
    c.unpriced_calls,
    c.cost_usd,
    s.saved_usd
from used as u
inner join cost as c on c.of_vendor = u.vendor and c.of_product = u.product
left join saved as s on s.of_vendor = u.vendor and s.of_product = u.product
order by c.cost_usd desc nulls last, u.vendor, u.product
