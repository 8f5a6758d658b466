-- What each unit used and cost, for the statistics of budgets: a unit is a run or a day.
with used as (
    {used}
)
select
    {unit} as unit,
    true as achieved,
    cast(coalesce(sum(u.used_unpriced), 0) as bigint) as unpriced_calls,
    cast(coalesce(sum(u.used_llm_calls), 0) as bigint) as llm_calls,
    cast(coalesce(sum(u.used_input + u.used_output), 0) as bigint) as tokens,
    sum(case when u.used_run_id is null then 0 else u.used_usd end) as cost_usd
from runs as r
{join} used as u on u.used_run_id = r.run_id
where {run_filter}
group by unit
having {having}
