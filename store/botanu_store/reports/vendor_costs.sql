-- What each vendor's models and products cost.
select
    c.vendor,
    {product} as product,
    cast(sum(c.calls) as bigint) as calls,
    cast(sum(c.unpriced_calls) as bigint) as unpriced_calls,
    sum(c.cost_usd) as cost_usd
from usage_lines as c
{of_runs}
where {run_filter} and ({call_filter})
group by 1, 2
