-- The runs of every trace in which something was found since it was concluded, in batches of so many spans; those of one batch are neighbours in the
-- sorting key of the tables that are written.
insert into botanu_pending (sync, batch, run_id)
select $sync, intDiv(sum(spans) over (order by run_id rows unbounded preceding), {batch_spans}), run_id
from (
    select run_id, sum(spans) as spans
    from (
        select run_id, max(found) as spans
        from botanu_traces
        where trace_id in (
            select trace_id
            from botanu_traces
            where hour >= fromUnixTimestamp64Nano($from_ns)
            group by run_id, trace_id, hour
            having max(found) > max(concluded)
        )
        group by run_id, trace_id, hour
    )
    group by run_id
)
