"""Makes a month of believable runs as OTLP JSON lines, always the same ones: what the pictures and tests of the dashboard show.

python benchmarks/month.py month.jsonl
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
from generate import Json, attribute

END = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
DAYS = 35
TENANTS = ("acme", "globex", "initech", "umbrella", "stark")
REASONS = ("timeout talking to CRM", "no answer found", "policy violation", "handed to a human")


@dataclass(frozen=True)
class UseCase:
    """What one kind of run does, how often a day, and what it is worth."""

    name: str
    value_type: str | None
    a_day: int
    models: tuple[tuple[str, str], ...]
    tokens: float
    """Logarithm of the median of input tokens a call."""


USE_CASES = (
    UseCase("Customer Support", "tickets_resolved", 34, (("openai", "gpt-4o-mini"), ("openai", "gpt-4o")), 7.6),
    UseCase("Document Processing", "documents_processed", 12, (("anthropic", "claude-sonnet-4-5"),), 9.2),
    UseCase(
        "Code Review",
        "reviews_completed",
        9,
        (("anthropic", "claude-sonnet-4-5"), ("anthropic", "claude-haiku-4-5")),
        7.6,
    ),
    UseCase("Sales Outreach", "replies_usd", 7, (("openai", "gpt-4o"), ("gcp.vertex_ai", "gemini-2.5-flash")), 7.6),
    UseCase(
        "Research", None, 3, (("openai", "o3"), ("gcp.vertex_ai", "gemini-2.5-pro"), ("in-house", "in-house-7b")), 7.8
    ),
)


class Month:
    """Runs of some days up to the end; the same seed gives the same."""

    def __init__(self, seed: int = 7) -> None:
        self._random = random.Random(seed)

    def runs(self, days: int = DAYS) -> Iterator[list[Json]]:
        """Yield the spans of each run, day by day."""
        for number in range(days):
            day = (END - timedelta(days=days - 1 - number)).replace(hour=0, minute=0)
            busy = (1.0 if day.weekday() < 5 else 0.35) * (1 + 0.02 * number)
            for use_case in USE_CASES:
                for _ in range(int(use_case.a_day * busy * self._random.uniform(0.7, 1.3))):
                    second = min(86_300.0, max(0.0, self._random.gauss(13.5, 3.2) * 3600))
                    started = day + timedelta(seconds=int(second))
                    spans = self._run(use_case, started)
                    if started < END:
                        yield spans

    def _run(self, use_case: UseCase, started: datetime) -> list[Json]:
        chance = self._random
        trace, root = self._hex(32), self._hex(16)
        milliseconds = f"{int(started.timestamp() * 1000):012x}"
        run_id = f"{milliseconds[:8]}-{milliseconds[8:]}-7{self._hex(3)}-a{self._hex(3)}-{self._hex(12)}"
        ids = [attribute("botanu.run_id", run_id), attribute("botanu.use_case", use_case.name)]
        begin = int(started.timestamp()) * 1_000_000_000
        spans, now = list[Json](), begin + 20_000_000
        for _ in range(chance.choice((1, 2, 2, 3, 4))):
            for name, kind, took, attributes, failed in self._steps(use_case):
                status = {"code": 2, "message": "rate limited"} if failed else {}
                spans.append(_span(trace, self._hex(16), root, name, kind, now, took, [*ids, *attributes], status))
                now += took + chance.randint(2, 60) * 1_000_000
        return [*spans, self._root(use_case, trace, root, ids, begin, now - begin)]

    def _steps(self, use_case: UseCase) -> Iterator[tuple[str, int, int, list[Json], bool]]:
        """A model call, and now and then a query."""
        chance = self._random
        vendor, model = chance.choices(use_case.models, weights=(60, 30, 1)[: len(use_case.models)])[0]
        tokens, answered = int(chance.lognormvariate(use_case.tokens, 0.6)), int(chance.lognormvariate(5.4, 0.6))
        failed = chance.random() < 0.03
        yield (
            f"chat {model}",
            3,
            int(chance.lognormvariate(7.2, 0.5) * 1e6),
            [
                attribute("gen_ai.operation.name", "chat"),
                attribute("gen_ai.provider.name", vendor),
                attribute("gen_ai.request.model", model),
                attribute("gen_ai.response.model", model),
                attribute("gen_ai.usage.input_tokens", tokens),
                attribute("gen_ai.usage.output_tokens", 0 if failed else answered),
                attribute("gen_ai.usage.cache_read.input_tokens", int(tokens * chance.choice((0, 0, 0.5, 0.8)))),
            ],
            failed,
        )
        if chance.random() < 0.5:
            query = [attribute("db.system.name", "postgresql"), attribute("db.operation.name", "SELECT")]
            yield "SELECT orders", 3, chance.randint(3, 90) * 1_000_000, query, False

    def _root(self, use_case: UseCase, trace: str, root: str, ids: list[Json], begin: int, took: int) -> Json:
        failed = self._random.random() < 0.09
        said = {
            "botanu.workflow": use_case.name.lower().replace(" ", "_"),
            "botanu.tenant_id": self._random.choice(TENANTS),
            "botanu.environment": "production",
            "botanu.outcome": "failed" if failed else "success",
            "botanu.outcome.status": "failure" if failed else "success",
            **self._worth(use_case, failed=failed),
        }
        status = {"code": 2, "message": "failed"} if failed else {"code": 1}
        attributes = [*ids, *(attribute(key, value) for key, value in said.items())]
        return _span(trace, root, "", f"botanu.run/{use_case.name}", 1, begin, took, attributes, status)

    def _worth(self, use_case: UseCase, *, failed: bool) -> Json:
        reason, amount = self._random.choice(REASONS), self._random.choice((1.0, 1.0, 1.0, 2.0))
        if failed:
            return {"botanu.outcome.reason": reason}
        if use_case.value_type is None:
            return {}
        worth = amount - 1 if use_case.value_type.endswith("usd") else amount
        return {"botanu.outcome.value_type": use_case.value_type, "botanu.outcome.value_amount": worth}

    def _hex(self, length: int) -> str:
        return f"{self._random.getrandbits(length * 4):0{length}x}"


def _span(
    trace: str,
    span: str,
    parent: str,
    name: str,
    kind: int,
    begin: int,
    took: int,
    attributes: list[Json],
    status: Json,
) -> Json:
    return {
        "traceId": trace,
        "spanId": span,
        "parentSpanId": parent,
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(begin),
        "endTimeUnixNano": str(begin + took),
        "attributes": attributes,
        "status": status,
    }


def write(path: Path, days: int = DAYS) -> None:
    """Write the runs as OTLP JSON lines, one run a line."""
    with path.open("wb") as file:
        for spans in Month().runs(days):
            service = spans[-1]["name"].removeprefix("botanu.run/").split()[0].lower() + "-agent"
            resource = {"attributes": [attribute("service.name", service)]}
            scoped = {"scope": {"name": "botanu"}, "spans": spans}
            file.write(orjson.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [scoped]}]}) + b"\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
