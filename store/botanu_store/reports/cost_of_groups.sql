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
    botanu_p50(g.run_usd) as p50_usd,
    botanu_p95(g.run_usd) as p95_usd
from per_run as g
{having}
group by all
