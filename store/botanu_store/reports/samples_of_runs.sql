-- What each run used and cost, for the statistics of budgets.
select
    true as achieved,
    coalesce(used_unpriced, 0) as unpriced_calls,
    coalesce(used_llm_calls, 0) as llm_calls,
    coalesce(used_input + used_output, 0) as tokens,
    case when used_calls is null then 0 else used_usd end as cost_usd
from {runs} as r
{used}
where {run_filter}
