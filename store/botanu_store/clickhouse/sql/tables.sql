-- The tables of botanu beside the collector's. Each is made of whole rows that replace what they replace by their key, so that a batch may be
-- written again after a kill. Names begin with botanu_: the database is the user's.

-- Which runs have spans in which traces, hour by hour. Where the counts differ, something came in since the run's numbers were made.
--   found: spans of the run in that hour of the trace
--   concluded: how many of them its numbers rest on
--   compared: how many of them the calls rest on that were compared with those of other traces
--   linked: traces that are known to tell of the same calls, this one included
--   joined: how many they were when the numbers were made
create table if not exists botanu_traces (
    run_id String codec(ZSTD(1)),
    trace_id String codec(ZSTD(1)),
    hour DateTime('UTC') codec(Delta, ZSTD(1)),
    found SimpleAggregateFunction(max, UInt64) codec(T64, ZSTD(1)),
    concluded SimpleAggregateFunction(max, UInt64) codec(T64, ZSTD(1)),
    compared SimpleAggregateFunction(max, UInt64) codec(T64, ZSTD(1)),
    linked SimpleAggregateFunction(max, UInt64) codec(T64, ZSTD(1)),
    joined SimpleAggregateFunction(max, UInt64) codec(T64, ZSTD(1)),
    index by_trace trace_id type bloom_filter(0.001) granularity 1
) engine = AggregatingMergeTree
partition by toYYYYMM(hour)
order by (run_id, trace_id, hour);

-- What the calls of models say by which one is told from another, trace by trace; see ingest/sql/told.sql and ingest/sql/places.sql. `version` is how many spans of its
-- trace the row rests on.
create table if not exists botanu_told (
    trace_id String codec(ZSTD(1)),
    span_id String codec(ZSTD(1)),
    dialect LowCardinality(String) codec(ZSTD(1)),
    start_ns Int64 codec(Delta, ZSTD(1)),
    end_ns Int64 codec(Delta, ZSTD(1)),
    response_id String codec(ZSTD(1)),
    model LowCardinality(String) codec(ZSTD(1)),
    service LowCardinality(String) codec(ZSTD(1)),
    unknown Bool codec(ZSTD(1)),
    input_tokens Int64 codec(T64, ZSTD(1)),
    cached_tokens Int64 codec(T64, ZSTD(1)),
    output_tokens Int64 codec(T64, ZSTD(1)),
    of_agent Bool codec(ZSTD(1)),
    scope LowCardinality(String) codec(ZSTD(1)),
    name LowCardinality(String) codec(ZSTD(1)),
    begun Bool codec(ZSTD(1)),
    version UInt64 codec(T64, ZSTD(1)),
    made DateTime('UTC') default now() codec(Delta, ZSTD(1))
) engine = ReplacingMergeTree(version)
partition by toYYYYMM(fromUnixTimestamp64Nano(start_ns, 'UTC'))
order by (start_ns, trace_id, span_id)
ttl made + interval 30 day;

-- Which traces tell of the same calls: those of one group have the least of their ids. Groups only grow, so whoever writes at the same time, none falls apart.
create table if not exists botanu_links (
    trace_id String codec(ZSTD(1)),
    together SimpleAggregateFunction(min, String) codec(ZSTD(1)),
    index by_together together type bloom_filter(0.001) granularity 1
) engine = AggregatingMergeTree
order by trace_id;

-- The runs that a sync has before it, in batches: the traces with their spans, between which hours, of which group, and how many those were. A trace
-- without a run is only read, because one that belongs to a run here tells of the same calls.
create table if not exists botanu_pending (
    sync String,
    batch UInt32,
    run_id String codec(ZSTD(1)),
    trace_id String codec(ZSTD(1)),
    together String codec(ZSTD(1)),
    linked UInt64,
    first_hour DateTime('UTC'),
    last_hour DateTime('UTC'),
    made DateTime('UTC') default now()
) engine = MergeTree
order by (sync, batch, run_id)
ttl made + interval 2 day;

-- How far otel_traces has been read.
create table if not exists botanu_sync (
    name String,
    value String,
    made DateTime64(6, 'UTC') default now64(6)
) engine = ReplacingMergeTree(made)
order by name;

-- A run and all its calls are in the partition of the day on which the run started, whichever that turns out to be. `version` is how many spans
-- the row rests on, so that whoever knew more wins, whoever was last.
create table if not exists botanu_calls (
    run_day Date32 codec(Delta, ZSTD(1)),
    {calls},
    version UInt64 codec(T64, ZSTD(1)),
    deleted UInt8 codec(ZSTD(1))
) engine = ReplacingMergeTree(version, deleted)
partition by run_day
order by (run_id, trace_id, span_id);

-- What each run's counted calls used and cost, added up by what they were, at the published prices; cost_usd is NULL where nothing of it has a price.
create table if not exists botanu_run_usage (
    run_day Date32 codec(Delta, ZSTD(1)),
    {run_usage},
    version UInt64 codec(T64, ZSTD(1)),
    deleted UInt8 codec(ZSTD(1))
) engine = ReplacingMergeTree(version, deleted)
partition by run_day
order by (run_id, category, vendor, model, operation, step, service)
settings allow_nullable_key = 1;

create table if not exists botanu_runs (
    run_day Date32 codec(Delta, ZSTD(1)),
    {runs},
    version UInt64 codec(T64, ZSTD(1)),
    deleted UInt8 codec(ZSTD(1))
) engine = ReplacingMergeTree(version, deleted)
partition by run_day
order by run_id;

-- The price book, and where the price of each kind of call is; as in a local store.
create table if not exists botanu_prices (
    {prices}
) engine = ReplacingMergeTree
order by (price_id, first_read);

create table if not exists botanu_price_keys (
    {price_keys}
) engine = ReplacingMergeTree
order by (category, vendor, model, operation);
