-- How many spans are left out as repeats of calls that count.
select count(*) as repeats
from calls as c
{of_runs}
where not c.counted and {run_filter} and ({call_filter})
