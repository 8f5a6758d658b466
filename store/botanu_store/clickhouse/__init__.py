"""ClickHouse: the collector's `otel_traces` in, calls and runs beside it, and the same reports as on a local store."""
