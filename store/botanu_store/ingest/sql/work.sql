-- `work`: every span of every trace that is `touched`, those of earlier batches too, because whatever was concluded about a trace is
-- concluded again when a piece of it arrives.
create or replace temp table late_traces as
select distinct trace_id from spans semi join touched using (trace_id);

create or replace temp view work as
select trace_id, span_id, parent_id, name, kind, start_ns, end_ns, status, service, scope, scope_version, run_id, attributes from fresh
union all
select trace_id, span_id, parent_id, name, kind, start_ns, end_ns, status, service, scope, scope_version, run_id, attributes
from spans semi join late_traces using (trace_id);

-- The runs that these spans may belong to: those that they name, and their traces, which stand for the run where none is named.
create or replace temp view maybe_touched_runs as
select run_id from work where run_id is not null
union
select trace_id from work
union
select run_id from calls semi join late_traces using (trace_id);
