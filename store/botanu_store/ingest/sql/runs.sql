-- Rebuilds the row of each run in `touched_runs(run_id)` from all its spans: those of this batch and, for runs seen before, earlier ones.
create or replace temp view run_spans as
select coalesce(run_id, trace_id) as run_id, run_id is null as is_trace, trace_id, span_id, parent_id, name, kind, start_ns, end_ns, status, service, attributes, events
from fresh
where coalesce(run_id, trace_id) in (from touched_runs) and {staying}
union all
from earlier
where run_id in (from touched_runs) and {staying};

-- Spans that say something of their run beyond its id and its use case.
create or replace temp table run_words as
select
    run_id,
    start_ns,
    end_ns,
    status,
    is_trace,
    not is_trace and (starts_with(name, 'botanu.run/') or attributes['botanu.run.start_time'] is not null) as is_run_span,
    list_max(list_transform(list_filter(events, lambda e: e.name = 'botanu.outcome_emitted'), lambda e: e.time_ns)) as emitted_ns,
    attributes as said
from run_spans
where list_has_any(map_keys(attributes), [{run_keys}]);

create or replace temp table run_facts as
select
    run_id,
    bool_or(is_run_span) as has_run_span,
    min(start_ns) filter (is_run_span) as run_start_ns,
    max(end_ns) filter (is_run_span) as run_end_ns,
    arg_min(run_status, start_ns) filter (is_run_span) as run_status,
    arg_min(use_case, start_ns) filter (is_run_span) as use_case,
    {facts}
from (
    select
        run_id,
        start_ns,
        end_ns,
        is_run_span,
        case when is_run_span then 0 else 1 end as rank,
        said['botanu.outcome.status'] as run_status,
        left(nullif(said['botanu.use_case'], ''), 256) as use_case,
        {values}
    from run_words
)
group by run_id;

-- One outcome a run: an explicit one beats the automatic one, the last explicit one wins, whichever service said it.
create or replace temp table run_outcomes as
select
    run_id,
    said['botanu.outcome'] as emitted,
    said['botanu.outcome.value_type'] as value_type,
    -- A cast would take underscores between digits too.
    try_cast(regexp_extract(said['botanu.outcome.value_amount'], '^[-+.0-9eE]+$') as double) as value_amount,
    try_cast(said['botanu.outcome.confidence'] as double) as confidence,
    coalesce(said['botanu.outcome.reason'], said['botanu.outcome.reason_code'], said['botanu.outcome.error_class']) as reason
from run_words
where said['botanu.outcome'] is not null and not is_trace
qualify row_number() over (
    partition by run_id
    order by (emitted_ns is not null or not is_run_span) desc, coalesce(emitted_ns, end_ns) desc, said::varchar
) = 1;

create or replace temp table run_extents as
select
    run_id,
    bool_and(is_trace) as is_trace,
    min(start_ns) as first_ns,
    max(end_ns) as last_ns,
    count(*) as spans,
    arg_min(service, ({place}, start_ns, span_id)) as root_service,
    arg_min(case when kind = 'LOG' then split_part(name, '.', 1) || ' session' else name end, ({place}, start_ns, span_id)) as root_name,
    arg_min(status, ({place}, start_ns, span_id)) as root_status,
    -- Log records alone have no root, but each was written when its call was over.
    min({place}) <> 1 as has_root,
    arg_min(left(nullif(attributes['botanu.use_case'], ''), 256), start_ns) as use_case
from run_spans
group by run_id;

-- A trace stands for the run of its calls as long as these do not belong to one that is named. It may have been told of before that was.
create or replace temp table left_behind as
select run_id
from run_extents
where
    is_trace
    and run_id not in (select run_id from resolved)
    and run_id in (select trace_id from fresh union select trace_id from late_traces);

delete from runs where run_id in (from touched_runs);

insert into runs by name
select
    e.run_id,
    coalesce(f.root_run_id, e.run_id) as root_run_id,
    f.parent_run_id,
    f.retry_of_run_id,
    coalesce(try_cast(f.attempt as integer), 1) as attempt,
    coalesce(f.use_case, e.use_case, concat_ws(': ', nullif(root_service, ''), nullif(root_name, ''))) as use_case,
    f.workflow,
    f.workflow_version,
    f.tenant,
    f.customer,
    f.user_id,
    -- Agent Framework names an answer where others name a conversation, and Logfire hides what is called a session.
    case when not regexp_matches(f.session_id, '^(resp_|\[Scrubbed due to )') then f.session_id end as session_id,
    f.team,
    f.cost_center,
    f.region,
    f.environment,
    root_service as service,
    coalesce(f.run_start_ns, first_ns) as start_ns,
    coalesce(f.run_end_ns, last_ns) as end_ns,
    case
        when f.run_status in ('success', 'failure', 'partial', 'timeout', 'canceled') then f.run_status
        when f.has_run_span then 'success'
        -- No SDK opened it, or not yet.
        when o.emitted = 'failed' then 'failure'
        when o.emitted in ('success', 'partial', 'timeout', 'canceled') then o.emitted
        when not has_root then 'running'
        when root_status = 'error' then 'failure'
        else 'success'
    end as status,
    case
        when o.emitted in ('success', 'partial', 'failed', 'timeout', 'canceled') then o.emitted
        when f.run_status = 'failure' then 'failed'
        when f.run_status in ('partial', 'timeout', 'canceled') then f.run_status
        else 'none'
    end as outcome,
    o.value_type,
    case when isfinite(o.value_amount) then o.value_amount end as value_amount,
    case when o.confidence between 0 and 1 then o.confidence end as confidence,
    coalesce(o.reason, f.reason) as reason,
    case when try_cast(f.sample_rate as double) between 0 and 1 then try_cast(f.sample_rate as double) end as sample_rate,
    e.spans,
    case when e.is_trace then 'trace' else 'botanu' end as source
from run_extents as e
left join run_facts as f on f.run_id = e.run_id
left join run_outcomes as o on o.run_id = e.run_id
where e.run_id not in (from left_behind);
