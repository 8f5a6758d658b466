-- Cost by any dimensions: what each run used, apart where the calls of one run differ, then one row per group of runs.
with used as (
    {used}
),
per_run as (
    select
        {dimensions},
        u.used_calls,
        u.used_unpriced,
        u.used_input,
        u.used_output,
        u.used_cached,
        case when u.used_calls is null then cast(0 as decimal(38, 12)) else u.used_usd end as run_usd
    from {runs_used}
)
select
    {names},
    count(*) as runs,
    cast(coalesce(sum(p.used_calls), 0) as bigint) as calls,
    cast(coalesce(sum(p.used_unpriced), 0) as bigint) as unpriced_calls,
    cast(coalesce(sum(p.used_input), 0) as bigint) as input_tokens,
    cast(coalesce(sum(p.used_output), 0) as bigint) as output_tokens,
    cast(coalesce(sum(p.used_cached), 0) as bigint) as cached_tokens,
    sum(p.run_usd) as cost_usd,
    botanu_p50(p.run_usd) as p50_usd,
    botanu_p95(p.run_usd) as p95_usd
from per_run as p
{having}
group by all
order by sum(p.run_usd) desc nulls last, {names}
