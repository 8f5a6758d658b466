"""Stores that are hard to show: names of every script, amounts nine digits apart, and as many runs as one asks for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.store.builders import START, Document, chat, document, run, span, write

NAMES = (
    "Customer Support",
    "客户支持工单处理",
    "دعم العملاء",
    "🎫 tickets 👨‍👩‍👧‍👦",
    "Cafe\u0301 Re\u0301servations",
    "ग्राहक सहायता",
    "שירות לקוחות",
    "カスタマー サポート",
    "Ünïcödé Straße",
    "a use case whose name was generated from the whole of the request that it answers, and is longer than any terminal is wide",
)
"""Names as people give them: wide, right-to-left, combining, joined, long."""

_MODELS = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "in-house-模型-7b")
_OUTCOMES = ("success", "success", "success", "partial", "failed")
_MINUTE = 60 * 10**9
_DEAREST = (0, 123_456_000)
"""Tokens in and out of gpt-4o that cost exactly $1,234.56 at $10 per million tokens out."""
_CHEAPEST = (14, 0)
"""Tokens in and out of gpt-4o-mini that cost exactly $0.0000021 at $0.15 per million tokens in."""


def scene(path: Path, runs: int) -> Path:
    """Write so many runs as OTLP: the first is the dearest, the second the cheapest, no two of the rest alike."""
    return write(path, *(document(_spans(number), service="shop") for number in range(runs)))


def _spans(number: int) -> Iterator[Document]:
    trace, root = f"{number + 1:032x}", f"{number + 1:016x}"
    name, start = NAMES[number % len(NAMES)], START - number * 97 * _MINUTE
    outcome = _OUTCOMES[number % len(_OUTCOMES)]
    yield run(
        trace, f"{(number * 2654435761) % 2**32:08x}{number:024x}", name, span_id=root, start=start, millis=100 + number**2,
        botanu__workflow=f"Workflow {NAMES[number * 3 % len(NAMES)]}", botanu__tenant_id=NAMES[number * 7 % len(NAMES)],
        botanu__outcome=outcome, botanu__outcome__status=outcome, botanu__outcome__value_type="tickets_resolved",
        botanu__outcome__value_amount=1, botanu__outcome__reason="timed out" if outcome == "failed" else "",
    )  # fmt: skip
    yield span(trace, root, name=f"{name}: plan", span_id=f"{number + 1:012x}a000", start=start)
    for index, (model, tokens) in enumerate(_calls(number)):
        identity = {"span_id": f"{number + 1:012x}b{index:03x}", "start": start + index * _MINUTE, "millis": 40 + index}
        vendor = "anthropic" if model.startswith("claude") else "openai"
        yield chat(
            trace, f"{number + 1:012x}a000", model=model, tokens=tokens, gen_ai__provider__name=vendor, **identity
        )


def _calls(number: int) -> list[tuple[str, tuple[int, int]]]:
    if number == 0:
        return [("gpt-4o", _DEAREST)]
    if number == 1:
        return [("gpt-4o-mini", _CHEAPEST)]
    tokens = (number * 7919 % 90_000, number * 104_729 % 3_000)
    return [(_MODELS[(number + index) % len(_MODELS)], tokens) for index in range(1 + number % 3)]
