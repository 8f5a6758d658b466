"""When things break: the program never raises, never waits past the bound, never loses what was flushed; losses are counted."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opentelemetry import trace

import botanu
from botanu.exporters.segment import write_owned, write_segment
from botanu.sdk.exporting import FLUSH_SECONDS
from botanu.tracking.llm import track_llm_call
from tests.sdk.conftest import Collector, Store

Python = Callable[..., subprocess.CompletedProcess[str]]


def runs(count: int) -> None:
    """So many runs, one span each."""
    for _ in range(count):
        with botanu.run("S"):
            pass


@pytest.fixture
def nowhere() -> str:
    """The URL of a port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1/traces"


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1/traces"


def test_collector_down(nowhere: str, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """With the collector down: no exception, an end within the bound, one warning, and the loss is counted."""
    botanu.enable("x", nowhere, store=store.path, schedule_delay_millis=20, auto_instrument=False)
    runs(10)
    time.sleep(0.1)
    runs(10)
    started = time.monotonic()
    botanu.disable()

    assert time.monotonic() - started < 1
    assert len(store.runs()) == 20
    assert store.dropped("not_sent") == 20
    about_us = [record.getMessage() for record in caplog.records if nowhere in record.getMessage()]
    assert about_us == [f"{nowhere} does not take spans; they are dropped until it does"]
    assert not [record for record in caplog.records if record.name.startswith("opentelemetry")]


def test_collector_that_never_answers(silent: str, store: Store) -> None:
    """A collector that hangs holds neither the program nor its end past the bound, and the store gets everything."""
    botanu.enable("x", silent, store=store.path, schedule_delay_millis=20, auto_instrument=False)
    started = time.monotonic()
    runs(50)
    assert time.monotonic() - started < 1
    botanu.disable()

    assert time.monotonic() - started < FLUSH_SECONDS + 3
    assert len(store.runs()) == 50
    assert store.dropped("not_sent") == 50


def test_a_run_does_not_wait_longer_for_its_spans(
    silent: str, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With `flush_after_run` a collector that hangs holds up a run no longer than the bound, by one thread in all, and the store gets everything."""
    for module in ("pipeline", "exporting"):
        monkeypatch.setattr(f"botanu.sdk.{module}.FLUSH_SECONDS", 0.2)
    botanu.enable("x", silent, store=store.path, flush_after_run=True, auto_instrument=False)
    threads = threading.active_count()
    started = time.monotonic()
    runs(5)

    assert time.monotonic() - started < 3
    assert len(store.runs()) == 5
    assert threading.active_count() <= threads + 1
    assert caplog.records == []


@pytest.mark.parametrize("status", [400, 401, 500, 503])
def test_collector_that_refuses(status: int, collector: Collector, store: Store) -> None:
    """A 4xx or 5xx answer is a counted loss, and nothing more; when the collector recovers, spans arrive again."""
    collector.status = status
    options = {"schedule_delay_millis": 60_000, "auto_instrument": False}
    botanu.enable("x", collector.endpoint, store=store.path, **options)  # type: ignore[arg-type]
    runs(5)
    started = time.monotonic()
    botanu.disable()
    assert time.monotonic() - started < 2
    assert store.dropped("not_sent") == 5
    collector.status = 200
    botanu.enable("x", collector.endpoint, store=store.path, **options)  # type: ignore[arg-type]
    runs(5)
    botanu.disable()

    assert len(collector.spans) == 5
    assert store.dropped("not_sent") == 5


def test_a_full_queue_drops_and_counts(store: Store, silent: str, caplog: pytest.LogCaptureFixture) -> None:
    """A queue that fills faster than it empties loses the oldest spans, counted, without blocking or a word a span."""
    options = {"max_queue_size": 10, "max_export_batch_size": 10, "auto_instrument": False}
    botanu.enable("x", silent, store=store.path, **options)  # type: ignore[arg-type]
    started = time.monotonic()
    runs(500)

    assert time.monotonic() - started < 2
    botanu.disable()
    assert store.dropped("not_sent") > 100
    assert len([record for record in caplog.records if record.levelname != "DEBUG"]) <= 2


def test_counting_what_a_full_queue_drops_waits_for_no_disk(
    store: Store, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk is what is slow, and the queue is full for that, a span that ends does not wait for the disk to count it."""
    writers = set()

    def slow(path: Path, payload: bytes) -> None:
        writers.add(threading.current_thread())
        time.sleep(0.02)
        write_owned(path, payload)

    monkeypatch.setattr("botanu.exporters.quota.write_owned", slow)
    monkeypatch.setattr("botanu.sdk.exporting.FLUSH_SECONDS", 0.2)
    options = {"max_queue_size": 10, "max_export_batch_size": 10, "auto_instrument": False}
    botanu.enable("x", silent, store=store.path, **options)  # type: ignore[arg-type]
    runs(300)

    assert threading.current_thread() not in writers
    botanu.disable()
    # A span that ends while the queue is emptied may be counted, though there is room for it by then.
    assert store.dropped("not_sent") == pytest.approx(300, abs=20)


def test_an_unwritable_spool(tmp_path: Path, python: Python) -> None:
    """A spool in a place that cannot be written: the program works, says one warning, and ends well."""
    (tmp_path / "in the way").write_text("")
    ended = python(
        "import botanu\n"
        "botanu.enable('x', store='in the way/botanu.duckdb', schedule_delay_millis=10, auto_instrument=False)\n"
        "import time\n"
        "for _ in range(5):\n"
        "    with botanu.run('S'): time.sleep(0.02)\n"
        "print('went on')"
    )

    assert ended.stdout == "went on\n"
    assert ended.stderr.count("\n") == 1
    assert "dropped" in ended.stderr


def test_a_full_disk(store: Store, python: Python) -> None:
    """A write that fails half-way leaves nothing behind, counts the loss, and the next one goes through."""
    ended = python(
        "import botanu, os, errno\n"
        "from botanu.exporters import segment\n"
        f"botanu.enable('x', store={str(store.path)!r}, flush_after_run=True, auto_instrument=False)\n"
        "with botanu.run('before'): pass\n"
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))\n"
        "with botanu.run('lost'): pass\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))\n"
        "with botanu.run('after'): pass\n"
    )

    assert [run["botanu.use_case"] for run in store.runs()] == ["before", "after"]
    assert store.dropped() == 1
    assert not list(store.spool.glob(".*.jsonl"))
    assert "File too large" in ended.stderr


