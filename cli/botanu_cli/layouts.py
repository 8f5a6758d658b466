"""How each report is laid out: its table's columns, and the fields of its machine formats."""

from __future__ import annotations

from collections.abc import Sequence

from botanu_store.records import METERS

from botanu_cli.layout import Column, Layout, Nested

TITLES = {
    "use_case": "Use case",
    "workflow": "Workflow",
    "workflow_version": "Version",
    "tenant": "Tenant",
    "customer": "Customer",
    "user": "User",
    "session": "Session",
    "team": "Team",
    "cost_center": "Cost center",
    "region": "Region",
    "environment": "Environment",
    "service": "Service",
    "vendor": "Vendor",
    "model": "Model",
    "category": "Category",
    "operation": "Operation",
    "meter": "Meter",
    "step": "Step",
    "outcome": "Outcome",
    "run": "Run",
    "time": "Time",
}
"""Dimensions, and what their columns are called."""

_COST_FIELDS = (
    "runs", "calls", "unpriced_calls", "input_tokens", "output_tokens", "cached_tokens",
    "cost_usd", "share", "cost_per_run_usd", "p50_usd", "p95_usd",
)  # fmt: skip


_COMPARED = (
    Column("before_usd", "Before", "money", keep=7),
    Column("change", "Change", "change", keep=8),
)


def cost_layout(dimensions: Sequence[str], *, compared: bool = False) -> Layout:
    """Return the layout of a cost report grouped by these dimensions, beside the interval before or alone."""
    names = tuple(name.partition(":")[0] if name.startswith("time:") else name for name in dimensions)
    more = tuple(column.field for column in _COMPARED) if compared else ()
    return Layout(
        columns=(
            *(Column(name, TITLES.get(name, name), "text", keep=10) for name in names),
            Column("cost_usd", "Cost", "money", keep=10),
            *(_COMPARED if compared else ()),
            Column("share", "Share", "share", keep=8),
            Column("runs", "Runs", "count", keep=9),
            Column("calls", "Calls", "count", keep=8),
            Column("input_tokens", "Tokens in", "count", keep=5),
            Column("cached_tokens", "cached", "count", keep=3),
            Column("output_tokens", "Tokens out", "count", keep=4),
            Column("cost_per_run_usd", "Per run", "money", keep=7),
            Column("p50_usd", "p50", "money", keep=1),
            Column("p95_usd", "p95", "money", keep=6),
        ),
        fields=(*names, *_COST_FIELDS, *more),
        totals=(*_COST_FIELDS[:-2], *more),
        noun="groups",
    )


_RUN_SUMS = (
    "runs",
    "calls",
    "llm_calls",
    "failed_calls",
    "unpriced_calls",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cost_usd",
)

RUNS = Layout(
    columns=(
        Column("short_id", "Run", "mark", keep=10),
        Column("started_at", "Started", "minute", keep=7),
        Column("use_case", "Use case", "text", keep=9),
        Column("workflow", "Workflow", "text", keep=2),
        Column("tenant", "Tenant", "text", keep=2),
        Column("status", "Status", "mark", keep=5),
        Column("outcome", "Outcome", "mark", keep=8),
        Column("llm_calls", "LLM calls", "count", keep=6),
        Column("input_tokens", "Tokens in", "count", keep=4),
        Column("output_tokens", "Tokens out", "count", keep=3),
        Column("duration_ms", "Duration", "duration", keep=4),
        Column("cost_usd", "Cost", "money", keep=10),
    ),
    fields=(
        "run_id", "root_run_id", "parent_run_id", "retry_of_run_id", "attempt", "started_at", "duration_ms", "use_case", "workflow",
        "workflow_version", "tenant", "customer", "user", "session", "team", "cost_center", "region", "environment", "service", "status", "outcome",
        "value_type", "value_amount", "confidence", "reason", "source", "calls", "llm_calls", "failed_calls", "unpriced_calls",
        "input_tokens", "output_tokens", "cached_tokens", "cost_usd",
    ),
    totals=_RUN_SUMS,
    noun="runs",
)  # fmt: skip

CALLS = Layout(
    columns=(
        Column("started_at", "Time", "time", keep=7),
        Column("short_id", "Run", "mark", keep=6),
        Column("category", "Category", "text", keep=5),
        Column("vendor", "Vendor", "text", keep=8),
        Column("model", "Model", "text", keep=9),
        Column("operation", "Operation", "text", keep=6),
        Column("status", "Status", "mark", keep=6, usual="ok"),
        Column("attempt", "Try", "count", keep=1, usual=1),
        Column("input_tokens", "Fresh in", "count", keep=4),
        Column("cache_read_tokens", "Cache read", "count", keep=3),
        Column("cache_write_tokens", "Cache write", "count", keep=3),
        Column("output_tokens", "Out", "count", keep=4),
        Column("priced", "Priced", "mark", keep=3, usual="yes"),
        Column("cost_usd", "Cost", "money", keep=10),
        Column("not_counted_reason", "Not counted", "text", keep=7),
    ),
    fields=(
        "started_at", "ended_at", "run_id", "trace_id", "span_id", "category", "vendor", "model", "request_model", "operation", "step", "service",
        "status", "attempt", *METERS, "cost_usd", "emitter_usd", "priced", "counted", "not_counted_reason", "duplicate_of",
        "response_id", "request_id",
    ),
    totals=("calls", "unpriced_calls", *METERS, "cost_usd"),
    noun="calls",
)  # fmt: skip

