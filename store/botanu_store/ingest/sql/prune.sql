-- The traces and runs that were over before `{before_ns}`. Traces that share a run, or tell of the same call, go together or stay together.
create or replace temp table old_traces as
with ages as (
    select trace_id, max(end_ns) < {before_ns} as old from spans group by trace_id
),
members as (
    select distinct trace_id, run_id from calls
    union
    select distinct trace_id, run_id from spans where run_id is not null
    union
    select d.trace_id, c.run_id
    from calls as d
    inner join calls as c on c.span_id = d.duplicate_of
    where d.duplicate_of <> '' and c.trace_id <> d.trace_id
),
kept_runs as (
    select distinct m.run_id from members as m inner join ages as a on a.trace_id = m.trace_id where not a.old
)
select trace_id
from ages
where old and trace_id not in (select trace_id from members where run_id in (from kept_runs));

create or replace temp table old_runs as
select r.run_id
from runs as r
where r.run_id not in (
    select coalesce(run_id, trace_id) from spans where trace_id not in (from old_traces)
    union all
    select run_id from calls where trace_id not in (from old_traces)
);
