-- The costliest groups, each beside what all groups come to.
with every_group as materialized (
    {listed}
),
page as (
    select *
    from every_group as g
    {order}
    limit {limit}
),
altogether as (
    select
        count(*) as all_groups,
        cast(sum(g.runs) as bigint) as all_runs,
        cast(sum(g.calls) as bigint) as all_calls,
        cast(sum(g.unpriced_calls) as bigint) as all_unpriced_calls,
        cast(sum(g.input_tokens) as bigint) as all_input_tokens,
        cast(sum(g.output_tokens) as bigint) as all_output_tokens,
        cast(sum(g.cached_tokens) as bigint) as all_cached_tokens,
        sum(g.cost_usd) as all_cost_usd
    from every_group as g
)
select *
from page as g
cross join altogether
{order}
