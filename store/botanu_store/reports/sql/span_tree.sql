-- The spans of every trace that a run touches; which of them belong to the run is decided by walking to the nearest ancestor that names one.
select
    s.trace_id,
    s.span_id,
    s.parent_id,
    s.name,
    s.kind,
    s.start_ns,
    s.end_ns,
    s.status,
    s.status_message,
    s.service,
    s.scope,
    s.run_id,
    s.attributes,
    s.events
from spans as s
where s.trace_id in (select unnest($traces))
order by s.start_ns, s.span_id
