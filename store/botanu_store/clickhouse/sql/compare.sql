-- The traces whose calls were concluded since they were compared with those of others; all of a later moment is left to the next time.
create or replace temporary table uncompared as
select run_id, trace_id, hour, max(concluded) as spans
from botanu_traces
where hour >= fromUnixTimestamp64Nano($from_ns)
group by run_id, trace_id, hour
having max(concluded) > max(compared);

-- What is linked with one of them, now in larger groups, is pending.
insert into botanu_traces (run_id, trace_id, hour, linked)
with labels as (
    select trace_id, min(together) as together
    from botanu_links
    where together in (select together from botanu_links where trace_id in (select trace_id from uncompared))
    group by trace_id
),
sizes as (
    select trace_id, count() over (partition by together) as members from labels
)
select t.run_id, t.trace_id, t.hour, max(s.members)
from botanu_traces as t
inner join sizes as s on s.trace_id = t.trace_id
group by t.run_id, t.trace_id, t.hour
having max(t.linked) < max(s.members);

insert into botanu_traces (run_id, trace_id, hour, compared)
select run_id, trace_id, hour, spans from uncompared
