-- Runs, newest first unless sorted otherwise, each with what its counted calls used and cost.
with chosen as (
    select r.*
    from runs as r
    where {run_filter}
),
used as (
    select
        c.run_id as used_run_id,
        count(*) as calls,
        count(*) filter (where c.category in ('llm', 'embedding')) as llm_calls,
        count(*) filter (where c.priced = 'no') as unpriced_calls,
        count(*) filter (where c.error) as failed_calls,
        sum(c.input_tokens) as input_tokens,
        sum(c.output_tokens) as output_tokens,
        sum(c.cached_tokens) as cached_tokens,
        sum(c.cost_usd) as known_usd
    from counted_calls as c
    {of_chosen}
    where {call_filter}
    group by c.run_id
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
    coalesce(u.calls, 0) as calls,
    coalesce(u.llm_calls, 0) as llm_calls,
    coalesce(u.failed_calls, 0) as failed_calls,
    coalesce(u.unpriced_calls, 0) as unpriced_calls,
    cast(coalesce(u.input_tokens, 0) as bigint) as input_tokens,
    cast(coalesce(u.output_tokens, 0) as bigint) as output_tokens,
    cast(coalesce(u.cached_tokens, 0) as bigint) as cached_tokens,
    case when u.calls is null then cast(0 as decimal(38, 12)) else u.known_usd end as cost_usd
from chosen as r
{join} used as u on u.used_run_id = r.run_id
where {having}
{order}
