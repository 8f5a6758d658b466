-- What was spent by when the runs began and by one thing that differs between their calls.
select {time} as time, {group} as name, cast(sum(c.unpriced_calls) as bigint) as unpriced_calls, sum(c.cost_usd) as cost_usd
from usage_lines as c
inner join runs as r on r.run_id = c.run_id
where {run_filter} and ({call_filter})
group by all
