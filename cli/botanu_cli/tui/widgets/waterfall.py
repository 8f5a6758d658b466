"""The spans of a run as rows: a tree that folds, what each cost, and when it ran."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from textual.content import Content

from botanu_cli import text
from botanu_cli.layout import Column
from botanu_cli.run_page import notes, own_cost, total_cost
from botanu_cli.tui.widgets.columns import Drawn, Picture, Row
from botanu_cli.tui.widgets.pictures import EIGHTHS

if TYPE_CHECKING:
    from botanu_store.reports.tree import SpanNode

_MEASURED = 200
"""Rows that the tree is measured by: a trace may have a hundred thousand."""

_DEEPEST = 10
"""Levels drawn with lines of their own; deeper ones begin with how deep they are."""


def span_rows(roots: Sequence[SpanNode], folded: set[str]) -> list[Row]:
    """Return a row for every span in sight, in order of the tree."""
    # A stack, because a trace may be deeper than Python's.
    waiting = [(node, "", "", 0) for node in reversed(roots)]
    rows: list[Row] = []
    while waiting:
        node, here, below, depth = waiting.pop()
        hidden = node.span_id in folded and bool(node.children)
        rows.append(_row(node, here if depth <= _DEEPEST else f"↳{depth} ", hidden=hidden))
        last = len(node.children) - 1
        waiting += (
            []
            if hidden
            else [
                (
                    child,
                    below + ("└─ " if index == last else "├─ "),
                    below + ("   " if index == last else "│  "),
                    depth + 1,
                )
                for index, child in reversed(list(enumerate(node.children)))
            ]
        )
    return rows


def _row(node: SpanNode, guide: str, *, hidden: bool) -> Row:
    return {
        "node": node,
        "span_id": node.span_id,
        "guide": guide,
        "hidden": hidden,
        "own": own_cost(node),
        "total": total_cost(node),
        "calls": 1,
    }


def span_columns(roots: Sequence[SpanNode], rows: Sequence[Row]) -> tuple[Drawn, ...]:
    """Return the columns: the tree, own and cumulative cost, and the time from the first span to the last."""
    longest = max((_label(row).cell_length for row in rows[:_MEASURED]), default=0)
    nodes = list(_all(roots))
    begin = min((node.started_at for node in nodes), default=None)
    took = max((_offset(begin, node) + node.duration_ms for node in nodes), default=0.0) if begin else 0.0

    def waterfall(row: Row, width: int) -> Content:
        node: SpanNode = row["node"]
        return _bar(node, _offset(begin, node), took, width)

    return (
        Picture("Span", _tree, least=26, most=min(max(longest, 26), 64), keep=10, words=True),
        Column("own", "Own", "figure", keep=8),
        Column("total", "Total", "figure", keep=9),
        Picture(f"0 … {text.duration(took)}", waterfall, least=22, most=200, keep=7),
    )


def _all(roots: Sequence[SpanNode]) -> Iterator[SpanNode]:
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.children)


def _offset(begin: datetime | None, node: SpanNode) -> float:
    return 0.0 if begin is None else (node.started_at - begin).total_seconds() * 1000


def _tree(row: Row, width: int) -> Content:
    said = _label(row)
    length = said.cell_length
    return said.truncate(width, ellipsis=True) if length > width else said.pad_right(width - length)


def _label(row: Row) -> Content:
    node: SpanNode = row["node"]
    failed, left_out = node.status == "error", node.call is not None and not node.call["counted"]
    sign = "✗ " if failed else "○ " if left_out else "▸ " if row["hidden"] else ""
    style = "$text-error" if failed else "$foreground 60%" if left_out else "bold" if node.call else ""
    said = Content.assemble((row["guide"], "$foreground 35%"), (sign + text.safe(node.name), style))
    _, *rest = notes(node)
    if rest:
        said = Content.assemble(said, ("  " + " · ".join(rest), "$foreground 60%"))
    return said


def _bar(node: SpanNode, offset: float, took: float, width: int) -> Content:
    """A bar from when a span began to when it ended, with how long that was beside it."""
    scale = width / took if took else 0.0
    left = min(int(offset * scale), width - 1)
    eighths = max(round((offset + node.duration_ms) * scale * 8) - left * 8, 1)
    whole, rest = divmod(min(eighths, (width - left) * 8), 8)
    style = "$error" if node.status == "error" else "$primary" if node.call else "$foreground 35%"
    drawn = [(" " * left, ""), (" " * whole, f"on {style}"), (EIGHTHS[rest] if rest else "", style)]
    if node.call is None:
        # Only calls are solid: what lies around them is a line.
        drawn[1:] = [("━" * (whole + bool(rest)), style), ("", "")]
    used = left + whole + bool(rest)
    said = text.duration(node.duration_ms)
    if used + len(said) + 1 <= width:
        return Content.assemble(*drawn, (" " + said.ljust(width - used - 1), "$foreground 60%"))
    if left > len(said):
        drawn[0] = ((said + " ").rjust(left), "$foreground 60%")
    return Content.assemble(*drawn, " " * (width - used))


def ids(row: Row | None) -> dict[str, str] | None:
    """Return what a trace viewer's address can name of a row."""
    if row is None:
        return None
    node: Any = row["node"]
    return {"trace_id": node.trace_id, "span_id": node.span_id}
