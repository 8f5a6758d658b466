"""Damage real traces at random and take them in: `python benchmarks/fuzz.py --minutes 10 [--seed N]`.

Each case is a trace file, JSON or protobuf, plain or packed, with bytes flipped, cut, repeated, swapped for hostile ones or for parts of
another file. Of each case is asked: no exception, no more than a few seconds, every piece in or named, and a good span beside it kept. What
a case finds is written to `--finds`; a crash of the process leaves its case there too. Finds become tests in `test_hostile.py`.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import zstandard
from botanu_store.engines.duckdb import connect, migrate
from botanu_store.ingest.ingester import Ingester
from botanu_store.otlp.sources import Piece, read_stream

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.store.builders import as_protobuf, chat, document, log_document, trace_id
from tests.store.captures import CAPTURES
from tests.store.test_logs import api_request, api_response, completed

SAMPLES = Path(__file__).parents[1] / "sample_traces"
LONGEST_SECONDS = 5.0
BATCH = 16
HOSTILE = [
    *(b"NaN", b"-Infinity", b"1e999", b"-1", b"9223372036854775808", b"18446744073709551615", b"0", b"null", b"true", b"[]", b"{}", b'""'),
    *(b"253402300799000000000", b"-62135596800000000000", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b"\\u0000"),
    *(b"'; drop table spans; --", b"\x1b]0;title\x07\x1b[2J", b"=cmd|' /C calc'!A0", "\u202e\u0661\u0662".encode()),
    *(b"[" * 2000, b'{"a":' * 500, b'"' + b"A" * 70_000 + b'"', b"\x0a\xff\xff\xff\xff\x0f", b"\x12\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
    *(b'"key":"gen_ai.usage.input_tokens","value":{"doubleValue":"NaN"}', b'"traceId":""', b'"spanId":"zz"', b'"kind":-5'),
]  # fmt: skip

Damage = Callable[[random.Random, bytearray, list[bytes]], None]


def flip(chance: random.Random, data: bytearray, _: list[bytes]) -> None:
    """Change one byte."""
    data[chance.randrange(len(data))] = chance.randrange(256)


def cut(chance: random.Random, data: bytearray, _: list[bytes]) -> None:
    """Take some bytes out."""
    start = chance.randrange(len(data))
    del data[start : start + chance.choice((1, 2, 8, 100, 5000))]


def put(chance: random.Random, data: bytearray, _: list[bytes]) -> None:
    """Put something hostile somewhere."""
    at = chance.randrange(len(data))
    data[at:at] = chance.choice(HOSTILE)


def replace_word(chance: random.Random, data: bytearray, _: list[bytes]) -> None:
    """Put something hostile where a number or a word was, as far as one can tell."""
    at = chance.randrange(len(data))
    start = max(data.rfind(b":", 0, at), data.rfind(b",", 0, at)) + 1
    ends = [end for end in (data.find(mark, start) for mark in (b",", b"}", b"]")) if end > start]
    data[start : min(ends, default=start + 1)] = chance.choice(HOSTILE)


def repeat(chance: random.Random, data: bytearray, _: list[bytes]) -> None:
    """Say a part twice, or many times."""
    start = chance.randrange(len(data))
    part = bytes(data[start : start + chance.randrange(1, 400)])
    data[start:start] = part * chance.choice((1, 1, 2, 50))


def splice(chance: random.Random, data: bytearray, others: list[bytes]) -> None:
    """Go on as another file."""
    other = chance.choice(others)
    start = chance.randrange(len(data))
    data[start:] = other[chance.randrange(len(other)) :][:50_000]


DAMAGES: tuple[Damage, ...] = (flip, flip, cut, put, replace_word, replace_word, repeat, splice)


def corpus() -> tuple[list[bytes], list[bytes]]:
    """Lines of real traces as JSON, and the same as protobuf."""
    found = [
        line
        for path in sorted([*CAPTURES.glob("*.jsonl"), *SAMPLES.glob("*.jsonl")])
        for line in path.read_bytes().splitlines()[:3]
        if len(line) < 60_000 and b'"resourceSpans"' in line
    ]
    logs = [json.dumps(log_document([make()])).encode() for make in (api_request, completed, api_response)] * 3
    return [*found, *logs], [as_protobuf(json.loads(line)) for line in (*found, *logs)]


def cases(seed: int) -> Iterator[bytes]:
    """Damaged files without end."""
    chance = random.Random(seed)
    documents, messages = corpus()
    while True:
        pool = chance.choice((documents, messages))
        data = bytearray(chance.choice(pool))
        for _ in range(chance.choice((1, 1, 2, 3, 8))):
            if data:
                chance.choice(DAMAGES)(chance, data, pool)
        whole = bytes(data)
        if chance.random() < 0.1:
            packed = bytearray(chance.choice((gzip.compress, zstandard.compress))(whole))
            if chance.random() < 0.5:
                flip(chance, packed, pool)
            whole = bytes(packed)
        yield whole


class Taker:
    """Takes cases into one database in memory, emptied for each."""

    def __init__(self) -> None:
        self._con = connect(None)
        migrate(self._con, None)

    def take_in(self, cases: list[bytes]) -> str:
        """Take in damaged files and a good span; return what is wrong with what came of it."""
        for table in ("spans", "calls", "runs"):
            self._con.execute(f"delete from {table}")
        good = chat(trace_id())
        neighbour = Piece("json", json.dumps(document([good])).encode(), "good", "line 1")
        started = time.process_time()
        ingester = Ingester(self._con)
        ingester.ingest([*(piece for case in cases for piece in read_stream(io.BytesIO(case), "case")), neighbour])
        seconds, result = time.process_time() - started, ingester.result
        faults = {
            "the good span is gone": self._count(f"spans where trace_id = '{good['traceId']}'") != 1,
            "a call of the good span is gone": self._count(f"calls where trace_id = '{good['traceId']}'") != 1,
            "a span is there twice": self._count("(select 1 from spans group by trace_id, span_id having count(*) > 1)")
            > 0,
            "a count is negative": self._count("calls where least(input_tokens, output_tokens, emitter_usd) < 0") > 0,
            "a piece stopped the ingest": any("stops this version" in r.reason for r in result.rejected),
            "counts do not add up": result.spans != result.new + result.duplicates,
            f"it took {seconds:.0f} seconds": seconds > LONGEST_SECONDS,
        }
        return "; ".join(fault for fault, found in faults.items() if found)

    def _count(self, what: str) -> int:
        return int(self._con.execute(f"select count(*) from {what}").fetchall()[0][0])


def main() -> int:
    """Fuzz for some minutes; return how many finds there were."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--finds", type=Path, default=Path("fuzz-finds"))
    wanted = parser.parse_args()
    wanted.finds.mkdir(exist_ok=True)
    print(f"seed {wanted.seed}")
    done = finds = 0
    ends = time.monotonic() + wanted.minutes * 60
    running, taker, damaged = wanted.finds / "running.bin", Taker(), cases(wanted.seed)
    while time.monotonic() < ends:
        batch = [next(damaged) for _ in range(BATCH)]
        running.write_bytes(b"\n\n".join(batch))
        if fault_of(taker, batch):
            taker = Taker()
            for place, case in enumerate(batch):
                if fault := fault_of(taker, [case]):
                    taker, finds = Taker(), finds + 1
                    (wanted.finds / f"{wanted.seed}-{done + place}.bin").write_bytes(case)
                    print(f"case {done + place}: {fault[:300]}", flush=True)
        done += BATCH
    running.unlink(missing_ok=True)
    print(f"{done} cases, {finds} finds")
    return finds


def fault_of(taker: Taker, batch: list[bytes]) -> str:
    """Return what is wrong with what comes of these cases; any exception is."""
    try:
        return taker.take_in(batch)
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    sys.exit(bool(main()))
