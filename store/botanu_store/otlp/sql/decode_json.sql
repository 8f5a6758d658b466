-- One row per span of the OTLP JSON documents in `pieces(piece, document)`: see columns.py.
-- A document that is no JSON gives one row without ids, so that it can be named.
-- `{attributes}`: those of a span, with care or, where nothing about them is odd, without (see documents.py).
-- Each step reads the one before it only once, so that all threads share the work: a step that is read twice is kept as a whole, in one piece.
with documents as (
    select piece, try(json_transform(document, '{document_shape}')) as doc from pieces
),
resources as (
    select piece, doc is null as unread, unnest(case when doc is null then [null] else doc.resourceSpans end) as r from documents
),
described as (
    select piece, unread, botanu_shared(botanu_attributes(r.resource.attributes)) as said, r.scopeSpans as scoped from resources
),
scopes as (
    select
        piece,
        unread,
        botanu_service(said) as service,
        botanu_resource(said) as resource,
        unnest(case when unread then [null] else scoped end) as s
    from described
),
received as (
    select piece, unread, service, resource, s.scope.name as scope, s.scope.version as scope_version, unnest(case when unread then [null] else s.spans end) as span
    from scopes
),
spans as (
    select
        piece,
        lower(span.traceId) as trace_id,
        lower(span.spanId) as span_id,
        lower(coalesce(span.parentSpanId, '')) as parent_id,
        case when not unread then left(coalesce(span.name, ''), 1024) end as name,
        case span.kind
            when '2' then 'SERVER' when 'SPAN_KIND_SERVER' then 'SERVER'
            when '3' then 'CLIENT' when 'SPAN_KIND_CLIENT' then 'CLIENT'
            when '4' then 'PRODUCER' when 'SPAN_KIND_PRODUCER' then 'PRODUCER'
            when '5' then 'CONSUMER' when 'SPAN_KIND_CONSUMER' then 'CONSUMER'
            else 'INTERNAL'
        end as kind,
        try_cast(span.startTimeUnixNano as bigint) as start_ns,
        try_cast(span.endTimeUnixNano as bigint) as end_ns,
        case span.status.code
            when '1' then 'ok' when 'STATUS_CODE_OK' then 'ok'
            when '2' then 'error' when 'STATUS_CODE_ERROR' then 'error'
            else 'unset'
        end as status,
        left(coalesce(span.status.message, ''), {value_limit}) as status_message,
        left(coalesce(scope, ''), 1024) as scope,
        left(coalesce(scope_version, ''), 256) as scope_version,
        coalesce({attributes}, map()) as attributes,
        service,
        resource,
        list_transform(
            span.events[1:{attribute_limit}],
            lambda happening: struct_pack(
                name := left(coalesce(happening.name, ''), 1024),
                time_ns := try_cast(happening.timeUnixNano as bigint),
                attributes := botanu_attributes(happening.attributes)
            )
        ) as events
    from received
)
select
    *,
    botanu_run_id(attributes) as run_id,
    botanu_usable(trace_id, span_id, start_ns) as usable
from spans
