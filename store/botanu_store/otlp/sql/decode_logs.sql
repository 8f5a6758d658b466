-- One row per log record of the OTLP JSON documents in `pieces(piece, document)`, with the columns of `log_records` (see logs.py).
-- A record that names none of the events that a dialect reads comes without a name and without attributes: it is only counted.
with documents as (
    select piece, try(json_transform(document, '{logs_shape}')) as doc from pieces
),
resources as (
    select piece, unnest(doc.resourceLogs) as r from documents
),
scopes as (
    select piece, r.resource.attributes as resource, unnest(r.scopeLogs) as s from resources
),
received as (
    select piece, resource, s.scope.name as scope, s.scope.version as scope_version, unnest(s.logRecords) as record from scopes
),
named as (
    select
        *,
        list_filter(
            [record.eventName, record.body.stringValue, list_filter(record.attributes, lambda a: a.key = 'event.name')[1].value.stringValue],
            lambda word: word in ({events})
        )[1] as name
    from received
)
select
    piece,
    lower(coalesce(record.traceId, '')) as trace_id,
    lower(coalesce(record.spanId, '')) as parent_id,
    name,
    coalesce(nullif(try_cast(record.timeUnixNano as bigint), 0), try_cast(record.observedTimeUnixNano as bigint)) as end_ns,
    left(coalesce(scope, ''), 1024) as scope,
    left(coalesce(scope_version, ''), 256) as scope_version,
    case when name is not null then botanu_attributes(record.attributes) end as attributes,
    case when name is not null then botanu_shared(botanu_attributes(resource)) end as resource
from named
