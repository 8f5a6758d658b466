-- Of each run of the batch: how many spans its traces and those linked with them have, on what day it began, and whether spans have expired that its rows rest on.
create or replace temp table versions as
with sizes as (
    select coalesce(r.together, s.trace_id) as place, count(*) as spans
    from spans as s
    left join linked_traces as r on r.trace_id = s.trace_id
    group by all
),
places as (
    select distinct k.run_id, coalesce(r.together, k.trace_id) as place
    from known as k
    left join linked_traces as r on r.trace_id = k.trace_id
),
counted as (
    select p.run_id, cast(coalesce(sum(s.spans), 0) as ubigint) as version
    from places as p
    left join sizes as s on s.place = p.place
    group by p.run_id
)
select
    c.run_id,
    c.version,
    cast(r.start_ns // 86400000000000 as integer) as run_day,
    c.version < coalesce(s.version, 0) as expired
from counted as c
left join runs as r on r.run_id = c.run_id
left join (select run_id, max(version) as version from stored_runs group by run_id) as s on s.run_id = c.run_id;
