"""One run on a page: who, when, outcome and cost, then the tree of its spans or the list of its calls."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botanu_store.records import INPUT_METERS, OUTPUT_METERS
from rich.cells import cell_len
from rich.text import Text

from botanu_cli import output, text
from botanu_cli.layouts import CALLS, RUNS

if TYPE_CHECKING:
    from botanu_store.tree import RunDetail, SpanNode

    from botanu_cli.settings import Settings

_BAR = 10
_MOST_SPANS = 2000
_NARROWEST = 24


def render(detail: RunDetail, settings: Settings, *, width: int | None, color: bool, flat: bool) -> str:
    """Return the page as text; with `flat`, the list of calls instead of the tree."""
    fitted = max(width or 160, 40)
    body = _call_lines(detail, settings, width) if flat else _tree_lines(detail, fitted)
    basis = Text(output.coverage_line(detail.report), style="dim")
    return output.printed([*_header(detail, settings), "", *body, basis], width=fitted, color=color)


def as_json(detail: RunDetail) -> str:
    """Return the run, its calls, its linked runs and its tree as one JSON document."""
    document = output.as_json(detail.report, RUNS)
    document["schema"] = "botanu.run/1"
    document["calls"] = [{name: output.plain(_call_value(row, name)) for name in CALLS.fields} for row in detail.calls]
    document["related"] = [{name: output.plain(row.get(name)) for name in RUNS.fields} for row in detail.related]
    document["spans"] = [_node_json(node) for node in detail.roots]
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)


def _call_value(row: dict[str, Any], name: str) -> Any:
    if name in ("started_at", "ended_at"):
        from botanu_store.reports import moment

        return moment(row["start_ns" if name == "started_at" else "end_ns"])
    if name == "status":
        return "error" if row["error"] else "ok"
    return row.get(name)


def _node_json(node: SpanNode) -> dict[str, Any]:
    return {
        "span_id": node.span_id,
        "name": node.name,
        "kind": node.kind,
        "service": node.service,
        "status": node.status,
        "started_at": output.plain(node.started_at),
        "duration_ms": node.duration_ms,
        "own_usd": output.plain(node.own_usd),
        "total_usd": output.plain(node.total_usd),
        "calls": node.calls,
        "unpriced_calls": node.unpriced,
        "children": [_node_json(child) for child in node.children],
    }


def _header(detail: RunDetail, settings: Settings) -> Iterator[Text]:
    run = detail.run
    yield Text.assemble(("Run ", "bold"), (text.safe(run["run_id"]), "bold"))
    for label, value in _facts(detail, settings):
        if value:
            yield Text.assemble((f"  {label:<11}", "dim"), value)


def _facts(detail: RunDetail, settings: Settings) -> Iterator[tuple[str, str]]:
    run = detail.run
    yield "Use case", joined(run["use_case"], run["workflow"], run["workflow_version"])
    yield "For", joined(*(f"{name} {run[key]}" for name, key in _FOR if run[key]))
    yield "Where", joined(run["service"], run["environment"], run["region"])
    yield (
        "Started",
        f"{text.when(run['started_at'], settings.zone)} ({settings.zone.key}), took {text.duration(run['duration_ms'])}",
    )
    yield "Outcome", joined(run["outcome"], value_text(run), run["reason"])
    yield "Status", joined(run["status"], f"attempt {run['attempt']}" if run["attempt"] > 1 else "")
    yield "Cost", cost_text(run)
    for other in detail.related:
        yield relation(run, other), f"{other['run_id']}  {text.safe(other['outcome'])}  {cost_text(other)}"
    if detail.related:
        everything = [run, *detail.related]
        known = sum((row["cost_usd"] or Decimal(0) for row in everything), Decimal(0))
        yield "Together", text.usd(known) + f" over {len(everything)} runs"


_FOR = (("tenant", "tenant"), ("customer", "customer"), ("team", "team"), ("cost center", "cost_center"))


def joined(*parts: str | None) -> str:
    """Write what there is of these, made harmless, with dots between."""
    return " · ".join(text.safe(part) for part in parts if part)


def value_text(run: Mapping[str, Any]) -> str:
    """Write the value of a run's outcome: `3 tickets_resolved`."""
    if run["value_type"] is None and run["value_amount"] is None:
        return ""
    amount = "" if run["value_amount"] is None else f"{run['value_amount']:g} "
    return f"{amount}{run['value_type'] or ''}".strip()


def cost_text(run: Mapping[str, Any]) -> str:
    """Write what a run cost, in how many calls, and whether that is all."""
    bound = "at least " if run["unpriced_calls"] and run["cost_usd"] is not None else ""
    unpriced = f", {run['unpriced_calls']} unpriced" if run["unpriced_calls"] else ""
    return f"{bound}{text.usd(run['cost_usd'])} in {run['calls']:,} calls{unpriced}"


