-- The costliest groups, each beside what all groups come to: in one go, as ClickHouse makes anew whatever is read twice.
select
    *,
    count(*) over () as all_groups,
    cast(sum(g.runs) over () as bigint) as all_runs,
    cast(sum(g.calls) over () as bigint) as all_calls,
    cast(sum(g.unpriced_calls) over () as bigint) as all_unpriced_calls,
    cast(sum(g.input_tokens) over () as bigint) as all_input_tokens,
    cast(sum(g.output_tokens) over () as bigint) as all_output_tokens,
    cast(sum(g.cached_tokens) over () as bigint) as all_cached_tokens,
    sum(g.cost_usd) over () as all_cost_usd
from (
    {listed}
) as g
{order}
limit {limit}
