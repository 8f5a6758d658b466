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
update runs set
    kept_calls = u.calls,
    kept_llm_calls = u.llm_calls,
    kept_unpriced = u.unpriced,
    kept_failed = u.failed,
    kept_input = u.input,
    kept_output = u.output,
    kept_cached = u.cached,
    kept_usd = u.usd,
    kept_failed_usd = u.failed_usd
from (
    select
        a.run_id,
        sum(s.calls) as calls,
        sum(s.llm_calls) as llm_calls,
        sum(s.unpriced_calls) as unpriced,
        sum(s.failed_calls) as failed,
        sum(s.input_tokens) as input,
        sum(s.output_tokens) as output,
        sum(s.cached_tokens) as cached,
        sum(s.cost_usd) as usd,
        sum(s.failed_usd) as failed_usd
    from adding as a
    left join run_usage as s on s.run_id = a.run_id
    group by a.run_id
) as u
where runs.run_id = u.run_id;

delete from stale_runs where run_id in (from adding);
