-- Pairs of traces, one of them in `looked_at`, in which two instrumentations may tell of the same call: both name the same answer; or one of them is known to
-- tell of calls in traces of its own, or each began its trace as the program has no span around the call, and both mean the same service, model, time and
-- tokens, as far as these are known; or the other's call lies within that of the one in a trace of its own, and used the same; or it was concluded before.
with near as not materialized (
    select *, dialect in ({alone}) as alone, start_ns // {slot} as slot, trace_id in (from looked_at) as mine
    from {told}
    where not of_agent and start_ns between {from_ns} and {to_ns}
),
-- A name that many share names nothing.
named as (
    from near
    where response_id in (select response_id from near where mine and response_id <> '')
    qualify count(*) over (partition by response_id) <= {most_named}
),
by_answer as (
    select one.trace_id, other.trace_id as other_id
    from named as one
    inner join named as other on other.response_id = one.response_id
    where
        one.mine
        and other.trace_id <> one.trace_id and other.dialect <> one.dialect
        -- Differences, as sums may be too large for a number.
        and other.start_ns - one.end_ns <= {apart} and one.start_ns - other.end_ns <= {apart} and abs(one.start_ns - other.start_ns) <= {longest}
        -- Test servers number their answers, and begin anew. One of the two may have left the cache out.
        and (one.unknown or other.unknown or other.input_tokens = one.input_tokens or other.output_tokens = one.output_tokens)
),
-- What runs in such numbers cannot be told apart by its time.
timed as (
    select near.*, places.scope || case when dialect in ({shared}) then places.name else '' end as instrumentation, places.begun
    from near
    inner join {places} as places using (trace_id, span_id)
    where near.start_ns between {first_ns} - {slot} and {to_ns} and model <> ''
    qualify count(*) over (partition by slot) <= {most_at_once}
),
by_time as (
    select one.trace_id, other.trace_id as other_id
    from (select *, unnest([slot - 1, slot, slot + 1]) as beside from timed where alone or begun) as one
    inner join timed as other on other.slot = one.beside
    where
        (one.mine or other.mine)
        and (one.alone or other.begun)
        and one.service in ('', other.service)
        and (contains(other.model, one.model) or contains(one.model, other.model))
        and other.trace_id <> one.trace_id and (other.dialect <> one.dialect or other.instrumentation <> one.instrumentation)
        and (
            one.unknown or other.unknown
            or (
                other.unknown = one.unknown
                -- Some add one to the output of a stream. Sums may be too large for a number, differences are not.
                and abs(other.output_tokens - one.output_tokens) <= 2
                -- One may know nothing of the input, as of streams, or of what was cached.
                and (
                    other.input_tokens = one.input_tokens
                    or (one.output_tokens > 0 and 0 in (one.input_tokens, other.input_tokens, one.cached_tokens, other.cached_tokens))
                )
            )
        )
        -- A gateway makes up the names that its vendor does not give; names of one kind are both the vendor's.
        and (one.response_id in ('', other.response_id) or split_part(one.response_id, '-', 1) <> split_part(other.response_id, '-', 1))
        and (
            (one.start_ns - other.start_ns <= {skew} and other.end_ns - one.end_ns <= {skew})
            or (other.start_ns - one.start_ns <= {skew} and one.end_ns - other.end_ns <= {skew})
            -- Handlers of one framework are called one after the other: who hears of the beginning first hears of the end first.
            or (
                not one.unknown and other.input_tokens = one.input_tokens
                and other.start_ns <= one.end_ns and one.start_ns <= other.end_ns
            )
        )
),
-- A first call waits while its library loads, or one asks again after a refusal: the outer of the two may begin long before. Few calls use the very same tokens.
told_alike as (
    from near
    where not unknown and output_tokens > 0 and model <> '' and (input_tokens, output_tokens) in (select (input_tokens, output_tokens) from near where alone and not unknown)
    qualify count(*) over (partition by input_tokens, output_tokens) <= {most_named}
),
by_tokens as (
    select one.trace_id, other.trace_id as other_id
    from told_alike as one
    inner join told_alike as other using (input_tokens, output_tokens)
    where
        one.alone
        and (one.mine or other.mine)
        and one.service in ('', other.service)
        and (contains(other.model, one.model) or contains(one.model, other.model))
        and other.trace_id <> one.trace_id and other.dialect <> one.dialect
        and (one.response_id in ('', other.response_id) or split_part(one.response_id, '-', 1) <> split_part(other.response_id, '-', 1))
        and one.start_ns - other.start_ns <= {skew} and other.end_ns - one.end_ns <= {skew}
),
by_verdict as (
    select one.trace_id, other.trace_id as other_id
    from near as one
    inner join near as other on other.span_id = one.duplicate_of
    where one.duplicate_of <> '' and other.trace_id <> one.trace_id and (one.mine or other.mine)
)
from by_answer union from by_time union from by_tokens union from by_verdict
