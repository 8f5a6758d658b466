"""One run on a page: who, when, outcome and cost, then the tree of its spans or the list of its calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botanu_store.records import INPUT_METERS, OUTPUT_METERS
from rich.cells import cell_len
from rich.text import Text

from botanu_cli import output, text
from botanu_cli.layouts import CALLS, RUNS
from botanu_cli.table import fitted, table_lines

if TYPE_CHECKING:
    from botanu_store.reports.tree import RunDetail, SpanNode

    from botanu_cli.settings import Settings

_BAR = 10
_LABEL = 13
_MOST_SPANS = 2000
_NARROWEST = 12
_WITH_BARS = 60
"""A narrower terminal has no room for the bars of shares."""


def render(detail: RunDetail, settings: Settings, *, width: int | None, color: bool, flat: bool) -> str:
    """Return the page as text; with `flat`, the list of calls instead of the tree."""
    body = _call_lines(detail, settings, width) if flat else _tree_lines(detail, width)
    basis = output.prose(output.coverage_line(detail.report), width)
    return output.printed([*_header(detail, settings, width), "", *body, *basis], width=width, color=color)


def as_json(detail: RunDetail) -> str:
    """Return the run, its calls, its linked runs and its tree as one JSON document."""
    document = output.as_json(detail.report, RUNS)
    document["schema"] = "botanu.run/1"
    document["calls"] = [{name: output.plain(_call_value(row, name)) for name in CALLS.fields} for row in detail.calls]
    document["related"] = [{name: output.plain(row.get(name)) for name in RUNS.fields} for row in detail.related]
    document["spans"] = [_node_json(node) for node in detail.roots]
    return output.json_text(document)


def _call_value(row: dict[str, Any], name: str) -> Any:
    if name in ("started_at", "ended_at"):
        from botanu_store.times import moment

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


def _header(detail: RunDetail, settings: Settings, width: int | None) -> Iterator[Text]:
    run = detail.run
    yield from output.prose(f"Run {text.safe(run['run_id'])}", width, style="bold")
    for label, value in _facts(detail, settings):
        if value:
            first, *more = output.prose(" " * _LABEL + value, width, indent=_LABEL, style="")
            yield Text.assemble((f"  {label:<{_LABEL - 2}}", "dim"), first[_LABEL:])
            yield from more


def _facts(detail: RunDetail, settings: Settings) -> Iterator[tuple[str, str]]:
    run = detail.run
    yield "Use case", joined(run["use_case"], run["workflow"], run["workflow_version"])
    yield "For", joined(*(f"{name.replace('_', ' ')} {run[name]}" for name in _FOR if run[name]))
    yield "Where", joined(run["service"], run["environment"], run["region"])
    yield (
        "Started",
        f"{text.when(run['started_at'], settings.zone)} ({settings.zone.key}), took {text.duration(run['duration_ms'])}",
    )
    yield "Outcome", joined(run["outcome"], value_text(run), run["reason"])
    yield "Status", joined(run["status"], f"attempt {run['attempt']}" if run["attempt"] > 1 else "")
    yield "Cost", cost_text(run)
    for other in detail.related:
        yield relation(run, other), f"{text.safe(other['run_id'])}  {text.safe(other['outcome'])}  {cost_text(other)}"
    if detail.related:
        everything = [run, *detail.related]
        known = sum((row["cost_usd"] or Decimal(0) for row in everything), Decimal(0))
        yield "Together", text.usd(known) + f" over {len(everything)} runs"


_FOR = ("tenant", "customer", "user", "session", "team", "cost_center")


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
    return f"{bound}{text.usd(run['cost_usd'])} in {text.counted(run['calls'], 'call')}{unpriced}"


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
    notes: tuple[str, ...]
    own: str
    total: str
    share: float
    style: str


def _tree_lines(detail: RunDetail, width: int | None) -> Iterator[Text]:
    whole = sum((root.total_usd for root in detail.roots), Decimal(0))
    lines = _aligned(_limited(_walk(detail.roots, whole)))
    own, total = (max([len(name), *(len(getattr(line, name)) for line in lines)]) for name in ("own", "total"))
    share = "" if width is not None and width < _WITH_BARS else "  share"
    names = max((_length(line) for line in lines), default=0)
    if width is not None:
        names = max(min(names, width - own - total - 4 - (_BAR + 2 if share else 0)), _NARROWEST)
    yield Text(f"{'Span':<{names}}  {'own':>{own}}  {'total':>{total}}{share}", style="bold")
    for line in lines:
        bar = ("  " + _bar(line.share), "cyan") if share else ""
        yield Text.assemble(
            _left(line, names, screen=width is not None),
            f"  {line.own:>{own}}  {line.total:>{total}}",
            bar,
            no_wrap=True,
        )
    more = _count(detail.roots) - len(lines)
    if more > 0:
        yield from output.prose(
            f"… and {more:,} more spans (shown: the first {_MOST_SPANS:,}; --format json has all)", width
        )


def _left(line: _Line, width: int, *, screen: bool) -> Text:
    """What a line is of, and as many notes on it as there is room for; none is cut in the middle."""
    room = width - cell_len(line.guide)
    name = fitted(line.name, max(room, 1))
    left = Text.assemble((fitted(line.guide, width), "dim"), (text.ended(name) if screen else name, line.style))
    for index, note in enumerate(line.notes):
        written = (" · " if index else "  ") + note
        rest = 2 if index < len(line.notes) - 1 else 0
        if left.cell_len + cell_len(written) + rest > width:
            left.append(" …" if left.cell_len + 2 <= width else "", style="dim")
            break
        left.append(written, style="dim")
    return left.append(" " * (width - left.cell_len))


def _aligned(lines: Iterable[_Line]) -> list[_Line]:
    found = list(lines)
    owns, totals = (text.aligned([getattr(line, name) for line in found]) for name in ("own", "total"))
    return [replace(line, own=own, total=total) for line, own, total in zip(found, owns, totals, strict=True)]


def _length(line: _Line) -> int:
    return (
        cell_len(line.guide) + cell_len(line.name) + sum(cell_len(note) + 3 for note in line.notes) - bool(line.notes)
    )


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
        notes=tuple(notes(node)),
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
    rows = [{name: _call_value(row, name) for name in CALLS.fields} | {"calls": 1} for row in detail.calls]
    yield from table_lines(rows, [column for column in CALLS.columns if column.field != "short_id"], settings, width)
