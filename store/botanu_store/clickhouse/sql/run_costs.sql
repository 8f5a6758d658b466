-- Each run with what its calls used and cost at the published prices, for whoever draws pictures of this database. A view follows the settings of
-- its reader, and with ClickHouse's own a run that nobody has a price for would cost 0 instead of NULL; so it brings its settings with it.
create or replace view botanu_run_costs as
select
    r.* except (run_day, version, deleted),
    coalesce(u.used_calls, 0) as calls,
    coalesce(u.used_llm_calls, 0) as llm_calls,
    coalesce(u.used_unpriced, 0) as unpriced_calls,
    coalesce(u.used_input, 0) as input_tokens,
    coalesce(u.used_output, 0) as output_tokens,
    coalesce(u.used_cached, 0) as cached_tokens,
    case when u.used_calls is null then cast(0 as decimal(38, 12)) else u.used_usd end as cost_usd
from (select * from botanu_runs final) as r
left join (
    select
        run_id as used_run_id,
        sum(calls) as used_calls,
        sum(llm_calls) as used_llm_calls,
        sum(unpriced_calls) as used_unpriced,
        sum(input_tokens) as used_input,
        sum(output_tokens) as used_output,
        sum(cached_tokens) as used_cached,
        sum(cost_usd) as used_usd
    from botanu_run_usage final
    group by run_id
) as u on u.used_run_id = r.run_id
settings {settings}
