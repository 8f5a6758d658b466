"""Calls that are told of in several traces, in ClickHouse: counted once, in the rows of a local store that has all the spans, however and whenever they came."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from botanu_store.clickhouse import linked
from botanu_store.clickhouse.sync import sync
from botanu_store.engines.clickhouse import Server

from tests.store.builders import START, Document
from tests.store.captures import CAPTURES
from tests.store.clickhouse import local, otel
from tests.store.told_twice import APP, WORLDS, any_world, app, by_client, by_gateway, client, gateway, many

pytestmark = pytest.mark.usefixtures("ready_made")

EVER = timedelta(days=3650)
DAY_NS = 86_400_000_000_000


@pytest.fixture
def at_once(tmp_path: Path) -> Callable[[Sequence[Document]], local.Rows]:
    """What a local store makes of documents that come all at once."""
    return lambda given: local.concluded(local.fill(tmp_path / "all.duckdb", given))


def test_a_sync_counts_once_what_several_traces_tell(
    server: Server, at_once: Callable[[Sequence[Document]], local.Rows]
) -> None:
    """Also when the second half comes first, to a sync of its own; the next sync finds nothing to do."""
    worlds = [at_another_time(world, 120 * number) for number, world in enumerate(WORLDS.values())]
    whole = [document for world in worlds for document in world]
    halves = [[document for world in worlds for document in world[len(world) // 2 :]]]
    halves += [[document for world in worlds for document in world[: len(world) // 2]]]
    wanted = at_once(whole)
    for parts in ([whole], halves):
        server.run("drop table if exists otel_traces")
        for table in ("traces", "told", "links", "calls", "runs", "run_usage"):
            server.run(f"drop table if exists botanu_{table}")
        otel.create(server)
        for part in parts:
            otel.fill(server, part)
            sync(server, overlap=EVER)
        assert local.synced(server) == wanted
        again = sync(server, overlap=EVER)
        assert (again.spans, again.runs, again.calls) == (0, 0, 0)
        assert local.synced(server) == wanted


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 6))])
def test_spans_in_any_order_give_the_calls_of_all_at_once(
    server: Server, at_once: Callable[[Sequence[Document]], local.Rows], seed: int
) -> None:
    """Of any programs, synced after each of several pieces, some of them delivered again."""
    chance = random.Random(seed)
    given = any_world(chance)
    wanted = at_once(given)
    chance.shuffle(given)
    otel.create(server)
    while given:
        size = chance.randint(1, 8)
        otel.fill(server, [*given[:size], *chance.sample(given[:size], 1)])
        del given[:size]
        sync(server, overlap=EVER)
    assert local.synced(server) == wanted


def test_runs_are_added_up_from_the_calls_that_count(server: Server) -> None:
    """What a run used and cost is of its own calls, and of none that another trace's stand for."""
    otel.create(server)
    for part in WORLDS["placed_by_its_run"]:
        otel.fill(server, [part])
        sync(server, overlap=EVER)
    found = server.rows("select run_id, calls, input_tokens + cached_tokens as tokens from botanu_run_usage final")
    assert [(row["run_id"], row["calls"]) for row in found] == [("run-1", 1)]


def test_the_other_side_may_come_long_after(
    server: Server, at_once: Callable[[Sequence[Document]], local.Rows]
) -> None:
    """A gateway's spans, sent again when months of others were synced, are found by a sync from that day on."""
    otel.create(server)
    later = by_client(*(client("x", start=START + day * DAY_NS) | {"spanId": f"{day:016x}"} for day in range(1, 4)))
    otel.fill(server, [app(), by_client(client())])
    sync(server)
    otel.fill(server, [later])
    sync(server)
    otel.fill(server, [by_gateway(gateway())])
    assert sync(server).runs == 0
    assert sync(server, since_ns=START - DAY_NS).runs == 1
    assert local.synced(server) == at_once([app(), by_client(client()), later, by_gateway(gateway())])


