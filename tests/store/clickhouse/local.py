"""What a local store makes of documents, to hold a ClickHouse against."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from botanu_store import open_store
from botanu_store.clickhouse.schema import columns
from botanu_store.engines.clickhouse import Server

Rows = dict[str, list[dict[str, Any]]]

_TABLES = {"calls": "run_id, trace_id, span_id", "runs": "run_id"}


def documents(paths: Iterable[Path]) -> list[Mapping[str, Any]]:
    """Read the OTLP documents of these files."""
    return [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines() if line.strip()]


def fill(store: Path, given: Iterable[Mapping[str, Any]]) -> Path:
    """Put documents into a local store at once."""
    file = store.with_suffix(".jsonl")
    file.write_text("\n".join(json.dumps(document) for document in given), "utf-8")
    with open_store(store) as opened:
        opened.ingest([file])
    return store


def concluded(store: Path) -> Rows:
    """Return the calls and runs of a local store."""
    with open_store(store) as opened:
        return {
            name: opened.query(f"select {', '.join(columns(name))} from {name} order by {by}")
            for name, by in _TABLES.items()
        }


def synced(server: Server) -> Rows:
    """Return the calls and runs that a sync made."""
    return {
        name: server.rows(f"select {', '.join(columns(name))} from botanu_{name} final order by {by}")
        for name, by in _TABLES.items()
    }
