-- Log records as spans of kind LOG, beside those that were received as spans: the records that a dialect can use, with the ids that they lack.
-- A record's own id is made of what identifies it, not of all that it says: the same in JSON and in protobuf, with and without its content.
with identified as (
    select
        *,
        md5(concat_ws(chr(31), trace_id, parent_id, name, coalesce(end_ns, 0), coalesce(resource['service.name'], ''), {identity})) as digest,
        try_cast(attributes['duration_ms'] as double) as millis
    from log_records
    where attributes[{key}] is not null
),
arriving as (
    select
        piece,
        case
            when regexp_full_match(trace_id, '[0-9a-f]{32}') and trace_id <> repeat('0', 32) then trace_id
            else coalesce({session_trace}, md5('record ' || digest))
        end as trace_id,
        left(digest, 16) as span_id,
        case when regexp_full_match(parent_id, '[0-9a-f]{16}') then parent_id else '' end as parent_id,
        name,
        'LOG' as kind,
        -- A record is written when its call is over.
        case when end_ns > 0 then greatest(1, end_ns - case when millis between 0 and 86400000 then (millis * 1000000)::bigint else 0 end) end as start_ns,
        end_ns,
        'unset' as status,
        '' as status_message,
        scope,
        scope_version,
        attributes,
        botanu_service(resource) as service,
        botanu_resource(resource) as resource
    from identified
)
select
    *,
    botanu_run_id(attributes) as run_id,
    botanu_usable(trace_id, span_id, start_ns) as usable
from arriving
