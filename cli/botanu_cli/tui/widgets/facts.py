"""All there is to know of one span: what it was, what was counted and why not, what each meter cost, and its attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from botanu_cli import text

if TYPE_CHECKING:
    from botanu_store.reports.report import Row
    from botanu_store.reports.tree import SpanNode

_LONGEST = 400
_LABEL = "$foreground 60%"


class Facts(VerticalScroll):
    """The panel beside the tree."""

    def compose(self) -> ComposeResult:
        """Lay out one text that scrolls."""
        yield Static()

    def show(self, node: SpanNode, charges: Sequence[Row]) -> None:
        """Show a span with what its call was charged."""
        self.query_one(Static).update(Content("\n").join(_lines(node, charges)))
        self.scroll_home(animate=False)


def _lines(node: SpanNode, charges: Sequence[Row]) -> Iterator[Content]:
    yield Content.styled(_short(node.name), "bold")
    if node.call is not None:
        yield from _call(node.call, charges)
    if node.status == "error":
        yield Content.styled("✗ " + (_short(node.status_message) or "failed"), "$text-error")
    yield Content.styled(" · ".join(_short(part) for part in (node.kind, node.service, node.scope) if part), _LABEL)
    for key, value in sorted(node.attributes.items()):
        yield Content.assemble((_short(key) + "  ", _LABEL), _short(value))


def _call(call: Mapping[str, Any], charges: Sequence[Row]) -> Iterator[Content]:
    what = " · ".join(_short(call[name]) for name in ("category", "vendor", "model", "operation") if call[name])
    if not call["counted"]:
        yield Content(what)
        yield Content.styled(f"Not counted: {_short(call['not_counted_reason'])}", "$text-warning")
        if call["duplicate_of"]:
            yield Content.assemble(("in favour of span ", _LABEL), _short(call["duplicate_of"]))
        return
    yield Content.assemble((_cost(call), "bold"), "  ", what)
    for charge in charges:
        yield from _charge(charge)
    yield Content.styled(_PRICED[call["priced"]], _LABEL)
    if call["emitter_usd"] is not None and call["priced"] != "emitter":
        yield Content.assemble(("the emitter says ", _LABEL), text.usd(call["emitter_usd"]))


_PRICED = {
    "yes": "from the price book",
    "emitter": "as its emitter says; no price is known here",
    "free": "free of charge",
    "no": "at least in part without a price: botanu prices unpriced",
}


def _cost(call: Mapping[str, Any]) -> str:
    return text.usd_at_least(call["cost_usd"], call["priced"] == "no")


def _charge(charge: Row) -> Iterator[Content]:
    amount: Decimal | None = charge["amount_usd"]
    yield Content.assemble(
        f"{charge['quantity']:,} {_short(charge['meter']).replace('_', ' ')}",
        ("  = ", _LABEL),
        text.usd(amount) if amount is not None else (text.UNPRICED, "$text-warning"),
    )
    if charge["published_usd"] is not None:
        price = f"  {text.usd(charge['published_usd'])} per {_short(charge['published_unit'])}, "
        yield Content.styled(price + _short(charge["price_source"]), _LABEL)
    elif charge["unit_usd"] is not None and charge["priced"] == "yes":
        yield Content.styled(f"  {text.exact(charge['unit_usd'])} USD each, by your settings", _LABEL)


def _short(said: object) -> str:
    shown = text.safe(said)
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"
