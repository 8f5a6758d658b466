"""`botanu doctor` finds the commonest faults of a set-up and says what to do."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.cli.conftest import Botanu
from tests.store.builders import chat, document, spool, trace_id


def checks(botanu: Botanu) -> tuple[int, dict[str, Any]]:
    result = botanu("doctor", "-f", "json")
    found: dict[str, Any] = {}
    for finding in json.loads(result.out):
        found.setdefault(finding["check"], finding)
    return result.code, found


def test_a_healthy_set_up_has_no_fault(botanu: Botanu, filled: Path) -> None:
    """Everything that can be recorded, written and read is said to be so, with figures."""
    code, found = checks(botanu)

    assert code == 0
    assert found["SDK"]["state"] == "ok"
    assert found["Spool"]["state"] == "ok"
    assert "spans" in found["Store"]["found"]
    assert "in-house-7b" in found["Prices"]["found"]


def test_settings_that_cannot_be_used_are_a_fault(botanu: Botanu, tmp_path: Path) -> None:
    """By line and key, whatever section it is in; settings that can be used are counted."""
    (tmp_path / "botanu.toml").write_text('[[budgets]]\nname = "a"\nmax_usd = 1\n')
    code, found = checks(botanu)
    assert (code, found["Settings"]["state"]) == (0, "ok")
    assert "1 budget" in found["Settings"]["found"]

    (tmp_path / "botanu.toml").write_text('[[budgets]]\nname = "a"\nmax_uds = 1\n')
    code, found = checks(botanu)
    assert (code, found["Settings"]["state"]) == (1, "fault")
    assert "line 3: max_uds" in found["Settings"]["found"]

    (tmp_path / "botanu.toml").write_text('[dashboard]\ntrace_url = "localhost:16686"\n')
    code, found = checks(botanu)
    assert (code, found["Settings"]["state"]) == (1, "fault")
    assert "dashboard.trace_url" in found["Settings"]["found"]


def test_an_sdk_that_is_switched_off_is_a_fault(botanu: Botanu, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that silences it is named."""
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")

    code, found = checks(botanu)

    assert (code, found["SDK"]["state"]) == (1, "fault")
    assert "OTEL_SDK_DISABLED" in found["SDK"]["found"]


def test_prices_of_last_year_are_noted(botanu: Botanu, filled: Path) -> None:
    """A book whose newest price is old has the command that fetches a newer one; today's has not."""
    with duckdb.connect(str(filled)) as con:
        con.execute("update prices set valid_from_ns = ? where rowid = 0", [time.time_ns()])
    assert "prices update" not in botanu("doctor").out
    with duckdb.connect(str(filled)) as con:
        con.execute("delete from prices where valid_from_ns > 1735689600000000000")

    page = botanu("doctor").out

    assert "the newest price in the book is of 20" in page
    assert "botanu prices update" in page


def test_what_programs_had_to_drop_is_a_fault(botanu: Botanu, tmp_path: Path) -> None:
    """Spans missing from the store are counted over all programs, and so are those that did not reach the endpoint."""
    folder = spool(tmp_path / "botanu.duckdb", document([chat(trace_id())])).parent
    (folder / "dropped-1.json").write_text(json.dumps({"spans": 5, "not_sent": 2, "reason": "disk full"}))
    (folder / "dropped-2.json").write_text(json.dumps({"spans": 7, "not_sent": 0}))
    (folder / "dropped-3.json").write_text("torn")

    code, found = checks(botanu)

    assert code == 1
    assert "12 spans" in found["Spool"]["found"]


def test_a_collector_that_is_away_is_a_fault_and_one_that_is_there_is_not(
    botanu: Botanu, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The endpoint that the environment names is tried."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
        there = checks(botanu)[1]["Collector"]["state"]
    away_code, away = checks(botanu)

    assert there == "ok"
    assert (away_code, away["Collector"]["state"]) == (1, "fault")


def test_what_is_no_store_is_named(botanu: Botanu, tmp_path: Path) -> None:
    """A file that is something else is one fault among the checks, not the end of them."""
    (tmp_path / "botanu.duckdb").write_text("notes" * 1000)

    code, found = checks(botanu)

    assert code == 1
    assert "not a DuckDB database" in found["Store"]["found"]
    assert "Instruments" in found


def test_people_get_marks_and_advice(botanu: Botanu) -> None:
    """Each line has a mark; what stands badly has its way out below it."""
    page = botanu("doctor").out

    assert "✓ SDK" in page
    assert "botanu ingest" in page
