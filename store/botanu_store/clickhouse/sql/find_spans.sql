-- Which runs have how many spans in which traces, hour by hour; a span that was delivered twice counts once.
insert into botanu_traces (run_id, trace_id, hour, found, concluded)
select {run_id} as run, lower(TraceId) as trace, toStartOfHour(toDateTime(Timestamp, 'UTC')) as at, uniqExact(SpanId), 0
from {otel_traces}
where Timestamp >= fromUnixTimestamp64Nano($from_ns) and Timestamp < fromUnixTimestamp64Nano($to_ns) and length(TraceId) = 32
group by run, trace, at
