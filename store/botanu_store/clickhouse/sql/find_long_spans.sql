-- What find_spans.sql does, for the traces that have a span which began before that moment and ended since: it was written when it ended, and would be looked for by nobody.
insert into botanu_traces (run_id, trace_id, hour, found, concluded)
select {run_id} as run, lower(TraceId) as trace, toStartOfHour(toDateTime(Timestamp, 'UTC')) as at, uniqExact(SpanId), 0
from {otel_traces}
where
    Timestamp >= fromUnixTimestamp64Nano($oldest_ns) and Timestamp < fromUnixTimestamp64Nano($from_ns) and length(TraceId) = 32
    and TraceId in (
        select TraceId
        from {otel_traces}
        where
            Timestamp >= fromUnixTimestamp64Nano($oldest_ns) and Timestamp < fromUnixTimestamp64Nano($from_ns)
            and toInt64(Duration) >= $from_ns - toUnixTimestamp64Nano(Timestamp)
    )
group by run, trace, at
