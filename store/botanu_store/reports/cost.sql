-- Cost by any dimensions: what each run used, apart where the calls of one run differ, then one row per group of runs, in no order.
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
),
grouped as (
    {grouped}
)
select *
from grouped
