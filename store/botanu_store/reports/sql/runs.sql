-- Runs, newest first unless sorted otherwise, each with what its counted calls used and cost.
with {used}chosen as (
    select r.*
    from {runs} as r
    where {run_filter}
)
select
    r.run_id,
    r.root_run_id,
    r.parent_run_id,
    r.retry_of_run_id,
    r.attempt,
    r.start_ns,
    (r.end_ns - r.start_ns) / 1000000 as duration_ms,
    r.use_case,
    r.workflow,
    r.workflow_version,
    r.tenant,
    r.customer,
    r.user_id as user,
    r.session_id as session,
    r.team,
    r.cost_center,
    r.region,
    r.environment,
    r.service,
    r.status,
    r.outcome,
    r.value_type,
    r.value_amount,
    r.confidence,
    r.reason,
    r.source,
    coalesce(used_calls, 0) as calls,
    coalesce(used_llm_calls, 0) as llm_calls,
    coalesce(used_failed, 0) as failed_calls,
    coalesce(used_unpriced, 0) as unpriced_calls,
    cast(coalesce(used_input, 0) as bigint) as input_tokens,
    cast(coalesce(used_output, 0) as bigint) as output_tokens,
    cast(coalesce(used_cached, 0) as bigint) as cached_tokens,
    case when used_calls is null then cast(0 as decimal(38, 12)) else used_usd end as cost_usd
from chosen as r
{join_used}
{order}
