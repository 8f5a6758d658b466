-- Unit economics by use case and by when the unit began, so that the sums over time are those of the outcomes report.
{units},
began as (
    select root_run_id, use_case, min(start_ns) as start_ns
    from chosen
    group by root_run_id, use_case
)
select
    {time} as time,
    u.use_case,
    count(*) as root_runs,
    count(*) filter (where u.outcome = 'success') as success,
    count(*) filter (where u.outcome = 'none') as unknown,
    cast(sum(u.unpriced_calls) as bigint) as unpriced_calls,
    sum(u.cost_usd) as cost_usd,
    case when count(*) filter (where u.has_value_without_price) = 0 then sum(u.value_usd) end as value_usd
from units as u
inner join began as r on r.root_run_id = u.root_run_id and r.use_case is not distinct from u.use_case
group by all
order by 1, 2
