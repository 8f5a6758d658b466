-- What was spent by when the runs began and by one thing that each run has as a whole.
with {used}spent as (
    select {time} as time, {group} as name, coalesce(used_unpriced, 0) as unpriced, used_usd
    from {runs} as r
    {join_used}
    where {run_filter}
)
select time, name, cast(sum(unpriced) as bigint) as unpriced_calls, sum(used_usd) as cost_usd
from spent
group by all
