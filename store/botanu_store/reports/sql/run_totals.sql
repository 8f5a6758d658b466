-- What all runs come to, without looking at each: their number, and the sums of what they used.
select
    (select count(*) from runs as r where {run_filter}) as runs,
    cast(coalesce(sum(c.calls), 0) as bigint) as calls,
    cast(coalesce(sum(c.llm_calls), 0) as bigint) as llm_calls,
    cast(coalesce(sum(c.failed_calls), 0) as bigint) as failed_calls,
    cast(coalesce(sum(c.unpriced_calls), 0) as bigint) as unpriced_calls,
    cast(coalesce(sum(c.input_tokens), 0) as bigint) as input_tokens,
    cast(coalesce(sum(c.output_tokens), 0) as bigint) as output_tokens,
    cast(coalesce(sum(c.cached_tokens), 0) as bigint) as cached_tokens,
    sum(c.cost_usd) as cost_usd
from usage_lines as c
{of_runs}
where {run_filter} and ({call_filter})
