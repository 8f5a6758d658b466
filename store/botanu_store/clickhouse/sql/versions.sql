-- Of each run of the batch: how many spans its traces have, on what day it began, and whether spans have expired that its rows rest on.
create or replace temp table versions as
with sizes as (
    select trace_id, count(*) as spans from spans group by trace_id
),
counted as (
    select k.run_id, cast(coalesce(sum(s.spans), 0) as ubigint) as version
    from (select distinct run_id, trace_id from known) as k
    left join sizes as s on s.trace_id = k.trace_id
    group by k.run_id
)
select
    c.run_id,
    c.version,
    cast(r.start_ns // 86400000000000 as integer) as run_day,
    c.version < coalesce(s.version, 0) as expired
from counted as c
left join runs as r on r.run_id = c.run_id
left join (select run_id, max(version) as version from stored_runs group by run_id) as s on s.run_id = c.run_id;
