-- Unit economics by use case and value type.
{units},
-- A unit that named no value type, as failed ones seldom do, counts with its use case's only one.
typed as (
    select
        *,
        outcome in ('failed', 'timeout', 'canceled') as failed,
        coalesce(
            own_type,
            case when count(distinct own_type) over (partition by use_case) = 1 then max(own_type) over (partition by use_case) end
        ) as value_type
    from units
),
reasons as (
    select use_case, value_type, list({'reason': reason, 'root_runs': root_runs, 'cost_usd': cost_usd} order by cost_usd desc nulls last, root_runs desc, reason) as reasons
    from (
        select use_case, value_type, reason, count(*) as root_runs, sum(cost_usd) as cost_usd
        from typed
        where failed
        group by all
    )
    group by use_case, value_type
)
select
    t.use_case,
    t.value_type,
    cast(sum(t.runs) as bigint) as runs,
    count(*) as root_runs,
    count(*) filter (where t.outcome = 'success') as success,
    count(*) filter (where t.outcome = 'partial') as partial,
    count(*) filter (where t.failed) as failed,
    count(*) filter (where t.outcome = 'none') as unknown,
    sum(t.value_amount) as value_amount,
    case when not bool_or(t.has_value_without_price) then sum(t.value_usd) end as value_usd,
    cast(sum(t.calls) as bigint) as calls,
    cast(sum(t.unpriced_calls) as bigint) as unpriced_calls,
    sum(t.cost_usd) as cost_usd,
    -- Each call once: first by its unit, then by its attempt, then by itself.
    coalesce(sum(t.cost_usd) filter (where t.failed), 0) as failed_runs_usd,
    coalesce(sum(t.retried_usd) filter (where not t.failed), 0) as retried_usd,
    coalesce(sum(t.failed_calls_usd) filter (where not t.failed), 0) as failed_calls_usd,
    any_value(r.reasons) as reasons
from typed as t
left join reasons as r on r.use_case = t.use_case and r.value_type is not distinct from t.value_type
group by t.use_case, t.value_type
order by sum(t.cost_usd) desc nulls last, t.use_case, t.value_type
