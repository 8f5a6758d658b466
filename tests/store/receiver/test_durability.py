"""What was acknowledged is never lost, and nothing is there twice: kill, restart, full spool, a store in use, a dead child."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest
import requests
from botanu_store.spool import Spool

from tests.store.receiver.conftest import Serve, Served, ids, request


class Load:
    """Threads that send all the time, and remember what was acknowledged."""

    def __init__(self, url: str, threads: int = 4) -> None:
        self.acknowledged: list[str] = []
        self._url, self._ended = url, threading.Event()
        self._documents = (request(20) for _ in itertools.count())
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._send) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop sending."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        with requests.Session() as session:
            while not self._ended.is_set():
                with self._lock:
                    document = next(self._documents)
                # As an exporter does: the same request again until somebody takes it.
                while not self._taken(session, document) and not self._ended.is_set():
                    time.sleep(0.05)

    def _taken(self, session: requests.Session, document: dict[str, object]) -> bool:
        try:
            if session.post(self._url + "/v1/traces", json=document, timeout=10).status_code != 200:
                return False
        except requests.RequestException:
            return False
        self.acknowledged += ids(document)
        return True


def _restarted(serve: Serve, served: Served, how: int) -> Served:
    served.process.send_signal(how)
    served.process.wait(30)
    return serve(again=served)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_killed_or_stopped_under_load_it_has_each_acknowledged_span_once(serve: Serve, how: int) -> None:
    """Four clients send without a break while it dies or stops three times; all that they were told is kept is there once."""
    chance = random.Random(how)
    served = serve()
    load = Load(served.url)
    for _ in range(3):
        time.sleep(chance.uniform(0.1, 0.8))
        served = _restarted(serve, served, how)
    time.sleep(0.3)
    load.end()
    found = served.spans()
    assert len(load.acknowledged) > 100
    assert len(found) == len(set(found))
    assert set(load.acknowledged) <= set(found)


def test_a_full_spool_is_retryable_and_loses_nothing(serve: Serve, tmp_path: Path) -> None:
    """While another process holds the store the spool fills to its bound, then clients wait; later all is there."""
    store = tmp_path / "served.duckdb"
    holder = duckdb.connect(str(store))
    served = serve(limits="Limits(spool_bytes=200_000)")
    sent, kept = 0, list[str]()
    while (answer := served.post(document := request(50))).status_code == 200:
        kept += ids(document)
        sent += 1
        assert sent < 100, "the spool has no bound"
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert kept
    holder.close()
    assert served.spans() == sorted(kept)


@pytest.mark.parametrize("limits", ["requests=0", "held_bytes=10"])
def test_too_many_requests_at_once_are_told_to_come_back(serve: Serve, limits: str) -> None:
    """Beyond what may be written at once, or held in memory, a request is refused for the moment and nothing of it is kept."""
    served = serve(limits=f"Limits({limits})")
    answer = served.post(request())
    assert (answer.status_code, int(answer.headers["retry-after"])) == (429, 1)
    assert served.spans() == []


def test_a_spool_that_cannot_be_written_is_retryable(serve: Serve) -> None:
    """Nothing is acknowledged when the disk refuses; the client is told to come back, and finds it works again."""
    served = serve()
    folder = Spool(served.store).folder
    folder.rename(folder.with_name("away"))
    folder.write_text("in the way")
    answer = served.post(request())
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    folder.unlink()
    good = request()
    assert served.post(good).status_code == 200
    assert served.spans() == ids(good)


def test_the_child_that_drains_is_replaced_when_it_dies(serve: Serve) -> None:
    """Spans go on reaching the store while the receiver runs, whatever happens to its child."""
    served = serve()
    _await(lambda: len(_children(served)) == 1)
    (first,) = _children(served)
    os.kill(first, signal.SIGKILL)
    _await(lambda: _children(served) not in ([], [first]))
    good = request()
    served.post(good)
    _await(lambda: not Spool(served.store).segments())
    assert served.spans() == ids(good)


def test_the_child_ends_with_its_receiver(serve: Serve) -> None:
    """A receiver that is killed leaves no process behind."""
    served = serve()
    _await(lambda: len(_children(served)) == 1)
    (child,) = _children(served)
    served.stop(signal.SIGKILL)
    _await(lambda: not Path(f"/proc/{child}/cmdline").exists() or not Path(f"/proc/{child}/cmdline").read_bytes())


def test_ctrl_c_is_an_ordinary_end(serve: Serve) -> None:
    """An interrupt stops it as a termination does, with exit code 0 and all spans in the store."""
    served = serve()
    good = request(5)
    served.post(good)
    assert served.stop(signal.SIGINT) == 0
    assert not Spool(served.store).segments()
    assert served.spans() == ids(good)


def test_a_stop_that_its_child_hears_too_is_as_graceful(serve: Serve) -> None:
    """Supervisors, and `timeout`, send their signal to all processes of a group; the last drain takes place all the same."""
    served = serve()
    _await(lambda: len(_children(served)) == 1)
    (child,) = _children(served)
    _await(lambda: _ignores(child, signal.SIGINT))
    good = request(5)
    served.post(good)
    os.kill(child, signal.SIGTERM)
    assert served.stop(signal.SIGTERM) == 0
    assert not Spool(served.store).segments()
    assert served.spans() == ids(good)


def _ignores(process: int, number: int) -> bool:
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    ignored = next(line.split()[1] for line in status.splitlines() if line.startswith("SigIgn:"))
    return bool(int(ignored, 16) >> (number - 1) & 1)


def _children(served: Served) -> list[int]:
    listed = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text("utf-8")
    return [int(word) for word in listed.split()]


def _await(condition: object, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_reports_work_while_it_receives(serve: Serve) -> None:
    """Another process reads the same store between two drains."""
    served = serve()
    load = Load(served.url, threads=1)
    try:
        for _ in range(3):
            command = [sys.executable, "-m", "botanu_cli", "--store", str(served.store), "runs", "list", "-f", "json"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, done.stderr
    finally:
        load.end()
