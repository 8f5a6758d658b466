-- Cost by any dimensions: what each run used, apart where the calls of one run differ, then one row per group of runs, in no order.
with {used}per_run as (
    select
        {dimensions},
        used_calls,
        used_unpriced,
        used_input,
        used_output,
        used_cached,
        case when used_calls is null then cast(0 as decimal(38, 12)) else used_usd end as run_usd
    from {runs_used}
),
grouped as (
    {grouped}
)
select *
from grouped
