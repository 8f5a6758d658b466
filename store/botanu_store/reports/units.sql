-- Units of economics: what `outcomes` and budgets count. The unit is a root run within one use case: its attempts are one, and so are runs of that use case nested in it, so that rows add up to what `cost` says of each use case.
with recursive worth as (
    select unnest($value_types::varchar[]) as value_type, unnest($value_usd::decimal(12, 6)[]) as usd
),
chosen as (
    select
        r.*,
        -- Bounded, so that no amount from a span can overflow a sum.
        try_cast(r.value_amount as decimal(18, 6)) as amount,
        case when lower(r.value_type) = 'usd' or ends_with(lower(r.value_type), '_usd') then 1 end as own_usd
    from runs as r
    where {run_filter}
),
used as (
    select
        c.run_id as used_run_id,
        count(*) as calls,
        count(*) filter (where c.priced = 'no') as unpriced_calls,
        count(*) filter (where c.category in ('llm', 'embedding')) as llm_calls,
        sum(c.input_tokens + c.output_tokens) as tokens,
        sum(c.cost_usd) as cost_usd,
        sum(c.cost_usd) filter (where c.error) as failed_calls_usd
    from counted_calls as c
    {of_chosen}
    where {call_filter}
    group by c.run_id
),
-- An attempt is superseded by the one that says so, or, where that link was lost, by a higher number under the same root and parent.
retried as (
    select retry_of_run_id as run_id from chosen where retry_of_run_id <> run_id
    union
    select run_id
    from chosen
    qualify attempt < max(attempt) filter (where retry_of_run_id is null) over (partition by root_run_id, use_case, parent_run_id)
),
superseded(run_id) as (
    select run_id from retried
    union
    select r.run_id from chosen as r inner join superseded as s on r.parent_run_id = s.run_id
),
judged as (
    select
        r.run_id,
        r.root_run_id,
        r.use_case,
        r.outcome,
        nullif(r.value_type, '') as value_type,
        r.reason,
        s.run_id is not null as is_superseded,
        s.run_id is null and r.outcome in ('success', 'partial') as achieved,
        r.amount,
        r.amount * coalesce(w.usd, r.own_usd) as value_usd,
        u.calls,
        u.unpriced_calls,
        u.llm_calls,
        u.tokens,
        case when u.calls is null then 0 else u.cost_usd end as cost_usd,
        u.failed_calls_usd,
        -- The run that decides for its unit: the last attempt, before what is nested in it.
        (s.run_id is not null, p.run_id is not null, -r.start_ns, r.run_id) as rank
    from chosen as r
    {join} used as u on u.used_run_id = r.run_id
    left join superseded as s on s.run_id = r.run_id
    left join chosen as p on p.run_id = r.parent_run_id and p.use_case = r.use_case
    left join worth as w on w.value_type = r.value_type
),
units as (
    select
        root_run_id,
        use_case,
        count(*) as runs,
        arg_min(outcome, rank) as outcome,
        arg_min(coalesce(nullif(reason, ''), outcome), rank) as reason,
        arg_min(value_type, rank) as own_type,
        sum(amount) filter (where achieved and amount is not null) as value_amount,
        sum(value_usd) filter (where achieved) as value_usd,
        bool_or(achieved and amount is not null and value_usd is null) as has_value_without_price,
        coalesce(sum(calls), 0) as calls,
        coalesce(sum(unpriced_calls), 0) as unpriced_calls,
        coalesce(sum(llm_calls), 0) as llm_calls,
        coalesce(sum(tokens), 0) as tokens,
        sum(cost_usd) as cost_usd,
        coalesce(sum(cost_usd) filter (where is_superseded), 0) as retried_usd,
        coalesce(sum(failed_calls_usd) filter (where not is_superseded), 0) as failed_calls_usd
    from judged
    group by root_run_id, use_case
    having {having}
)
