-- Pairs of traces, one of them in `looked_at`, in which two dialects may tell of the same call: both name the same answer; or one of them is known to tell
-- of calls in traces of its own, and both mean the same service, model, time and tokens, as far as these are known.
with near as not materialized (
    select
        trace_id, dialect, start_ns, end_ns, response_id,
        lower(model) as model,
        case when starts_with(service, 'unknown_service') then '' else service end as service,
        dialect in ({alone}) as alone,
        usage = 'none' as unknown,
        {input_tokens} as input_tokens,
        {output_tokens} as output_tokens,
        start_ns // {slot} as slot
    from calls
    where {of_models}
),
by_answer as (
    select one.trace_id, other.trace_id as other_id
    from near as one
    inner join near as other on other.response_id = one.response_id
    where
        one.response_id <> ''
        and one.trace_id in (from looked_at)
        and other.trace_id <> one.trace_id and other.dialect <> one.dialect
        and other.start_ns <= one.end_ns + {apart} and one.start_ns <= other.end_ns + {apart}
        -- Test servers number their answers, and begin anew. One of the two may have left the cache out.
        and (one.unknown or other.unknown or other.input_tokens = one.input_tokens or other.output_tokens = one.output_tokens)
),
by_time as (
    select one.trace_id, other.trace_id as other_id
    from (select *, unnest([slot - 1, slot, slot + 1]) as beside from near where alone) as one
    inner join near as other on other.slot = one.beside
    where
        (other.service = one.service or '' in (other.service, one.service))
        and (contains(other.model, one.model) or contains(one.model, other.model))
        and (one.trace_id in (from looked_at) or other.trace_id in (from looked_at))
        and other.trace_id <> one.trace_id and other.dialect <> one.dialect
        and (one.unknown or other.unknown or (other.input_tokens = one.input_tokens and other.output_tokens = one.output_tokens))
        and (
            (one.start_ns <= other.start_ns + {skew} and other.end_ns <= one.end_ns + {skew})
            or (other.start_ns <= one.start_ns + {skew} and one.end_ns <= other.end_ns + {skew})
        )
)
from by_answer union from by_time
