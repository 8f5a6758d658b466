-- Adds up the usage of the runs in `adding` anew.
delete from run_usage where run_id in (from adding);

insert into run_usage by name
select
    run_id, category, vendor, model, operation, step, service,
    cast(sum(calls) as integer) as calls,
    cast(sum(llm_calls) as integer) as llm_calls,
    cast(sum(unpriced_calls) as integer) as unpriced_calls,
    cast(sum(failed_calls) as integer) as failed_calls,
    cast(sum(input_tokens) as bigint) as input_tokens,
    cast(sum(output_tokens) as bigint) as output_tokens,
    cast(sum(cached_tokens) as bigint) as cached_tokens,
    sum(cost_usd) as cost_usd,
    sum(failed_usd) as failed_usd
from {usage}
where run_id in (from adding)
group by run_id, category, vendor, model, operation, step, service
order by run_id;

-- A run without counted calls has no sums.
update runs set {kept}
from (
    select a.run_id as added_run_id, u.*
    from adding as a
    left join (
        {used}
    ) as u on u.used_run_id = a.run_id
) as u
where runs.run_id = u.added_run_id;

delete from stale_runs where run_id in (from adding);
