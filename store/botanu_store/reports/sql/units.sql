-- Units of economics: what `outcomes` and budgets count. The unit is a root run within one use case: its attempts are one, and so are runs of that use case nested in it, so that rows add up to what `cost` says of each use case.
with recursive worth as (
    {worth}
),
-- Each step below needs other columns of them: to keep all at once takes the memory of two such reports.
chosen as not materialized (
    select r.run_id, r.root_run_id, r.parent_run_id, r.retry_of_run_id, r.attempt, r.use_case, r.start_ns
    from runs as r
    where {run_filter}
),
{used}costed as not materialized (
    select
        r.run_id,
        r.root_run_id,
        r.use_case,
        r.start_ns,
        r.outcome,
        nullif(r.value_type, '') as value_type,
        coalesce(nullif(r.reason, ''), r.outcome) as reason,
        r.outcome in ('success', 'partial') as achieved,
        botanu_amount(r.value_amount) as amount,
        botanu_amount(r.value_amount) * coalesce(
            w.usd, case when lower(r.value_type) = 'usd' or right(lower(r.value_type), 4) = '_usd' then 1 end
        ) as value_usd,
        coalesce(used_calls, 0) as calls,
        coalesce(used_unpriced, 0) as unpriced_calls,
        coalesce(used_llm_calls, 0) as llm_calls,
        coalesce(used_input + used_output, 0) as tokens,
        case when used_calls is null then 0 else used_usd end as cost_usd,
        coalesce(used_failed_usd, 0) as failed_calls_usd
    from {runs} as r
    {join_used}
    left join worth as w on w.value_type = r.value_type
    where {run_filter}
),
-- An attempt is superseded by the one that says so, or, where that link was lost, by a higher number under the same root and parent.
retried as (
    select retry_of_run_id as run_id from chosen where retry_of_run_id <> run_id
    union
    select run_id
    from chosen
    -- Attempts that differ are not all the first: few roots have such.
    where root_run_id in (select root_run_id from chosen where attempt <> 1)
    qualify attempt < max(attempt) filter (where retry_of_run_id is null) over (partition by root_run_id, use_case, parent_run_id)
),
-- With whatever is nested in it. Runs that name each other as parents go round; so deep goes no nesting.
below(run_id, depth) as (
    select run_id, cast(1 as integer) as depth from retried
    union all
    select r.run_id, cast(s.depth + 1 as integer) as depth
    from chosen as r
    inner join below as s on r.parent_run_id = s.run_id
    where s.depth < 64
),
superseded as (
    select distinct run_id from below
),
-- Few runs of many are superseded, nested or in a unit with others. Where that is asked by a join, DuckDB gathers all runs to look the few up among them,
-- which takes as long as all the rest; so it is asked run by run.
nested as (
    select c.run_id
    from chosen as c
    inner join (
        select run_id, use_case
        from chosen
        where coalesce(run_id in (select parent_run_id from chosen), false)
    ) as p on p.run_id = c.parent_run_id and p.use_case = c.use_case
),
-- Runs that are no unit by themselves.
together as (
    select run_id from chosen where run_id <> root_run_id
    union
    select root_run_id as run_id from chosen where run_id <> root_run_id
    union
    select run_id from superseded
),
judged as (
    select
        r.*,
        r.run_id in (select run_id from superseded) as is_superseded,
        r.achieved and r.run_id not in (select run_id from superseded) as brings_value,
        -- The run that decides for its unit: the last attempt, before what is nested in it.
        (r.run_id in (select run_id from superseded), r.run_id in (select run_id from nested), -r.start_ns, r.run_id) as rank
    from costed as r
    where coalesce(r.run_id in (select run_id from together), false)
),
-- A run alone is a unit as it is: most are, and to group them would take longer than all the rest.
units as (
    select
        root_run_id,
        use_case,
        start_ns,
        1 as runs,
        outcome,
        reason,
        value_type as own_type,
        case when achieved then amount end as value_amount,
        case when achieved then value_usd end as value_usd,
        achieved and amount is not null and value_usd is null as has_value_without_price,
        calls,
        unpriced_calls,
        llm_calls,
        tokens,
        cost_usd,
        cast(0 as decimal(38, 12)) as retried_usd,
        failed_calls_usd
    from costed
    where run_id not in (select run_id from together)
    union all
    select
        root_run_id,
        use_case,
        min(start_ns) as start_ns,
        count(*) as runs,
        min_by(outcome, rank) as outcome,
        min_by(reason, rank) as reason,
        min_by(value_type, rank) as own_type,
        sum(amount) filter (where brings_value and amount is not null) as value_amount,
        sum(value_usd) filter (where brings_value) as value_usd,
        count(*) filter (where brings_value and amount is not null and value_usd is null) > 0 as has_value_without_price,
        sum(calls) as calls,
        sum(unpriced_calls) as unpriced_calls,
        sum(llm_calls) as llm_calls,
        sum(tokens) as tokens,
        sum(cost_usd) as cost_usd,
        coalesce(sum(cost_usd) filter (where is_superseded), 0) as retried_usd,
        coalesce(sum(failed_calls_usd) filter (where not is_superseded), 0) as failed_calls_usd
    from judged
    group by root_run_id, use_case
)
