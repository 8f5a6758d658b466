-- The runs of every trace in which something was found since it was concluded, and of the traces that are linked with one, in batches of so many spans. Runs
-- that tell of the same calls are in one batch; else those of one batch are neighbours in the sorting key of the tables that are written.
create or replace temporary table due as
select distinct trace_id
from (
    select trace_id
    from botanu_traces
    where hour >= fromUnixTimestamp64Nano($from_ns)
    group by run_id, trace_id, hour
    having max(found) > max(concluded) or max(linked) > max(joined)
);

create or replace temporary table owed as
select run_id, trace_id, sum(spans) as spans, max(most) as linked
from (
    select run_id, trace_id, max(found) as spans, max(linked) as most
    from botanu_traces
    where run_id in (
        select run_id
        from botanu_traces
        where trace_id in (
            select trace_id from due
            union all
            select trace_id from botanu_links where together in (select together from botanu_links where trace_id in (select trace_id from due))
        )
    )
    group by run_id, trace_id, hour
)
group by run_id, trace_id;

-- The links are read after what is known of their number: what comes in between is pending still.
create or replace temporary table groups as
select trace_id, min(together) as together
from botanu_links
where together in (select together from botanu_links where trace_id in (select trace_id from owed))
group by trace_id;

create or replace temporary table hours as
select trace_id, min(hour) as first_hour, max(hour) as last_hour
from botanu_traces
where trace_id in (select trace_id from owed union all select trace_id from groups)
group by trace_id;

insert into botanu_pending (sync, batch, run_id, trace_id, together, linked, first_hour, last_hour)
with placed as (
    select o.run_id, o.trace_id, o.spans, o.linked, coalesce(g.together, '') as together
    from owed as o
    left join groups as g on g.trace_id = o.trace_id
),
ordered as (
    select run_id, sum(spans) as spans, coalesce(min(nullif(together, '')), run_id) as place from placed group by run_id
),
batches as (
    select run_id, intDiv(sum(spans) over (order by place range unbounded preceding), {batch_spans}) as batch from ordered
)
select $sync, b.batch, p.run_id, p.trace_id, p.together, p.linked, h.first_hour, h.last_hour
from placed as p
inner join batches as b on b.run_id = p.run_id
inner join hours as h on h.trace_id = p.trace_id
union all
select $sync, 0, '', g.trace_id, g.together, 0, h.first_hour, h.last_hour
from groups as g
inner join hours as h on h.trace_id = g.trace_id
where g.trace_id not in (select trace_id from owed)
