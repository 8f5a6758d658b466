-- What the calls of models say by which one is told from another; `of_agent`: in the trace of a coding agent, which keeps to its session.
select
    trace_id, span_id, duplicate_of, dialect, start_ns, end_ns, response_id,
    -- LiteLLM puts the vendor before the name.
    split_part(lower(model), '/', -1) as model,
    case when starts_with(service, 'unknown_service') then '' else service end as service,
    usage = 'none' as unknown,
    {input_tokens} as input_tokens,
    {cached_tokens} as cached_tokens,
    {output_tokens} as output_tokens,
    trace_id in (select trace_id from calls where dialect in ({agents})) as of_agent
from calls
where {of_models}
