"""`sync`: the collector's spans in ClickHouse become the very calls and runs that a local store makes of them, however and whenever they come."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botanu_store.clickhouse.server_store import Mirror
from botanu_store.clickhouse.sync import sync
from botanu_store.engines.clickhouse import Server
from botanu_store.errors import InputError, StoreUnusable
from botanu_store.reports.views import Views

from tests.store.builders import START, chat, document, run, span, trace_id
from tests.store.captures import CAPTURES
from tests.store.clickhouse import local, otel

pytestmark = pytest.mark.usefixtures("ready_made")

EVER = timedelta(days=3650)
HOUR = 3_600_000_000_000
VARIANTS = pytest.mark.parametrize("is_json", [False, True], ids=["map", "json"])


@VARIANTS
def test_samples_become_what_a_local_store_makes_of_them(
    server: Server, samples: Path, tmp_path: Path, is_json: bool
) -> None:
    """Every column of every call and run is equal, in both variants of the exporter's table."""
    given = local.documents(sorted(samples.glob("*.jsonl")))
    otel.create(server, is_json=is_json)
    otel.fill(server, given, is_json=is_json)
    sync(server)
    assert local.synced(server) == local.concluded(local.fill(tmp_path / "all.duckdb", given))


@pytest.mark.slow
@VARIANTS
def test_captures_of_real_libraries_become_what_a_local_store_makes_of_them(
    server: Server, tmp_path: Path, is_json: bool
) -> None:
    """Attributes that arrive as text, numbers and arrays too, say the same to every dialect."""
    if not CAPTURES.is_dir():
        pytest.skip("the captures are not at hand")
    given = [d for d in local.documents(sorted(CAPTURES.glob("*.jsonl"))) if "resourceSpans" in d]
    otel.create(server, is_json=is_json)
    otel.fill(server, given, is_json=is_json)
    sync(server)
    assert local.synced(server) == local.concluded(local.fill(tmp_path / "all.duckdb", given))


def test_a_second_sync_finds_nothing_to_do(server: Server, samples: Path) -> None:
    """What was concluded is not concluded again, though the overlap is looked through again."""
    otel.create(server)
    otel.fill(server, local.documents(sorted(samples.glob("*.jsonl"))))
    assert sync(server, overlap=EVER).runs == 24
    before = local.synced(server)
    again = sync(server, overlap=EVER)
    assert (again.spans, again.runs, again.calls) == (0, 0, 0)
    assert local.synced(server) == before


@pytest.mark.parametrize("seed", range(2))
def test_spans_may_come_in_any_order_and_more_than_once(
    server: Server, samples: Path, tmp_path: Path, seed: int
) -> None:
    """Synced after each of several pieces, some delivered twice, the result is that of all at once."""
    chance = random.Random(seed)
    given = [single for whole in local.documents(sorted(samples.glob("*.jsonl"))) for single in _single(whole)]
    chance.shuffle(given)
    otel.create(server)
    for first in range(0, len(given), 40):
        otel.fill(server, given[first : first + 40] + chance.sample(given[: first + 40], 5))
        sync(server, overlap=EVER)
    assert local.synced(server) == local.concluded(local.fill(tmp_path / "all.duckdb", given))