def relation(run: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Say what another run is to this one."""
    if other["parent_run_id"] == run["run_id"]:
        return "Nested run"
    if run["parent_run_id"] == other["run_id"]:
        return "Inside run"
    return f"Attempt {other['attempt']}"


@dataclass(frozen=True, slots=True)
class _Line:
    guide: str
    name: str
    detail: str
    own: str
    total: str
    share: float
    style: str


def _tree_lines(detail: RunDetail, width: int) -> Iterator[Text]:
    whole = sum((root.total_usd for root in detail.roots), Decimal(0))
    lines = list(_limited(_walk(detail.roots, whole)))
    own, total = max((len(line.own) for line in lines), default=0), max((len(line.total) for line in lines), default=0)
    own, total = max(own, len("own")), max(total, len("total"))
    numbers = own + total + _BAR + 6
    names = max(min(max((_length(line) for line in lines), default=0), width - numbers), _NARROWEST)
    yield Text(f"{'Span':<{names}}  {'own':>{own}}  {'total':>{total}}  share", style="bold")
    for line in lines:
        left = Text.assemble(
            (line.guide, "dim"), (line.name, line.style), ("  " + line.detail if line.detail else "", "dim")
        )
        left.truncate(names, overflow="ellipsis", pad=True)
        yield Text.assemble(
            left, f"  {line.own:>{own}}  {line.total:>{total}}  ", (_bar(line.share), "cyan"), no_wrap=True
        )
    more = _count(detail.roots) - len(lines)
    if more > 0:
        yield Text(f"… and {more:,} more spans (shown: the first {_MOST_SPANS:,}; --format json has all)", style="dim")


def _length(line: _Line) -> int:
    return cell_len(line.guide) + cell_len(line.name) + (cell_len(line.detail) + 2 if line.detail else 0)


def _limited(lines: Iterator[_Line]) -> Iterator[_Line]:
    for index, line in enumerate(lines):
        if index == _MOST_SPANS:
            return
        yield line


def _walk(roots: list[SpanNode], whole: Decimal) -> Iterator[_Line]:
    # A stack, because a trace may be deeper than Python's.
    waiting = [(node, "", "") for node in reversed(roots)]
    while waiting:
        node, here, below = waiting.pop()
        yield _line(node, here, whole)
        last = len(node.children) - 1
        waiting += [
            (child, below + ("└─ " if index == last else "├─ "), below + ("   " if index == last else "│  "))
            for index, child in reversed(list(enumerate(node.children)))
        ]


def _line(node: SpanNode, guide: str, whole: Decimal) -> _Line:
    call = node.call
    mark = "✗ " if node.status == "error" else ""
    return _Line(
        guide=guide,
        name=mark + text.safe(node.name),
        detail=" · ".join(notes(node)),
        own=own_cost(node),
        total=total_cost(node),
        share=float(node.total_usd / whole) if whole else 0.0,
        style="red" if node.status == "error" else "dim" if call is not None and not call["counted"] else "",
    )


def notes(node: SpanNode) -> Iterator[str]:
    """Yield what there is to know of a span beside its cost."""
    yield text.duration(node.duration_ms)
    call = node.call
    if call is None:
        return
    tokens_in, tokens_out = (sum(call[meter] or 0 for meter in meters) for meters in (INPUT_METERS, OUTPUT_METERS))
    if tokens_in or tokens_out:
        cached = sum(call[meter] or 0 for meter in INPUT_METERS if meter.startswith("cache_read"))
        yield f"{tokens_in:,} in" + (f" ({cached:,} cached)" if cached else "") + f", {tokens_out:,} out"
    if call["attempt"] > 1:
        yield f"attempt {call['attempt']}"
    if not call["counted"]:
        yield f"not counted: {text.safe(call['not_counted_reason'])}"
    elif call["priced"] == "emitter":
        yield "price by the emitter"


def own_cost(node: SpanNode) -> str:
    """Write what a span's own call cost; empty where it has none."""
    if node.call is None or not node.call["counted"]:
        return ""
    return "free" if node.call["priced"] == "free" else text.usd(node.own_usd)


def total_cost(node: SpanNode) -> str:
    """Write what a span and all below it cost; empty where nothing there costs."""
    if not node.calls:
        return ""
    if node.unpriced and not node.total_usd:
        return text.UNPRICED
    return ("≥" if node.unpriced else "") + text.usd(node.total_usd)


def _bar(share: float) -> str:
    eighths = round(min(max(share, 0.0), 1.0) * _BAR * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")


def _count(roots: list[SpanNode]) -> int:
    total, waiting = 0, list(roots)
    while waiting:
        node = waiting.pop()
        total += 1
        waiting.extend(node.children)
    return total


def _call_lines(detail: RunDetail, settings: Settings, width: int | None) -> Iterator[Text]:
    from botanu_cli.table import table_lines

    rows = [{name: _call_value(row, name) for name in CALLS.fields} | {"calls": 1} for row in detail.calls]
    yield from table_lines(rows, [column for column in CALLS.columns if column.field != "run_id"], settings, width)
