-- `earlier`: what is stored of the runs that this batch may touch, before its own spans are.
create or replace temp table earlier as
select coalesce(run_id, trace_id) as run_id, run_id is null as is_trace, trace_id, span_id, parent_id, name, kind, start_ns, end_ns, status, service, attributes, events
from spans
where {seen_before} and coalesce(run_id, trace_id) in (from maybe_touched_runs);
