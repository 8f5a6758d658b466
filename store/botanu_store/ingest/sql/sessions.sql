-- Adds to `touched` the traces that share a session with a touched one: that of the session's log records, and those whose spans name it.
-- Spans are looked for a day around the records, which a column sorted by time makes a short read.
insert into touched
with spans_of_agents as (
    select trace_id, attributes, start_ns from fresh where {of_sessions}
    union all
    select trace_id, attributes, start_ns from spans where {of_sessions} and start_ns between {from_ns} and {to_ns}
    union all
    select trace_id, attributes, start_ns from spans semi join touched using (trace_id) where {of_sessions}
),
links as (
    select distinct trace_id, {session_trace} as session_trace from spans_of_agents
)
select session_trace from links where trace_id in (from touched) and session_trace is not null
union
select trace_id from links where session_trace in (from touched)
except
from touched
