"""JSON Schemas of what `--format json` writes, made of the same layouts that write it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from botanu_store.records import METERS

from botanu_cli.budgets.formats import BUDGETS
from botanu_cli.layout import Layout
from botanu_cli.layouts import CALLS, OUTCOMES, PRICES, RUNS, STORE, TITLES, UNPRICED, VENDORS, cost_layout

Schema = dict[str, Any]

_LAYOUTS: dict[str, Layout] = {
    "cost": cost_layout([], compared=True),
    "runs": RUNS,
    "calls": CALLS,
    "outcomes": OUTCOMES,
    "vendors": VENDORS,
    "budget": BUDGETS,
    "prices": PRICES,
    "unpriced": UNPRICED,
    "store": STORE,
}
NAMES: tuple[str, ...] = (*_LAYOUTS, "run", "sql", "ingest")
"""Reports that have a schema."""


def schema(name: str) -> Schema:
    """Return the JSON Schema (2020-12) of one report's document."""
    if name in _OTHERS:
        return _OTHERS[name]()
    layout = _LAYOUTS[name]
    row = _object(layout.fields)
    if name == "prices":
        row["properties"] |= {"usd": _MONEY, "unit": _TEXT}
    if name == "cost":
        # Which dimensions a row has is what --group-by says.
        row["properties"] |= dict.fromkeys(TITLES, _TEXT)
        row["required"] = [field for field in layout.fields if field not in ("before_usd", "change")]
    document = _document(name, row, _totals(name, layout))
    if name == "cost":
        document["properties"]["before"] = _INTERVAL
    return document


def _document(name: str, row: Schema, totals: Schema) -> Schema:
    properties: Schema = {
        "schema": {"const": f"botanu.{name}/1"},
        "generated_at": _MOMENT,
        "interval": _INTERVAL,
        "filters": _FILTERS,
        "rows": {"type": "array", "items": row},
        "totals": totals,
        "coverage": _COVERAGE,
    }
    return {"$schema": _DRAFT, "title": f"botanu {name}", **_closed(properties)}


def _run() -> Schema:
    document = _document("run", _object(RUNS.fields), _object(RUNS.totals))
    more = {
        "calls": {"type": "array", "items": _object(CALLS.fields)},
        "related": {"type": "array", "items": _object(RUNS.fields)},
        "spans": {"type": "array", "items": {"$ref": "#/$defs/span"}},
    }
    document["properties"] |= more
    document["required"] += list(more)
    return document | {"$defs": {"span": _closed(_SPAN)}}


def _sql() -> Schema:
    # What a row holds is what the query says.
    return _document("sql", {"type": "object"}, _closed({}))


def _ingest() -> Schema:
    counts = ("sources", "spans", "new", "duplicates", "other_signals", "other_records", "rejected_count")
    part = _closed({"source": _STRING, "where": _STRING, "reason": _STRING})
    more: Schema = {"rejected": {"type": "array", "items": part}, "seconds": {"type": "number"}}
    properties = {"schema": {"const": "botanu.ingest/1"}, **{name: {"type": "integer"} for name in counts}, **more}
    return {"$schema": _DRAFT, "title": "botanu ingest", **_closed(properties)}


_OTHERS: dict[str, Callable[[], Schema]] = {"run": _run, "sql": _sql, "ingest": _ingest}


def _totals(name: str, layout: Layout) -> Schema:
    totals = _object(layout.totals)
    if name == "cost":
        totals["required"] = [field for field in layout.totals if field not in ("before_usd", "change")]
    return totals


def _object(fields: Iterable[str]) -> Schema:
    return _closed({field: _field(field) for field in fields})


