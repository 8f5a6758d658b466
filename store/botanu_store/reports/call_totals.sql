-- What all calls of the list come to: how many there are, and what those that count used and cost.
select
    count(*) as listed,
    count(*) filter (where c.counted) as calls,
    count(*) filter (where c.counted and c.priced = 'no') as unpriced_calls,
    sum(c.cost_usd) filter (where c.counted) as cost_usd,
    {sums}
from priced_calls as c
{of_runs}
where {run_filter} and ({call_filter}) and {kind_filter}
