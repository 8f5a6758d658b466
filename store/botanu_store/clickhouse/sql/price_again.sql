-- What some runs used and cost, added up anew at the prices of this session; see reports/sql/add_up.sql.
select
    v.run_day, u.run_id, u.category, u.vendor, u.model, u.operation, u.step, u.service,
    cast(sum(u.calls) as integer) as sum_calls,
    cast(sum(u.llm_calls) as integer) as sum_llm_calls,
    cast(sum(u.unpriced_calls) as integer) as sum_unpriced_calls,
    cast(sum(u.failed_calls) as integer) as sum_failed_calls,
    cast(sum(u.input_tokens) as bigint) as sum_input_tokens,
    cast(sum(u.output_tokens) as bigint) as sum_output_tokens,
    cast(sum(u.cached_tokens) as bigint) as sum_cached_tokens,
    sum(u.cost_usd) as sum_cost_usd,
    sum(u.failed_usd) as sum_failed_usd,
    v.version,
    0 as deleted
from usage_by_call as u
inner join versions as v on v.run_id = u.run_id
group by v.run_day, u.run_id, u.category, u.vendor, u.model, u.operation, u.step, u.service, v.version
