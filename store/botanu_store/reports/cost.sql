-- Cost by any dimensions: one row per group, from one row per run and group.
with per_run as (
    select
        {dimensions},
        r.run_id,
        count(distinct c.span_id) as calls,
        count(distinct c.span_id) filter (where c.priced = 'no') as unpriced_calls,
        sum(c.input_tokens) as input_tokens,
        sum(c.output_tokens) as output_tokens,
        sum(c.cached_tokens) as cached_tokens,
        case when count(c.span_id) = 0 then 0 else sum(c.cost_usd) end as cost_usd
    from runs as r
    {join} {lines} as c on c.run_id = r.run_id and ({call_filter})
    where {run_filter}
    group by all
)
select
    {names},
    count(*) as runs,
    cast(sum(p.calls) as bigint) as calls,
    cast(sum(p.unpriced_calls) as bigint) as unpriced_calls,
    cast(coalesce(sum(p.input_tokens), 0) as bigint) as input_tokens,
    cast(coalesce(sum(p.output_tokens), 0) as bigint) as output_tokens,
    cast(coalesce(sum(p.cached_tokens), 0) as bigint) as cached_tokens,
    sum(p.cost_usd) as cost_usd,
    botanu_p50(p.cost_usd) as p50_usd,
    botanu_p95(p.cost_usd) as p95_usd
from per_run as p
{having}
group by all
order by sum(p.cost_usd) desc nulls last, {names}
