-- What was spent by when the runs began and by one thing that each run has as a whole: by quarters of an hour first (see spend_trend_of_calls.sql).
with {used}spent as (
    select
        botanu_quarter(r.start_ns) as start_ns,
        {group} as name,
        sum(coalesce(used_unpriced, 0)) as unpriced,
        sum(used_usd) as usd
    from {runs} as r
    {join_used}
    where {run_filter}
    group by all
)
select {time} as time, r.name, cast(sum(r.unpriced) as bigint) as unpriced_calls, sum(r.usd) as cost_usd
from spent as r
group by all
