-- How many calls a total counts, how many of them have no price, and what is known of their cost.
select
    cast(coalesce(sum(c.calls), 0) as bigint) as calls,
    cast(coalesce(sum(c.unpriced_calls), 0) as bigint) as unpriced_calls,
    sum(c.cost_usd) as cost_usd
from usage_lines as c
{of_runs}
where {run_filter} and ({call_filter})
