-- What is told of the calls that began at a time, and of those within an hour of it that name the same answer as one of them.
select
    trace_id, span_id, '' as duplicate_of, dialect, start_ns, end_ns, response_id, model, service, unknown,
    input_tokens, cached_tokens, output_tokens, of_agent, scope, name, begun,
    trace_id in (select trace_id from uncompared) as looked_at,
    start_ns between $first_ns and $last_ns as within
from botanu_told final
where
    start_ns between $first_ns - {longest} and $last_ns + {longest}
    and (
        start_ns between $first_ns and $last_ns
        or response_id in (
            select response_id
            from botanu_told
            where start_ns between $first_ns and $last_ns and response_id <> '' and trace_id in (select trace_id from uncompared)
        )
    )
