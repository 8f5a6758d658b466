-- What each vendor's models and products were used for and cost, how fast they answered, and what prompt caches saved.
with chosen as (
    select c.*, coalesce(nullif(c.model, ''), nullif(c.operation, ''), c.category) as product
    from priced_calls as c
    {of_runs}
    where c.counted and {run_filter} and ({call_filter})
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
        sum(cache_saved_usd) as saved_usd,
        botanu_p50(case when not error then end_ns - start_ns end) / 1e6 as p50_ms,
        botanu_p95(case when not error then end_ns - start_ns end) / 1e6 as p95_ms
    from chosen
    group by vendor, product
)
select *
from used as u
{having}
order by u.cost_usd desc nulls last, u.vendor, u.product