@pytest.mark.parametrize("most", [2, 3, 40])
def test_as_many_traces_as_in_a_local_store_are_looked_at_together(
    server: Server, at_once: Callable[[Sequence[Document]], local.Rows], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Where they are more, each stands for itself, in both."""
    monkeypatch.setattr("botanu_store.ingest.linked._MOST_TOGETHER", most)
    given = many()
    otel.create(server)
    otel.fill(server, given)
    sync(server)
    assert local.synced(server) == at_once(given)


def test_calls_are_compared_across_the_parts_they_are_compared_in(
    server: Server, at_once: Callable[[Sequence[Document]], local.Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call told of before the minute is over and once more after it, and one whose answer is named an hour later."""
    monkeypatch.setattr(linked, "WINDOW_CALLS", 1)
    edge = START - START % 60_000_000_000 + 60_000_000_000
    given = [
        by_client(client("", start=edge - 1_000_000, millis=800)),
        by_gateway(gateway("", start=edge + 1_000_000, millis=700)),
        by_client(client("r2", start=edge + 10**9, millis=3_000_000) | {"traceId": "c" * 32, "spanId": "3" * 16}),
        by_gateway(gateway("r2", start=edge + 2_900 * 10**9) | {"traceId": "d" * 32, "spanId": "4" * 16}),
    ]
    otel.create(server)
    otel.fill(server, given)
    sync(server)
    wanted = at_once(given)
    assert sum(row["counted"] for row in wanted["calls"]) == 2
    assert local.synced(server) == wanted


def test_a_run_whose_other_trace_expired_stays_as_it_was(server: Server) -> None:
    """A late span of one side does not make its call count again, when retention has taken the side that it is a repeat of."""
    otel.create(server)
    otel.fill(server, [app(), by_client(client()), by_gateway(gateway())])
    sync(server)
    before = local.synced(server)
    assert [row["counted"] for row in before["calls"]] == [True, False]
    server.run(f"alter table otel_traces delete where TraceId = '{APP}' settings mutations_sync = 1")
    otel.fill(server, [by_gateway(gateway() | {"spanId": "9" * 16, "attributes": []})])
    assert sync(server).kept == 2
    assert local.synced(server) == before


@pytest.mark.slow
def test_captures_of_linked_traces_come_to_the_same_piece_by_piece(
    server: Server, at_once: Callable[[Sequence[Document]], local.Rows]
) -> None:
    """Those of real libraries that tell of calls in traces of their own, a part of each to each sync."""
    if not CAPTURES.is_dir():
        pytest.skip("the captures are not at hand")
    given = [d for d in local.documents(sorted(CAPTURES.glob("*.jsonl"))) if "resourceSpans" in d]
    wanted = at_once(given)
    random.Random(1).shuffle(given)
    otel.create(server)
    for first in range(0, len(given), len(given) // 5 + 1):
        otel.fill(server, given[first : first + len(given) // 5 + 1])
        sync(server, overlap=EVER)
    assert local.synced(server) == wanted


class Meddling(Server):
    """A session in which something happens before the statement of this number that writes."""

    def __init__(self, server: Server, before: int, happens: Callable[[], None]) -> None:
        super().__init__(server._client, str(server))
        self.left, self._happens = before, happens

    def run(self, text: str, parameters: Any = None) -> None:
        """Run a statement that returns nothing."""
        self._count()
        super().run(text, parameters)

    def insert(self, table: str, rows: pa.Table) -> None:
        """Insert rows."""
        self._count()
        super().insert(table, rows)

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            self._happens()


class Beside(Server):
    """Another session: one of this engine's shares its temporary tables, which those of a server do not."""

    def rows(self, text: str, parameters: Any = None) -> list[dict[str, Any]]:
        """Query."""
        return super().rows(_own(text), parameters)

    def arrow(self, text: str, parameters: Any = None) -> pa.Table:
        """Query."""
        return super().arrow(_own(text), parameters)

    def run(self, text: str, parameters: Any = None) -> None:
        """Run."""
        super().run(_own(text), parameters)

    def insert(self, table: str, rows: pa.Table) -> None:
        """Insert."""
        super().insert(_own(table), rows)


def _own(text: str) -> str:
    return re.sub(r"\b(due|owed|groups|hours|uncompared|paired)\b", r"beside_\1", text)


@pytest.mark.slow
def test_a_sync_killed_anywhere_is_taken_up(
    server: Server, at_once: Callable[[Sequence[Document]], local.Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the calls and their links, between these and what follows from them: whichever statement was the last, the next sync ends with the same rows."""
    monkeypatch.setattr("botanu_store.clickhouse.sync.BATCH_SPANS", 4)
    given, statement, is_killed = list[Document](), 12, True

    def die() -> None:
        nonlocal is_killed
        is_killed = True
        raise ConnectionAbortedError

    otel.create(server)
    while is_killed:
        is_killed = False
        statement += 4
        new = at_another_time(WORLDS["told_three_times"], statement)
        otel.fill(server, new)
        given += new
        with suppress(ConnectionAbortedError):
            sync(Meddling(server, statement, die))
        sync(server)
    assert statement > 35
    assert local.synced(server) == at_once(given)


def at_another_time(given: Sequence[Document], number: int) -> list[Document]:
    """The same calls so many minutes later, in other traces and runs."""
    text = re.sub(r"([a-c])\1{31}", lambda found: f"{found[1] * 8}{number:024x}", json.dumps(given))
    text = text.replace('"run-1"', f'"run-{number}"')
    return json.loads(re.sub(r"\b\d{19}\b", lambda found: str(int(found[0]) + number * 60 * 10**9), text))


@pytest.mark.parametrize("statement", range(14, 50, 7))
def test_two_syncs_at_once_do_no_harm(
    server: Server, at_once: Callable[[Sequence[Document]], local.Rows], statement: int
) -> None:
    """Whatever the slower one still writes of what it knew before: a link that the other found stays."""
    given = WORLDS["told_three_times"]
    otel.create(server)
    otel.fill(server, given[:-1])

    def meanwhile() -> None:
        otel.fill(server, given[-1:])
        sync(Beside(server._client, str(server)), overlap=EVER)

    sync(meddling := Meddling(server, statement, meanwhile), overlap=EVER)
    if meddling.left > 0:
        meanwhile()
    assert local.synced(server) == at_once(given)
