-- What each run used and cost, for the statistics of budgets.
with {used}of_runs as (
    select used_calls, used_unpriced, used_llm_calls, used_input + used_output as used_tokens, used_usd
    from {runs} as r
    {join_used}
    where {run_filter}
)
select
    true as achieved,
    coalesce(used_unpriced, 0) as unpriced_calls,
    coalesce(used_llm_calls, 0) as llm_calls,
    coalesce(used_tokens, 0) as tokens,
    case when used_calls is null then 0 else used_usd end as cost_usd
from of_runs
