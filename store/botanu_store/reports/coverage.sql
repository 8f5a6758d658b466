-- How many calls a total counts, and how many of them have no price.
select
    count(*) as calls,
    count(*) filter (where c.priced = 'no') as unpriced_calls
from costed_calls as c
{of_runs}
where c.counted and {run_filter} and ({call_filter})
