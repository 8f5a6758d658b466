-- Unit economics by use case and by when the unit began, so that the sums over time are those of the outcomes report.
{units}
select
    {time} as time,
    r.use_case,
    count(*) as root_runs,
    count(*) filter (where r.outcome = 'success') as success,
    count(*) filter (where r.outcome = 'none') as unknown,
    cast(sum(r.unpriced_calls) as bigint) as unpriced_calls,
    sum(r.cost_usd) as cost_usd,
    case when count(*) filter (where r.has_value_without_price) = 0 then sum(r.value_usd) end as value_usd
from units as r
group by all
order by 1, 2
