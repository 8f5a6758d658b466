-- Spans decoded from protobuf, beside those of JSON documents.
insert into {table} by name
select
    * replace (piece + $first_piece as piece, coalesce(attributes, map()) as attributes),
    botanu_run_id(attributes) as run_id,
    botanu_usable(trace_id, span_id, start_ns) as usable
from decoded_messages
