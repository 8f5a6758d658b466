"""Makes OTLP JSON lines at any size, with the skew of real traffic: few use cases take most runs, few prompts most tokens.

    python benchmarks/generate.py 1250000 spans.jsonl     # runs; eight spans each

A run has four model calls, two database reads, one plain HTTP span and the run's own span, fifteen attributes a span on average.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

Json = dict[str, Any]
START = 1_795_000_000_000_000_000
MODELS = (
    ("openai", "gpt-4o-mini", 60),
    ("openai", "gpt-4o", 20),
    ("anthropic", "claude-sonnet-4-5", 15),
    ("gcp.vertex_ai", "gemini-2.5-flash", 5),
)
RESOURCE = {
    "service.name": "support-agent",
    "service.version": "1.2.0",
    "service.namespace": "shop",
    "service.instance.id": "a1b2c3",
    "telemetry.sdk.language": "python",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.version": "1.45.2",
    "deployment.environment.name": "production",
    "host.name": "worker-1",
    "os.type": "linux",
    "process.pid": 12,
}


def attribute(key: str, value: Any) -> Json:
    """Return one OTLP attribute."""
    kind = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}[type(value)]
    return {"key": key, "value": {kind: str(value) if kind == "intValue" else value}}


class Traffic:
    """A stream of runs; the same seed gives the same."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._now = START

    def run(self) -> list[Json]:
        """Return the spans of the next run."""
        chance = self._random
        self._now += int(chance.expovariate(1 / 50_000_000))
        trace, root, run_id = self._hex(32), self._hex(16), self._run_id()
        use_case = f"Use case {min(int(chance.paretovariate(1.2)), 40)}"
        ids = {"botanu.run_id": run_id, "botanu.use_case": use_case}
        spans = [self._call(trace, root, ids, position) for position in range(4)]
        spans += [self._query(trace, root, ids, position) for position in (4, 5)]
        http = {
            "http.request.method": "POST",
            "url.full": "https://shop.example/orders",
            "http.response.status_code": 200,
        }
        spans.append(
            self._span(trace, root, "POST", 3, 6, {**ids, **http, "server.address": "shop.example", "server.port": 443})
        )
        return [*spans, self._root(trace, root, ids)]

    def _root(self, trace: str, root: str, ids: Json) -> Json:
        chance = self._random
        good = chance.random() < 0.92
        said = {
            **ids,
            "botanu.workflow": "handle",
            "botanu.workflow.version": "v:abcdef012345",
            "botanu.environment": "production",
            "botanu.root_run_id": ids["botanu.run_id"],
            "botanu.attempt": 1,
            "botanu.run.start_time": "2026-11-18T11:06:40+00:00",
            "botanu.tenant_id": f"tenant-{min(int(chance.paretovariate(1.1)), 60)}",
            "botanu.customer_id": f"customer-{chance.randrange(5000)}",
            "botanu.outcome": "success" if good else "failed",
            "botanu.outcome.status": "success" if good else "failure",
            "botanu.outcome.value_type": "tickets_resolved",
            "botanu.outcome.value_amount": 1.0 if good else 0.0,
            "botanu.run.duration_ms": 950.0,
        }
        span = self._span(trace, "", f"botanu.run/{ids['botanu.use_case']}", 2, 0, said)
        return {**span, "spanId": root, "status": {"code": 1 if good else 2}}

    def _call(self, trace: str, root: str, ids: Json, position: int) -> Json:
        chance = self._random
        vendor, model, _ = chance.choices(MODELS, weights=[weight for _, _, weight in MODELS])[0]
        tokens = min(int(chance.paretovariate(1.2) * 300), 150_000)
        said = {
            **ids,
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": vendor,
            "gen_ai.request.model": model,
            "gen_ai.response.model": model,
            "gen_ai.response.id": f"chatcmpl-{self._hex(16)}",
            "gen_ai.usage.input_tokens": tokens,
            "gen_ai.usage.output_tokens": chance.randrange(1, 900),
            "botanu.vendor": vendor,
            "botanu.usage.cache_read_tokens": tokens // 3,
            "botanu.usage.cached_tokens": tokens // 3,
            "gen_ai.usage.cache_read.input_tokens": tokens // 3,
            "botanu.request.attempt": 1,
            "botanu.request.streaming": False,
        }
        return self._span(trace, root, f"chat {model}", 3, position, said)

    def _query(self, trace: str, root: str, ids: Json, position: int) -> Json:
        chance = self._random
        said = {
            **ids,
            "db.system": "postgresql",
            "db.operation": "SELECT",
            "db.name": "shop",
            "botanu.vendor": "postgresql",
            "botanu.data.rows_returned": chance.randrange(100),
            "botanu.data.bytes_read": chance.randrange(10_000),
            "botanu.data.duration_ms": 4.5,
        }
        return self._span(trace, root, "db.postgresql.select", 3, position, said)

    def _span(self, trace: str, parent: str, name: str, kind: int, position: int, said: Json) -> Json:
        start = self._now + position * 1_000_000
        return {
            "traceId": trace,
            "spanId": self._hex(16),
            "parentSpanId": parent,
            "name": name,
            "kind": kind,
            "startTimeUnixNano": str(start),
            "endTimeUnixNano": str(start + self._random.randrange(1_000_000, 900_000_000)),
            "attributes": [attribute(key, value) for key, value in said.items()],
            "status": {"code": 0},
        }

    def _hex(self, digits: int) -> str:
        return f"{self._random.getrandbits(digits * 4):0{digits}x}"

    def _run_id(self) -> str:
        stamp = f"{self._now // 1_000_000:012x}"
        return f"{stamp[:8]}-{stamp[8:]}-7{self._hex(3)}-8{self._hex(3)}-{self._hex(12)}"


def lines(runs: int, seed: int = 1, spans_in_line: int = 512) -> Iterator[bytes]:
    """Yield OTLP JSON lines that hold this many runs."""
    traffic, waiting = Traffic(seed), list[Json]()
    for _ in range(runs):
        waiting += traffic.run()
        if len(waiting) >= spans_in_line:
            yield _line(waiting)
            waiting = []
    if waiting:
        yield _line(waiting)


def _line(spans: list[Json]) -> bytes:
    scopes = [{"scope": {"name": "botanu", "version": "0.1.0"}, "spans": spans}]
    resource = {"attributes": [attribute(key, value) for key, value in RESOURCE.items()]}
    return orjson.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": scopes}]}) + b"\n"


def main() -> None:
    """Write a file of this many runs."""
    runs, path = int(sys.argv[1]), Path(sys.argv[2])
    with path.open("wb") as file:
        file.writelines(lines(runs))


if __name__ == "__main__":
    main()
