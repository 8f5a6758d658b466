-- What each unit used and cost, for the statistics of budgets: a unit is a run or a day.
with used as (
    select
        c.run_id as used_run_id,
        count(*) filter (where c.priced = 'no') as unpriced_calls,
        count(*) filter (where c.category in ('llm', 'embedding')) as llm_calls,
        sum(c.input_tokens + c.output_tokens) as tokens,
        sum(c.cost_usd) as cost_usd
    from counted_calls as c
    {of_runs}
    where {run_filter} and ({call_filter})
    group by c.run_id
)
select
    {unit} as unit,
    true as achieved,
    cast(coalesce(sum(u.unpriced_calls), 0) as bigint) as unpriced_calls,
    cast(coalesce(sum(u.llm_calls), 0) as bigint) as llm_calls,
    cast(coalesce(sum(u.tokens), 0) as bigint) as tokens,
    sum(case when u.used_run_id is null then 0 else u.cost_usd end) as cost_usd
from runs as r
{join} used as u on u.used_run_id = r.run_id
where {run_filter}
group by unit
having {having}
