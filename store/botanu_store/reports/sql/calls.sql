-- Every operation that may cost money, counted or not, newest first.
select
    c.start_ns,
    c.end_ns,
    c.run_id,
    c.trace_id,
    c.span_id,
    c.category,
    c.vendor,
    c.model,
    c.request_model,
    c.operation,
    c.step,
    c.service,
    case when c.error then 'error' else 'ok' end as status,
    c.attempt,
    {meters},
    c.cost_usd,
    c.emitter_usd,
    c.priced,
    c.counted,
    nullif(c.not_counted_reason, '') as not_counted_reason,
    nullif(c.duplicate_of, '') as duplicate_of,
    nullif(c.response_id, '') as response_id,
    nullif(c.request_id, '') as request_id
from priced_calls as c
{of_runs}
where {run_filter} and ({call_filter}) and {kind_filter} and c.start_ns >= {since_ns}
order by c.start_ns desc, c.span_id
{page}
