-- What each vendor's models and products used and cost, as far as sums of it are kept.
select
    c.vendor,
    {product} as product,
    cast(sum(c.calls) as bigint) as calls,
    cast(sum(c.failed_calls) as bigint) as errors,
    cast(sum(c.unpriced_calls) as bigint) as unpriced_calls,
    cast(sum(c.input_tokens) as bigint) as input_tokens,
    cast(sum(c.output_tokens) as bigint) as output_tokens,
    cast(sum(c.cached_tokens) as bigint) as cached_tokens,
    sum(c.cost_usd) as cost_usd
from usage_lines as c
{of_runs}
where {run_filter} and ({call_filter})
group by 1, 2
