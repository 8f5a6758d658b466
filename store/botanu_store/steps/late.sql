-- `work`: every span of every trace that this batch touches, those of earlier batches too, because whatever was concluded about a trace is
-- concluded again when a piece of it arrives.
create or replace temp table late_traces as
select distinct trace_id from spans semi join (select distinct trace_id from fresh) as touched using (trace_id);

create or replace temp view work as
select trace_id, span_id, parent_id, name, kind, start_ns, end_ns, status, service, scope, run_id, attributes, resource from fresh
union all
select trace_id, span_id, parent_id, name, kind, start_ns, end_ns, status, service, scope, run_id, attributes, resource
from spans semi join late_traces using (trace_id);
