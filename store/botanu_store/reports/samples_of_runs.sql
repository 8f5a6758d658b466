-- What each run used and cost, for the statistics of budgets.
with used as (
    {used}
)
select
    true as achieved,
    coalesce(u.used_unpriced, 0) as unpriced_calls,
    coalesce(u.used_llm_calls, 0) as llm_calls,
    coalesce(u.used_input + u.used_output, 0) as tokens,
    case when u.used_run_id is null then 0 else u.used_usd end as cost_usd
from runs as r
{join} used as u on u.used_run_id = r.run_id
where {run_filter}
