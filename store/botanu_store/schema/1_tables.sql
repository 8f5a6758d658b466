-- The tables of a local store as they were at first; the scripts numbered from 2 on change them. No primary key and no index: on ten million rows a key costs more than everything else together, and
-- identity is kept by the ledger and by an anti-join bounded by a batch's own times (see ingest/ingester.py).

create table if not exists meta (
    key varchar,
    value varchar
);

-- One span as received, less its content.
create table if not exists spans (
    trace_id varchar,
    span_id varchar,
    parent_id varchar,        -- empty for a root
    name varchar,
    kind varchar,             -- INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER; LOG for a log record
    start_ns bigint,          -- Unix nanoseconds; a timestamp type would round them
    end_ns bigint,
    status varchar,           -- unset, ok, error
    status_message varchar,
    service varchar,
    scope varchar,
    scope_version varchar,
    run_id varchar,           -- botanu.run_id as received; NULL where the span carries none
    attributes map(varchar, varchar),
    resource map(varchar, varchar),
    events struct(name varchar, time_ns bigint, attributes map(varchar, varchar))[]
);

-- One operation that may cost money. One column per meter, NULL where the meter does not apply.
create table if not exists calls (
    trace_id varchar,
    span_id varchar,
    run_id varchar,           -- resolved: the span's, else the nearest ancestor's, else the trace
    category varchar,
    vendor varchar,
    model varchar,
    request_model varchar,
    operation varchar,
    step varchar,
    service varchar,
    start_ns bigint,
    end_ns bigint,
    error boolean,
    attempt integer,
    usage varchar,            -- reported, none, free
    response_id varchar,
    request_id varchar,
    emitter_usd decimal(38, 12),
    counted boolean,
    not_counted_reason varchar,
    duplicate_of varchar,
    dialect varchar,
    {meters}
);

-- One run. Rebuilt for each run that a new span touches.
create table if not exists runs (
    run_id varchar,
    root_run_id varchar,
    parent_run_id varchar,
    retry_of_run_id varchar,
    attempt integer,
    use_case varchar,
    workflow varchar,
    workflow_version varchar,
    tenant varchar,
    customer varchar,
    team varchar,
    cost_center varchar,
    region varchar,
    environment varchar,
    service varchar,
    start_ns bigint,
    end_ns bigint,
    status varchar,           -- running, success, failure, partial, timeout, canceled
    outcome varchar,          -- success, partial, failed, timeout, canceled, none
    value_type varchar,
    value_amount double,
    confidence double,
    reason varchar,
    sample_rate double,       -- share of runs that the emitter kept
    spans bigint,
    source varchar            -- botanu: a run of the SDK; trace: a trace standing for its run
);

-- What each run's counted calls used and cost, added up by what they were: a cache of the view counted_calls, so that reports on millions of calls
-- price none of them again. It holds for the prices that `meta` names, and for every run that is not in stale_runs.
create table if not exists run_usage (
    run_id varchar,
    category varchar,
    vendor varchar,
    model varchar,
    operation varchar,
    step varchar,
    service varchar,
    calls integer,
    llm_calls integer,
    unpriced_calls integer,
    failed_calls integer,
    input_tokens bigint,
    output_tokens bigint,
    cached_tokens bigint,
    cost_usd decimal(38, 12),
    failed_usd decimal(38, 12)
);

-- Runs that changed since their usage was added up; the same one may be named more than once.
create table if not exists stale_runs (
    run_id varchar
);

-- What went in, so that nothing goes in twice.
create table if not exists ledger (
    segment varchar,
    spans bigint,
    ingested_at timestamp
);
