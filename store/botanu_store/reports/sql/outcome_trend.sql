-- Unit economics by use case and by when the unit began, so that the sums over time are those of the outcomes report: by quarters of an hour first (see
-- spend_trend_of_calls.sql).
{units}
select
    {time} as time,
    r.use_case,
    cast(sum(r.root_runs) as bigint) as root_runs,
    cast(sum(r.success) as bigint) as success,
    cast(sum(r.unknown) as bigint) as unknown,
    cast(sum(r.unpriced_calls) as bigint) as unpriced_calls,
    sum(r.cost_usd) as cost_usd,
    cast(sum(r.without_price) as bigint) as values_without_price,
    case when sum(r.without_price) = 0 then sum(r.value_usd) end as value_usd
from (
    select
        botanu_quarter(r.start_ns) as start_ns,
        r.use_case,
        count(*) as root_runs,
        count(*) filter (where r.outcome = 'success') as success,
        count(*) filter (where r.outcome = 'none') as unknown,
        sum(r.unpriced_calls) as unpriced_calls,
        sum(r.cost_usd) as cost_usd,
        sum(r.value_usd) as value_usd,
        count(*) filter (where r.has_value_without_price) as without_price
    from units as r
    group by all
) as r
group by all
order by 1, 2
