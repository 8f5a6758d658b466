-- What each unit used and cost, for the statistics of budgets: a unit is a day, or whatever else several runs are one of.
with {used}of_runs as (
    select
        {unit} as unit,
        used_unpriced,
        used_llm_calls,
        used_input + used_output as used_tokens,
        case when used_calls is null then 0 else used_usd end as cost_usd
    from {runs} as r
    {join_used}
    where {run_filter}
)
select
    unit,
    true as achieved,
    coalesce(sum(used_unpriced), 0) as unpriced_calls,
    coalesce(sum(used_llm_calls), 0) as llm_calls,
    coalesce(sum(used_tokens), 0) as tokens,
    sum(cost_usd) as cost_usd
from of_runs
group by unit
