-- Unit economics by use case and value type.
{units},
alike as (
    select
        use_case,
        own_type,
        outcome,
        outcome in ('failed', 'timeout', 'canceled') as failed,
        reason,
        count(*) as root_runs,
        sum(runs) as runs,
        sum(value_amount) as value_amount,
        sum(value_usd) as value_usd,
        bool_or(has_value_without_price) as has_value_without_price,
        sum(calls) as calls,
        sum(unpriced_calls) as unpriced_calls,
        sum(cost_usd) as cost_usd,
        sum(retried_usd) as retried_usd,
        sum(failed_calls_usd) as failed_calls_usd
    from units
    group by use_case, own_type, outcome, reason
),
-- A unit that named no value type, as failed ones seldom do, counts with its use case's only one.
only_types as (
    select use_case, max(own_type) as own_type
    from alike
    group by use_case
    having count(distinct own_type) = 1
),
typed as (
    select a.*, coalesce(a.own_type, o.own_type) as value_type
    from alike as a
    left join only_types as o on o.use_case is not distinct from a.use_case
),
reasons as (
    select use_case, value_type, list({'reason': reason, 'root_runs': root_runs, 'cost_usd': cost_usd} order by cost_usd desc nulls last, root_runs desc, reason) as reasons
    from (
        select use_case, value_type, reason, cast(sum(root_runs) as bigint) as root_runs, sum(cost_usd) as cost_usd
        from typed
        where failed
        group by use_case, value_type, reason
    )
    group by use_case, value_type
)
select
    t.use_case,
    t.value_type,
    cast(sum(t.runs) as bigint) as runs,
    cast(sum(t.root_runs) as bigint) as root_runs,
    cast(coalesce(sum(t.root_runs) filter (where t.outcome = 'success'), 0) as bigint) as success,
    cast(coalesce(sum(t.root_runs) filter (where t.outcome = 'partial'), 0) as bigint) as partial,
    cast(coalesce(sum(t.root_runs) filter (where t.failed), 0) as bigint) as failed,
    cast(coalesce(sum(t.root_runs) filter (where t.outcome = 'none'), 0) as bigint) as unknown,
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
