-- Rows of the collector's table `otel_traces`, as `rows_read`, with the columns and within the limits that spans of OTLP have.
with entries as (
    select
        *,
        list_transform(
            said,
            lambda e: struct_pack(
                key := e.key,
                value := struct_pack(
                    stringValue := e.value,
                    intValue := cast(null as varchar),
                    doubleValue := cast(null as varchar),
                    boolValue := cast(null as varchar),
                    arrayValue := cast(null as json),
                    kvlistValue := cast(null as json),
                    bytesValue := cast(null as varchar)
                )
            )
        ) as entries
    from rows_read
),
spans as (
    select
        0 as piece,
        trace_id,
        span_id,
        parent_id,
        left(name, 1024) as name,
        case when upper(kind) in ('SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER') then upper(kind) else 'INTERNAL' end as kind,
        start_ns,
        end_ns,
        case when lower(status) in ('ok', 'error') then lower(status) else 'unset' end as status,
        left(status_message, {value_limit}) as status_message,
        left(scope, 1024) as scope,
        left(scope_version, 256) as scope_version,
        botanu_attributes(entries) as attributes,
        '{}' as resource,
        list_transform(
            emitted,
            lambda time: struct_pack(name := 'botanu.outcome_emitted', time_ns := time, attributes := cast(map() as map(varchar, varchar)))
        ) as events,
        left(service, 256) as service
    from entries
)
select
    *,
    botanu_run_id(attributes) as run_id,
    botanu_usable(trace_id, span_id, start_ns) as usable
from spans
