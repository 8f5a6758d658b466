-- Where each group is one run there is nothing to add up.
select
    {names},
    1 as runs,
    cast(coalesce(g.used_calls, 0) as bigint) as calls,
    cast(coalesce(g.used_unpriced, 0) as bigint) as unpriced_calls,
    cast(coalesce(g.used_input, 0) as bigint) as input_tokens,
    cast(coalesce(g.used_output, 0) as bigint) as output_tokens,
    cast(coalesce(g.used_cached, 0) as bigint) as cached_tokens,
    g.run_usd as cost_usd,
    g.run_usd as p50_usd,
    g.run_usd as p95_usd
from per_run as g
