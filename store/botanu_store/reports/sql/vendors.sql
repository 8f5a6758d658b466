-- What each vendor's models and products were used for and cost, and how fast they answered.
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
)
select
    u.*,
    c.unpriced_calls,
    c.cost_usd
from used as u
inner join cost as c on c.of_vendor = u.vendor and c.of_product = u.product
order by c.cost_usd desc nulls last, u.vendor, u.product
