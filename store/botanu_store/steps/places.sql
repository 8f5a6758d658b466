-- Who made each span, whether it began its trace, and whether the same instrumentation did.
select
    trace_id, span_id, start_ns, scope, name,
    parent_id = '' as outermost,
    (trace_id, scope) in (select (trace_id, scope) from spans where parent_id = '' and start_ns between {from_ns} and {to_ns}) as begun
from spans
where start_ns between {first_ns} - {slot} and {to_ns}
