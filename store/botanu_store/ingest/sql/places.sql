-- Who made each span, and whether the same instrumentation began its trace.
select
    trace_id, span_id, start_ns, scope, name,
    (trace_id, scope) in (select (trace_id, scope) from spans where parent_id = '' and start_ns between {from_ns} and {to_ns}) as begun
from spans
where start_ns between {first_ns} - {slot} and {to_ns}
