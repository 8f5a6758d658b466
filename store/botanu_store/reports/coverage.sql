-- How many calls a total counts, and how many of them have no price.
select
    cast(coalesce(sum(c.calls), 0) as bigint) as calls,
    cast(coalesce(sum(c.unpriced_calls), 0) as bigint) as unpriced_calls
from usage_lines as c
{of_runs}
where {run_filter} and ({call_filter})
