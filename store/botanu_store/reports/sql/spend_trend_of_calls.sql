-- What was spent by when the runs began and by one thing that differs between their calls: by quarters of an hour first, of which every zone's hours are
-- made, as to name the hour of each line takes several times as long as all the rest.
select {time} as time, r.name, cast(sum(r.unpriced_calls) as bigint) as unpriced_calls, sum(r.cost_usd) as cost_usd
from (
    select botanu_quarter(r.start_ns) as start_ns, {group} as name, sum(c.unpriced_calls) as unpriced_calls, sum(c.cost_usd) as cost_usd
    from usage_lines as c
    inner join runs as r on r.run_id = c.run_id
    where {run_filter} and ({call_filter})
    group by all
) as r
group by all
