-- Runs that their emitters sampled away, estimated from the rate each kept run names.
select
    cast(floor(coalesce(sum(1 / r.sample_rate - 1), 0) + 0.5) as bigint) as runs_sampled_away
from runs as r
where {run_filter} and r.sample_rate > 0 and r.sample_rate < 1
