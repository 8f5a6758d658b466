-- How many calls are in the list, how many of them count, and what those used.
select
    count(*) as listed,
    count(*) filter (where c.counted) as calls,
    {costs}
    {sums}
from {relation} as c
{of_runs}
where {run_filter} and ({call_filter}) and {kind_filter}
