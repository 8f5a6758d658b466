-- Units that are alike: of one use case and value type, with one outcome for one reason. Few of many, so that outcomes.py adds them up.
{units}
select
    u.use_case,
    u.own_type as value_type,
    u.outcome,
    u.reason,
    count(*) as root_runs,
    cast(sum(u.runs) as bigint) as runs,
    cast(sum(u.calls) as bigint) as calls,
    cast(sum(u.unpriced_calls) as bigint) as unpriced_calls,
    count(*) filter (where u.has_value_without_price) as values_without_price,
    sum(u.value_amount) as value_amount,
    sum(u.value_usd) as value_usd,
    sum(u.cost_usd) as cost_usd,
    sum(u.retried_usd) as retried_usd,
    sum(u.failed_calls_usd) as failed_calls_usd
from units as u
group by u.use_case, u.own_type, u.outcome, u.reason
