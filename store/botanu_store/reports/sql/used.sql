-- What each run used and cost, apart where its calls differ in what a report asks for.
select
    c.run_id as used_run_id,
    {call_dimensions}
    sum(c.calls) as used_calls,
    sum(c.llm_calls) as used_llm_calls,
    sum(c.unpriced_calls) as used_unpriced,
    sum(c.failed_calls) as used_failed,
    sum(c.input_tokens) as used_input,
    sum(c.output_tokens) as used_output,
    sum(c.cached_tokens) as used_cached,
    sum(c.cost_usd) as used_usd,
    sum(c.failed_usd) as used_failed_usd
from {lines} as c
{of_runs}
where {run_filter} and ({call_filter})
group by all