_OUTCOME_TOTALS = (
    "runs", "root_runs", "success", "partial", "failed", "unknown", "success_rate", "calls", "unpriced_calls", "cost_usd",
    "cost_per_outcome_usd", "value_usd", "value_per_outcome_usd", "roi", "waste_usd", "waste_share", "failed_runs_usd",
    "retried_usd", "failed_calls_usd",
)  # fmt: skip

OUTCOMES = Layout(
    columns=(
        Column("use_case", "Use case", "text", keep=10),
        Column("value_type", "Value type", "text", keep=4),
        Column("root_runs", "Root runs", "count", keep=6),
        Column("runs", "Runs", "count", keep=1),
        Column("success", "Success", "count", keep=7),
        Column("partial", "Partial", "count", keep=3),
        Column("failed", "Failed", "count", keep=5),
        Column("unknown", "Unknown", "count", keep=2),
        Column("cost_usd", "Cost", "money", keep=10),
        Column("cost_per_outcome_usd", "Per outcome", "money", keep=9, per=("success",)),
        Column("value_usd", "Value", "worth", keep=6),
        Column("value_per_outcome_usd", "Value per outcome", "worth", keep=2),
        Column("roi", "ROI", "roi", keep=7),
        Column("waste_usd", "Waste", "money", keep=6),
        Column("waste_share", "Of cost", "share", keep=5),
    ),
    fields=(
        "use_case", "value_type", "runs", "root_runs", "success", "partial", "failed", "unknown", "success_rate", "calls", "unpriced_calls",
        "cost_usd", "cost_per_outcome_usd", "value_amount", "value_usd", "value_per_outcome_usd", "roi", "waste_usd", "waste_share",
        "failed_runs_usd", "retried_usd", "failed_calls_usd", "reasons",
    ),
    totals=_OUTCOME_TOTALS,
    noun="use cases",
    nested=Nested(
        field="reasons",
        title="Why runs failed",
        inherited=("use_case", "value_type"),
        columns=(
            Column("use_case", "Use case", "text", keep=10),
            Column("reason", "Reason", "text", keep=10),
            Column("root_runs", "Root runs", "count", keep=8),
            Column("cost_usd", "Cost", "money", keep=10),
        ),
    ),
)  # fmt: skip

_VENDOR_FIELDS = (
    "calls", "errors", "error_rate", "unpriced_calls", "input_tokens", "output_tokens", "cached_tokens", "cost_usd", "share",
    "usd_per_million_tokens", "cache_hit_rate", "saved_usd",
)  # fmt: skip

VENDORS = Layout(
    columns=(
        Column("vendor", "Vendor", "text", keep=10),
        Column("product", "Model or product", "text", keep=10),
        Column("cost_usd", "Cost", "money", keep=10),
        Column("share", "Share", "share", keep=7),
        Column("calls", "Calls", "count", keep=8),
        Column("errors", "Errors", "count", keep=6),
        Column("input_tokens", "Tokens in", "count", keep=4),
        Column("output_tokens", "Tokens out", "count", keep=3),
        Column("usd_per_million_tokens", "Per M tokens", "money", keep=6, per=("input_tokens", "output_tokens")),
        Column("cache_hit_rate", "Cache hits", "share", keep=5),
        Column("saved_usd", "Cache saved", "worth", keep=5),
        Column("p50_ms", "p50", "duration", keep=2),
        Column("p95_ms", "p95", "duration", keep=4),
        Column("other_use", "Other use", "meters", keep=1),
    ),
    fields=("vendor", "product", *_VENDOR_FIELDS, "p50_ms", "p95_ms", "meters"),
    totals=_VENDOR_FIELDS,
    noun="vendors and models",
    single="vendor or model",
)

PRICES = Layout(
    columns=(
        Column("vendor", "Vendor", "text", keep=9),
        Column("model", "Model or product", "text", keep=10),
        Column("operation", "Operation", "text", keep=4),
        Column("usd", "Price", "price", keep=10),
        Column("unit", "for a", "text", keep=10),
        Column("tier", "Tier", "text", keep=7),
        Column("variant", "Variant", "text", keep=6),
        Column("since", "Since", "day", keep=5),
        Column("until", "Until", "day", keep=5),
        Column("rule", "Rule", "text", keep=3),
        Column("source", "Source", "text", keep=1),
    ),
    fields=(
        "category", "vendor", "model", "operation", "variant", "meter", "usd", "unit", "tier", "since", "until", "rule", "source", "price_id",
    ),
    totals=(),
    noun="prices",
)  # fmt: skip

UNPRICED = Layout(
    columns=(
        Column("category", "Category", "text", keep=4),
        Column("vendor", "Vendor", "text", keep=8),
        Column("model", "Model or product", "text", keep=10),
        Column("operation", "Operation", "text", keep=5),
        Column("calls", "Calls", "count", keep=9),
        Column("input_tokens", "Tokens in", "count", keep=6),
        Column("output_tokens", "Tokens out", "count", keep=6),
        Column("reason", "Why", "text", keep=7),
        Column("fix", "What to do", "command", keep=1),
    ),
    fields=(
        "category",
        "vendor",
        "model",
        "operation",
        "usage",
        "calls",
        "input_tokens",
        "output_tokens",
        "reason",
        "fix",
    ),
    totals=("calls", "input_tokens", "output_tokens"),
    noun="kinds of call",
    single="kind of call",
)

STORE = Layout(
    columns=(Column("fact", "Fact", "text", keep=10), Column("value", "Value", "fact", keep=10)),
    fields=("fact", "value"),
    totals=(),
    noun="facts",
)
