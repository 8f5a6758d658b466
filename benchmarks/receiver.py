"""How much a receiver takes in: spans acknowledged and drained a second, the delay of an answer, and memory, sender included.

    python benchmarks/receiver.py [seconds] [spans a second]      # default 20 s, as fast as it goes

Starts `botanu serve` on free ports, sends requests of 512 spans over HTTP in protobuf from this process, and prints what a client saw.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

import requests
from botanu_store import open_store
from botanu_store.spool import Spool
from generate import lines

from store import as_protobuf

SPANS = 512


def prepared(count: int) -> list[bytes]:
    """Return that many requests of 512 spans, in protobuf."""
    return [as_protobuf(line) for line in lines(count * SPANS // 8, spans_in_line=SPANS)]


def serve(store: Path) -> tuple[subprocess.Popen[str], str]:
    """Start a receiver and return it and its address."""
    command = [
        sys.executable,
        "-m",
        "botanu_cli",
        "--store",
        str(store),
        "serve",
        "--http-port",
        "0",
        "--grpc-port",
        "0",
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    found = re.search(r"at (\S+) and", process.stderr.readline())
    assert found
    return process, found.group(1)


def resident_mib(pid: int) -> float:
    """Return the memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text("utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def send(url: str, bodies: list[bytes], seconds: float, rate: float) -> Iterator[float]:
    """Send requests for so long, at most at that rate, and yield how long each answer took."""
    started = time.perf_counter()
    with requests.Session() as session:
        for number, body in enumerate(bodies):
            now = time.perf_counter()
            if now - started > seconds:
                return
            if rate:
                time.sleep(max(0.0, started + number * SPANS / rate - now))
            asked = time.perf_counter()
            headers = {"content-type": "application/x-protobuf"}
            session.post(f"{url}/v1/traces", data=body, headers=headers, timeout=60).raise_for_status()
            yield time.perf_counter() - asked


def _drained(store: Path, answers: list[float]) -> tuple[float, int]:
    """Now, and how many of the spans acknowledged by now are in the store."""
    return time.perf_counter(), (len(answers) - len(Spool(store).segments())) * SPANS


def main() -> None:
    """Measure and print."""
    seconds = float(sys.argv[1]) if sys.argv[1:] else 20.0
    rate = float(sys.argv[2]) if sys.argv[2:] else 0.0
    bodies = prepared(int(seconds * (rate or 40_000) / SPANS))
    with tempfile.TemporaryDirectory() as name:
        store = Path(name) / "served.duckdb"
        process, url = serve(store)
        began, started = resident_mib(process.pid), time.perf_counter()
        answers, half = list[float](), None
        for answer in send(url, bodies, seconds, rate):
            answers.append(answer)
            if half is None and time.perf_counter() - started > seconds / 2:
                half = _drained(store, answers)
        end = _drained(store, answers)
        sent = time.perf_counter() - started
        ended = resident_mib(process.pid)
        process.send_signal(signal.SIGTERM)
        process.wait()
        spans = len(answers) * SPANS
        with open_store(store) as kept:
            found = kept.query("select count(*) as n from spans")[0]["n"]
    cuts = quantiles(answers, n=100)
    print(f"acknowledged   {spans / sent:8,.0f} spans/s   in requests of {SPANS}")
    if half:
        rate = (end[1] - half[1]) / (end[0] - half[0])
        behind = (spans - end[1]) / rate
        print(f"drained        {rate:8,.0f} spans/s   in the second half, {behind:.1f} s behind at the end")
    print(
        f"answer         p50 {cuts[49] * 1000:.1f} ms   p99 {cuts[98] * 1000:.1f} ms   max {max(answers) * 1000:.1f} ms"
    )
    print(f"memory         {began:.0f} MiB before, {ended:.0f} MiB after")
    print(f"in the store   {found:,} of {spans:,} acknowledged")


if __name__ == "__main__":
    main()
