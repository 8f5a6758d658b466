-- `fresh`: the spans of this batch that are usable and not yet in the store, each once. The anti-join looks only between the batch's own
-- earliest and latest start: a repeated delivery has the same start, and a column sorted by time makes that a short read.
create or replace temp table usable as
select
    *,
    nullif(attributes['botanu.run_id'], '') as run_id
from incoming
where regexp_full_match(trace_id, '[0-9a-f]{32}')
  and regexp_full_match(span_id, '[0-9a-f]{16}')
  and start_ns > 0;

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
    left(run_id, 256) as run_id,
    coalesce(attributes, map()) as attributes,
    coalesce(resource, map()) as resource,
    events
from usable
anti join (
    select trace_id, span_id from spans where start_ns between {earliest} and {latest}
) as known using (trace_id, span_id)
{once}
order by start_ns;