def test_a_failing_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever interrupts the writing of a segment, neither it nor its temporary file is left."""

    def no_space(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        write_segment(tmp_path / "spool", b"x")

    assert list((tmp_path / "spool").iterdir()) == []


def test_a_fork_keeps_exporting(store: Store, python: Python) -> None:
    """After a fork the child exports its own runs and the parent its own, none twice."""
    python(
        "import botanu, os\n"
        f"botanu.enable('x', store={str(store.path)!r}, auto_instrument=False)\n"
        "with botanu.run('before'): pass\n"
        "child = os.fork()\n"
        "with botanu.run('child' if child == 0 else 'parent'): pass\n"
        "if child: os.waitpid(child, 0)\n"
    )

    assert sorted(run["botanu.use_case"] for run in store.runs()) == ["before", "child", "parent"]


def test_children_of_multiprocessing(store: Store, python: Python) -> None:
    """Children of multiprocessing, which end without atexit, leave their runs; in a pool of forked workers too."""
    python(
        "import botanu, multiprocessing\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        f"botanu.enable('x', store={str(store.path)!r}, auto_instrument=False)\n"
        "@botanu.use_case('child')\n"
        "def work(n=0): return n\n"
        "fork = multiprocessing.get_context('fork')\n"
        "child = fork.Process(target=work); child.start(); child.join()\n"
        "with ProcessPoolExecutor(2, mp_context=fork) as pool: assert sum(pool.map(work, range(5))) == 10\n"
    )

    assert [run["botanu.use_case"] for run in store.runs()] == ["child"] * 6


def test_gunicorns_pre_fork(store: Store, tmp_path: Path, python: Python) -> None:
    """Enabled in gunicorn's master, each worker exports the runs it served."""
    (tmp_path / "served.py").write_text(
        "import botanu, os\n"
        f"botanu.enable('x', store={str(store.path)!r}, schedule_delay_millis=50, auto_instrument=False)\n"
        "def app(environ, start_response):\n"
        "    with botanu.run('Serve') as run:\n"
        "        start_response('200 OK', [('x-pid', str(os.getpid()))])\n"
        "        return [run.run_id.encode()]\n",
        "utf-8",
    )
    ended = python(
        "import os, re, signal, subprocess, sys, time, urllib.request\n"
        "server = subprocess.Popen([sys.executable, '-m', 'gunicorn', '--preload', '-w', '2', '-b', '127.0.0.1:0', 'served:app'],"
        " stderr=subprocess.PIPE, text=True)\n"
        "port = next(m[1] for m in (re.search(r'127.0.0.1:(\\d+)', line) for line in server.stderr) if m)\n"
        "for _ in range(20):\n"
        "    print(urllib.request.urlopen(f'http://127.0.0.1:{port}/').read().decode())\n"
        "server.terminate(); server.communicate(timeout=20)\n"
    )

    assert sorted(ended.stdout.split()) == sorted(run["botanu.run_id"] for run in store.runs())
    assert len(ended.stdout.split()) == 20


