-- The spans of this batch that are usable and not yet in the store, each once. The anti-join looks only between the batch's own
-- earliest and latest start and a second around them: a repeated delivery has the same start, perhaps in coarser time, and a column sorted by time makes that a short read.
select
    trace_id,
    span_id,
    case when parent_id in (span_id, '0000000000000000') then '' else parent_id end as parent_id,
    name,
    kind,
    start_ns,
    greatest(coalesce(end_ns, start_ns), start_ns) as end_ns,
    case
        when scope in ({hasty_scopes}) and list_contains(list_transform(events, lambda e: e.name), 'exception') then 'error'
        else status
    end as status,
    status_message,
    service,
    scope,
    scope_version,
    run_id,
    attributes,
    resource,
    events
from {incoming}
{unknown}
where usable
{once}