def _single(whole: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A document for each span of one."""
    return [
        {"resourceSpans": [{**group, "scopeSpans": [{**scoped, "spans": [each]}]}]}
        for group in whole["resourceSpans"]
        for scoped in group["scopeSpans"]
        for each in scoped["spans"]
    ]


def test_a_history_of_many_days_is_read_at_once(server: Server) -> None:
    """A server refuses rows of more than a hundred days at a time unless it is told otherwise: few runs a day over months are a batch."""
    day = 86_400_000_000_000
    otel.create(server)
    otel.fill(server, [document([chat(trace_id(), start=START - number * day) for number in range(130)])])
    assert sync(server).runs == 130
    assert sync(server, overlap=EVER).runs == 0


def test_a_run_that_spans_several_traces_is_made_of_all_of_them(server: Server) -> None:
    """A trace that arrives later changes the run's row, and its calls join those of the first trace."""
    first, second = trace_id(), trace_id()
    otel.create(server)
    otel.fill(server, [document([run(first, "r1"), chat(first, botanu__run_id="r1")])])
    sync(server)
    otel.fill(server, [document([chat(second, start=START + 10**9, botanu__run_id="r1")], service="other")])
    sync(server)
    found = local.synced(server)
    assert [(row["run_id"], row["spans"]) for row in found["runs"]] == [("r1", 3)]
    assert [row["run_id"] for row in found["calls"]] == ["r1", "r1"]


def test_what_is_no_longer_so_is_gone(server: Server) -> None:
    """A call that stood for its trace moves to the run that a late parent names, and the trace is no run any more than it would have been at once."""
    trace = trace_id()
    parent = run(trace, "r1", start=START - 86_400_000_000_000, span_id="00000000000000aa")
    otel.create(server)
    otel.fill(server, [document([chat(trace, "00000000000000aa")])])
    sync(server)
    assert [row["run_id"] for row in local.synced(server)["runs"]] == [trace]
    otel.fill(server, [document([parent])])
    sync(server, overlap=EVER)
    found = local.synced(server)
    assert [row["run_id"] for row in found["runs"]] == ["r1"]
    assert [row["run_id"] for row in found["calls"]] == ["r1"]
    assert server.rows("select run_id, calls from botanu_run_usage final") == [{"run_id": "r1", "calls": 1}]


def test_spans_older_than_the_overlap_are_found_when_asked_for(server: Server) -> None:
    """A sync looks back as far as its overlap; `since` looks at all from a moment on."""
    otel.create(server)
    otel.fill(server, [document([chat(trace_id())])])
    sync(server)
    otel.fill(server, [document([chat(trace_id(), start=START - 86_400_000_000_000)])])
    assert sync(server).runs == 0
    assert sync(server, since_ns=START - 2 * 86_400_000_000_000).runs == 1


def test_nothing_is_skipped_by_asking_for_a_later_moment(server: Server) -> None:
    """`since` after the last span read looks again at nothing, and leaves out nothing: no later sync would find what is between."""
    otel.create(server)
    otel.fill(server, [document([chat(trace_id())])])
    sync(server)
    otel.fill(server, [document([chat(trace_id(), start=START + hours * HOUR)]) for hours in (10, 20)])
    assert sync(server, since_ns=START + 15 * HOUR).runs == 2


def test_a_span_that_lasted_hours_is_found_when_it_has_ended(server: Server) -> None:
    """The span of a run is written last and tells when it began, long before what the sync before had read."""
    trace = trace_id()
    otel.create(server)
    otel.fill(
        server, [document([chat(trace, start=START + number * HOUR, botanu__run_id="r1")]) for number in range(5)]
    )
    sync(server)
    otel.fill(server, [document([run(trace, "r1", start=START - HOUR, millis=6 * 3_600_000)])])
    sync(server)
    assert [(row["spans"], row["outcome"]) for row in local.synced(server)["runs"]] == [(6, "success")]
    assert sync(server).runs == 0


def test_a_clock_that_is_fast_hides_no_span(server: Server) -> None:
    """A span of the day after tomorrow is read, and so is what comes after it from all who know the time; nor is a report behind for it."""
    now = time.time_ns()
    otel.create(server)
    otel.fill(server, [document([chat(trace_id(), start=now + 48 * HOUR)])])
    assert sync(server).runs == 1
    assert behind(server) is None
    otel.fill(server, [document([chat(trace_id(), start=now - 60_000_000_000)])])
    assert sync(server).runs == 1
    assert sync(server).runs == 0


def behind(server: Server) -> datetime | None:
    """Up to when spans were synced, if there are later ones."""
    return Mirror(server, Views(None, None), is_published=True).behind()


def test_a_run_whose_spans_expired_stays_as_it_was(server: Server) -> None:
    """When retention has taken spans that a run rests on, a late span does not make the run smaller."""
    trace = trace_id()
    otel.create(server)
    otel.fill(
        server, [document([run(trace, "r1"), chat(trace, botanu__run_id="r1"), chat(trace, botanu__run_id="r1")])]
    )
    sync(server)
    before = local.synced(server)
    server.run("truncate table otel_traces")
    otel.fill(
        server, [document([span(trace, botanu__run_id="r1", start=START + 10**9), span(trace, botanu__run_id="r1")])]
    )
    server.run(
        "insert into botanu_traces (run_id, trace_id, hour, found, concluded) values ('r1', $trace, toStartOfHour(fromUnixTimestamp64Nano($at)), 9, 0)",
        {"trace": trace, "at": START},
    )
    assert sync(server).kept == 1
    assert local.synced(server) == before


def test_a_killed_sync_is_taken_up_where_it_was(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whichever statement was the last, the next sync ends with the same rows and concludes only what is missing."""
    given = [document([run(t := trace_id(), f"r{n}"), chat(t, botanu__run_id=f"r{n}")]) for n in range(40)]
    wanted = local.concluded(local.fill(tmp_path / "all.duckdb", given))
    monkeypatch.setattr("botanu_store.clickhouse.sync.BATCH_SPANS", 20)
    otel.create(server)
    otel.fill(server, given)
    statements = 0
    while True:
        try:
            sync(_Dying(server, after=statements), overlap=EVER)  # type: ignore[arg-type]
            break
        except ConnectionAbortedError:
            statements += 3
    assert statements > 20
    assert local.synced(server) == wanted


class _Dying:
    """A server that is gone after some statements that write."""

    def __init__(self, server: Server, after: int) -> None:
        self._server, self._left = server, after

    def __getattr__(self, name: str) -> Any:
        if name in ("run", "insert"):
            if not self._left:
                raise ConnectionAbortedError
            self._left -= 1
        return getattr(self._server, name)


def test_a_table_that_is_none_of_the_exporter_s_is_refused(server: Server) -> None:
    """Without the table, or with another's of that name, the message says what to do."""
    with pytest.raises(StoreUnusable, match=r"There is no table otel_traces\. Let the collector"):
        sync(server)
    server.run("create table mine (Timestamp DateTime64(9)) engine = MergeTree order by tuple()")
    with pytest.raises(StoreUnusable, match="mine has no column Duration"):
        sync(server, table="mine")
    with pytest.raises(InputError, match="is no name of a table"):
        sync(server, table="x; drop table mine")
