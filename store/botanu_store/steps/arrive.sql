-- `fresh`: the spans of this batch that are usable and not yet in the store, each once. The anti-join looks only between the batch's own
-- earliest and latest start: a repeated delivery has the same start, and a column sorted by time makes that a short read.
create or replace temp table fresh as
select
    trace_id,
    span_id,
    case when parent_id in (span_id, '0000000000000000') then '' else parent_id end as parent_id,
    name,
    kind,
    start_ns,
    greatest(coalesce(end_ns, start_ns), start_ns) as end_ns,
    status,
    status_message,
    left(coalesce(resource['service.name'], ''), 256) as service,
    scope,
    scope_version,
    left(nullif(attributes['botanu.run_id'], ''), 256) as run_id,
    coalesce(attributes, map()) as attributes,
    coalesce(resource, map()) as resource,
    events
from incoming
{unknown}
where {usable}
{once};
