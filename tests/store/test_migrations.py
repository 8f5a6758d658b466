"""Stores of every schema that was ever released go on working; see schemas/keep.py for how one is kept."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from botanu_store import open_store
from botanu_store.engines import duckdb as engine
from botanu_store.engines.duckdb import SCHEMA_VERSION, connect, store_in_memory
from botanu_store.errors import StoreUnusable
from botanu_store.filters import Filters

from tests.store.builders import chat, document, spool, trace_id, write
from tests.store.schemas import keep

KEPT = keep.HERE
VERSIONS = sorted(int(folder.name) for folder in KEPT.iterdir() if folder.name.isdigit())


def rebuilt(version: int, store: Path) -> list[dict[str, object]]:
    """Make a store of a kept version, as it was then, and return the calls in it."""
    folder = KEPT / str(version)
    with duckdb.connect(str(store), config={"storage_compatibility_version": "v1.5.0"}) as con:
        con.execute((folder / "schema.sql").read_text())
        for file in folder.glob("*.jsonl"):
            types = con.execute(f"select column_name, column_type from (describe {file.stem})").fetchall()
            columns = ", ".join(f"'{name}': '{kind}'" for name, kind in types)
            con.execute(f"insert into {file.stem} from read_json('{file}', columns = {{{columns}}}, format = 'nd')")
    return [json.loads(line) for line in (folder / "calls.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_store_of_an_older_schema_goes_on(tmp_path: Path, version: int) -> None:
    """Opened by this botanu it is of today's schema, says the same, knows what went in already, and takes in more."""
    store = tmp_path / "s.duckdb"
    calls = rebuilt(version, store)
    counted = [call for call in calls if call["counted"]]

    with open_store(store) as opened:
        before = opened.cost(Filters())
    spool(store, document([chat(trace_id())]))
    with open_store(store) as opened:
        repeated = opened.ingest([keep.SAMPLES / "two_services.jsonl"])
        after = opened.cost(Filters())

    assert before.totals["calls"] == len(counted)
    assert before.totals["cost_usd"] > 0
    assert repeated.new == 0 < repeated.duplicates
    assert after.totals["calls"] == len(counted) + 1
    with connect(store, read_only=True) as con:
        assert keep.schema(con) == (KEPT / str(SCHEMA_VERSION) / "schema.sql").read_text()


@pytest.mark.parametrize("version", VERSIONS)
def test_killed_once_a_version_is_reached_the_store_opens(tmp_path: Path, version: int) -> None:
    """Whoever is killed between two versions, or before the file is closed, leaves a store that opens, and is brought on by the next one."""
    store = tmp_path / "s.duckdb"
    calls = rebuilt(1, store)
    killed = (
        "import os, signal, sys; from pathlib import Path; from botanu_store.engines import duckdb as engine\n"
        "engine.SCHEMA_VERSION = int(sys.argv[2])\n"
        "con = engine.connect_writable(Path(sys.argv[1]))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", killed, store, str(version)], check=False)
    assert done.returncode == -signal.SIGKILL

    with open_store(store) as opened:
        assert opened.cost(Filters()).totals["calls"] == sum(bool(call["counted"]) for call in calls)
        assert opened.info()["schema_version"] == SCHEMA_VERSION


def test_the_schema_of_today_is_kept() -> None:
    """Whoever changes a table adds a version, or, before that one was released, keeps it anew: python tests/store/schemas/keep.py."""
    assert list(range(1, SCHEMA_VERSION + 1)) == VERSIONS
    con = store_in_memory()

    assert keep.schema(con) == (KEPT / str(SCHEMA_VERSION) / "schema.sql").read_text()
    con.close()


NEXT = SCHEMA_VERSION + 1
STEPS = {
    "next": "alter table runs add column colour varchar default 'grey'",
    "broken": "drop table calls; select nothing",
}


def test_each_version_is_made_of_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that adds a column brings a store of the version before to its own, once, and a new store too."""
    real, old, new = engine.script, tmp_path / "old.duckdb", tmp_path / "new.duckdb"
    rebuilt(1, old)
    monkeypatch.setattr(engine, "script", lambda name: STEPS.get(name) or real(name))
    monkeypatch.setattr(engine, "MIGRATIONS", (*engine.MIGRATIONS, ("next",)))
    monkeypatch.setattr(engine, "SCHEMA_VERSION", NEXT)
    monkeypatch.setattr("botanu_store.store_file.SCHEMA_VERSION", NEXT)
    spool(new, document([chat(trace_id())]))

    for store in (old, new, old):
        with open_store(store) as opened:
            assert {row["colour"] for row in opened.query("select colour from runs")} == {"grey"}
            assert opened.info()["schema_version"] == NEXT


def test_a_resource_that_was_a_map_becomes_text(tmp_path: Path) -> None:
    """What version 1 kept as a map of each span is read by name all the same."""
    rebuilt(1, tmp_path / "s.duckdb")

    with open_store(tmp_path / "s.duckdb") as opened:
        services = opened.query("select distinct service, resource->>'service.name' as named from spans order by 1")

    assert services
    assert all(row["service"] == row["named"] for row in services)


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version is there whole or not at all."""
    real, store = engine.script, tmp_path / "s.duckdb"
    calls = rebuilt(1, store)
    monkeypatch.setattr(engine, "script", lambda name: STEPS.get(name) or real(name))
    monkeypatch.setattr(engine, "MIGRATIONS", (*engine.MIGRATIONS, ("broken",)))
    with monkeypatch.context() as newer:
        newer.setattr(engine, "SCHEMA_VERSION", NEXT)
        newer.setattr("botanu_store.store_file.SCHEMA_VERSION", NEXT)
        with pytest.raises(duckdb.Error, match="nothing"):
            open_store(store)

    with open_store(store) as opened:
        assert len(opened.calls(Filters()).rows) == len(calls)


def test_a_store_of_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    """An older botanu neither reads nor changes it, whatever waits in its spool."""
    store = tmp_path / "s.duckdb"
    rebuilt(SCHEMA_VERSION, store)
    with connect(store) as con:
        con.execute("update meta set value = '99' where key = 'schema_version'")
    before, segment = store.read_bytes(), spool(store, document([chat(trace_id())]))

    with pytest.raises(StoreUnusable, match="newer botanu"):
        open_store(store)
    segment.unlink()
    with pytest.raises(StoreUnusable, match="newer botanu"), open_store(store) as opened:
        opened.ingest([write(tmp_path / "a.jsonl", document([chat(trace_id())]))])
    assert store.read_bytes() == before
