-- One row per group of runs.
select
    {names},
    count(*) as runs,
    cast(coalesce(sum(g.used_calls), 0) as bigint) as calls,
    cast(coalesce(sum(g.used_unpriced), 0) as bigint) as unpriced_calls,
    cast(coalesce(sum(g.used_input), 0) as bigint) as input_tokens,
    cast(coalesce(sum(g.used_output), 0) as bigint) as output_tokens,
    cast(coalesce(sum(g.used_cached), 0) as bigint) as cached_tokens,
    sum(g.run_usd) as cost_usd,
    -- A run that nobody has a price for costs nothing at least, so that what calls without a price may add to is a lower bound everywhere.
    case when count(g.run_usd) > 0 then botanu_p50(coalesce(g.run_usd, cast(0 as decimal(38, 12)))) end as p50_usd,
    case when count(g.run_usd) > 0 then botanu_p95(coalesce(g.run_usd, cast(0 as decimal(38, 12)))) end as p95_usd
from per_run as g
group by all
