-- What each unit used and cost, for the statistics of budgets: a unit is a day, or whatever else several runs are one of.
select
    {unit} as unit,
    true as achieved,
    coalesce(sum(used_unpriced), 0) as unpriced_calls,
    coalesce(sum(used_llm_calls), 0) as llm_calls,
    coalesce(sum(used_input + used_output), 0) as tokens,
    sum(case when used_calls is null then 0 else used_usd end) as cost_usd
from {runs} as r
{used}
where {run_filter}
group by unit
