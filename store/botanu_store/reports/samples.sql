-- What each unit used and cost, for the statistics of budgets: a unit is a day, or whatever else several runs are one of.
with used as (
    {used}
)
select
    {unit} as unit,
    true as achieved,
    coalesce(sum(u.used_unpriced), 0) as unpriced_calls,
    coalesce(sum(u.used_llm_calls), 0) as llm_calls,
    coalesce(sum(u.used_input + u.used_output), 0) as tokens,
    sum(case when u.used_run_id is null then 0 else u.used_usd end) as cost_usd
from runs as r
{join} used as u on u.used_run_id = r.run_id
where {run_filter}
group by unit