def test_an_end_in_the_middle(store: Store, python: Python) -> None:
    """A program that ends by an exception, by sys.exit or with threads still running leaves its runs."""
    for end in (
        "raise SystemExit(0)",
        "import sys; sys.exit()",
        "import threading; threading.Timer(0.2, lambda: None).start()",
    ):
        python(
            f"import botanu\nbotanu.enable('x', store={str(store.path)!r}, auto_instrument=False)\nwith botanu.run('S'): pass\n{end}"
        )
    broken = python(
        f"import botanu\nbotanu.enable('x', store={str(store.path)!r}, auto_instrument=False)\nwith botanu.run('S'): 1 / 0",
        check=False,
    )

    assert broken.returncode == 1
    assert len(re.findall("Traceback", broken.stderr)) == 1
    assert [run["botanu.outcome"] for run in store.runs()] == ["success", "success", "success", "failed"]


def test_runs_while_stopping(store: Store) -> None:
    """Runs that are open when botanu is disabled end without an error, and trackers go on doing nothing."""
    botanu.enable("x", store=store.path, auto_instrument=False)
    with botanu.run("open"), track_llm_call("openai", "m"):
        botanu.disable()
        runs(1)

    assert store.spans == []


def test_grpc(store: Store, python: Python) -> None:
    """OTEL_EXPORTER_OTLP_PROTOCOL=grpc sends by gRPC to a real server."""
    ended = python(
        "import grpc, botanu, concurrent.futures\n"
        "from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as messages\n"
        "from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as service\n"
        "got = []\n"
        "class Servicer(service.TraceServiceServicer):\n"
        "    def Export(self, request, context):\n"
        "        got.extend(s.name for r in request.resource_spans for c in r.scope_spans for s in c.spans)\n"
        "        return messages.ExportTraceServiceResponse()\n"
        "server = grpc.server(concurrent.futures.ThreadPoolExecutor(1))\n"
        "service.add_TraceServiceServicer_to_server(Servicer(), server)\n"
        "port = server.add_insecure_port('127.0.0.1:0'); server.start()\n"
        "botanu.enable('x', f'http://127.0.0.1:{port}', auto_instrument=False)\n"
        "with botanu.run('S'): pass\n"
        "botanu.disable(); print(got); server.stop(0).wait()",
        OTEL_EXPORTER_OTLP_PROTOCOL="grpc",
    )

    assert ended.stdout == "['botanu.run/S']\n"


def test_memory_is_flat(store: Store) -> None:
    """A hundred thousand runs without an SDK, and thousands with one, leave nothing behind in the process."""
    import gc
    import tracemalloc

    botanu.enable("x", store=store.path, schedule_delay_millis=10, auto_instrument=False)
    runs(2000)
    gc.collect()
    tracemalloc.start()
    runs(200)
    time.sleep(0.1)
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    runs(3000)
    botanu.disable()
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    assert after - before < 1_000_000


def test_text_that_cannot_be_sent(collector: Collector, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Half an emoji, which cut texts have, costs itself or its own span: the rest of the batch arrives, and nothing is logged."""
    botanu.enable("x", collector.endpoint, store=store.path, auto_instrument=False)
    runs(20)
    with botanu.run("S"):
        botanu.set_business_context(customer_id="\ud83d")
    with pytest.raises(ValueError, match="cut"), botanu.run("S"):
        raise ValueError("cut \ud83d")
    with botanu.run("\ud83d"):
        pass
    trace.get_tracer("x").start_span(object()).end()  # type: ignore[arg-type]
    botanu.disable()

    assert len(collector.spans) == 22
    assert len(store.runs()) == 23
    assert (store.dropped("not_sent"), store.dropped()) == (2, 1)
    assert [record.getMessage() for record in caplog.records if record.name != "botanu"] == []


def test_each_folder_that_was_made_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A segment in folders that did not exist is there after the machine dies: each of them is synced where its name stands."""
    synced: list[Path] = []
    monkeypatch.setattr("botanu.exporters.segment.sync_folder", synced.append)
    folder = tmp_path / "a" / "b" / "s.duckdb.spool"

    write_segment(folder, b"{}\n")

    assert set(synced) == {tmp_path, tmp_path / "a", tmp_path / "a" / "b", folder}


def test_a_folder_that_is_gone(python: Python) -> None:
    """A program whose working folder was deleted under it, as deployments do, starts and goes on; its store is by a relative path."""
    said = python(
        """
import os, tempfile
os.chdir(gone := tempfile.mkdtemp())
os.rmdir(gone)
import botanu
print(botanu.enable("x", store="s.duckdb", auto_instrument=False))
with botanu.run("S"):
    pass
botanu.disable()
"""
    )

    assert said.stdout == "True\n"
    assert said.stderr.count("dropped") == 1