def _closed(properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _nullable(kind: Schema) -> Schema:
    return {"anyOf": [kind, {"type": "null"}]}


def _field(name: str) -> Schema:
    if name in _SPECIAL:
        return _SPECIAL[name]
    if name.endswith("_usd") or name == "usd_per_million_tokens":
        return _MONEY
    if name in METERS:
        return {"type": ["integer", "null"]}
    if name in _COUNTS:
        return {"type": "integer"}
    if name in _NUMBERS:
        return {"type": ["number", "null"]}
    return _nullable(_MOMENT) if name.endswith("_at") or name in ("since", "until") else _TEXT


_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_STRING: Schema = {"type": "string"}
_TEXT: Schema = {"type": ["string", "null"]}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_INTERVAL = _closed({"since": _nullable(_MOMENT), "until": _nullable(_MOMENT), "tz": _STRING})
_DECIMAL = r"^-?\d+(\.\d+)?$"
_MONEY: Schema = {
    "type": ["string", "null"],
    "pattern": _DECIMAL,
    "description": "USD, exact, as decimal text; null where there is no price",
}
_FIGURE: Schema = {"type": ["string", "null"], "pattern": _DECIMAL}
_FILTERS: Schema = {"type": "object", "additionalProperties": {"type": "array", "items": _STRING}}
_COUNTS = frozenset(
    (
        "runs", "root_runs", "success", "partial", "failed", "unknown", "calls", "llm_calls", "failed_calls", "errors",
        "unpriced_calls", "input_tokens", "output_tokens", "cached_tokens", "attempt", "samples", "budgets", "pass", "warn",
        "fail", "no_data",
    )
)  # fmt: skip
_NUMBERS = frozenset(
    (
        "share", "change", "duration_ms", "success_rate", "roi", "waste_share", "error_rate", "cache_hit_rate", "p50_ms", "p95_ms",
        "confidence", "used",
    )
)  # fmt: skip
_COVERAGE = _closed(
    {
        "calls_counted": {"type": "integer"},
        "calls_unpriced": {"type": "integer"},
        "unpriced_models": {"type": "array", "items": _STRING},
        "duplicates_excluded": {"type": "integer"},
        "sampled": {"type": "integer"},
        "segments_pending": {"type": "integer"},
    }
)
_REASON = {"reason": _STRING, "root_runs": {"type": "integer"}, "cost_usd": _MONEY}
_UNSUCCESSFUL = {"use_case": _TEXT, "outcome": _STRING, **_REASON}
_COSTLY = {
    "run_id": _STRING,
    "use_case": _TEXT,
    "outcome": _STRING,
    "calls": {"type": "integer"},
    "unpriced_calls": {"type": "integer"},
    "cost_usd": _MONEY,
}
_SPECIAL: dict[str, Schema] = {
    "counted": {"type": "boolean"},
    "lower_bound": {"type": "boolean"},
    "upper_bound": {"type": "boolean"},
    "value_amount": {"type": ["number", "string", "null"]},
    "priced": {"enum": ["yes", "emitter", "free", "no", None]},
    "outcome": {"enum": ["success", "partial", "failed", "timeout", "canceled", "none"]},
    "meters": {"type": "object", "additionalProperties": {"type": "integer"}},
    "reasons": _nullable({"type": "array", "items": _closed(_REASON)}),
    "allowed": _FIGURE,
    "measured": _FIGURE,
    "interval_low": _FIGURE,
    "interval_high": _FIGURE,
    "unit": {"enum": ["usd", "tokens", "calls", "share"]},
    "filters": _FILTERS,
    "costliest": {"type": "array", "items": _closed(_COSTLY)},
    "unsuccessful": {"type": "array", "items": _closed(_UNSUCCESSFUL)},
    "changes": {"type": "array", "items": _STRING},
    "value": {"type": ["string", "integer", "null"]},
}
_SPAN: Schema = {
    "span_id": _STRING,
    "name": _STRING,
    "kind": _STRING,
    "service": _TEXT,
    "status": _STRING,
    "started_at": _MOMENT,
    "duration_ms": {"type": "number"},
    "own_usd": _MONEY,
    "total_usd": _MONEY,
    "calls": {"type": "integer"},
    "unpriced_calls": {"type": "integer"},
    "children": {"type": "array", "items": {"$ref": "#/$defs/span"}},
}
