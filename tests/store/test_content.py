"""Prompts, completions and tool arguments are not in the file unless they were asked for."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botanu_store import open_store
from botanu_store.engines.duckdb import connect, store_in_memory
from botanu_store.ingest.ingester import Ingester
from botanu_store.otlp.content import (
    CONTENT_FIELDS,
    CONTENT_KEYS,
    CONTENT_PREFIXES,
    KEPT_PARTS,
    ContentMode,
    is_content,
    masked,
)
from botanu_store.otlp.sources import read_file
from botanu_store.spool import Spool
from hypothesis import given
from hypothesis import strategies as st

from tests.store.builders import Document, as_protobuf, attribute, chat, document, log_document, record, spool, trace_id
from tests.store.captures import CAPTURES

pytestmark = pytest.mark.usefixtures("ready_made")

SECRET = "correct-horse-battery-staple"
KEYS = [
    *CONTENT_KEYS,
    *(f"{prefix}.0.content" for prefix in CONTENT_PREFIXES),
    *(f"llm.somebody.{field}" for field in CONTENT_FIELDS),
]
VALUES: tuple[Any, ...] = (f"say {SECRET} please", [SECRET, "x"], {"said": {"to": SECRET}})


def planted(key: str, value: Any) -> Document:
    """A call with the secret in an attribute of its own and of an event."""
    span = chat(trace_id())
    span["attributes"].append(_attribute(key, value))
    span["events"] = [{"name": "gen_ai.choice", "timeUnixNano": "1", "attributes": [_attribute(key, value)]}]
    return span


def _attribute(key: str, value: Any) -> Document:
    if not isinstance(value, dict):
        return attribute(key, value)
    inner = [_attribute(name, inside) for name, inside in value.items()]
    return {"key": key, "value": {"kvlistValue": {"values": inner}}}


def everything() -> Document:
    """One span for each key and shape of value, and the secret in the middle of each value that is kept in part."""
    spans = [planted(key, VALUES[place % len(VALUES)]) for place, key in enumerate(KEYS)]
    answer = json.dumps({"text": SECRET, "google": {"groundingMetadata": SECRET}, "openai": {"logprobs": [SECRET]}})
    return document([*spans, *(planted(key, answer) for key in KEPT_PARTS)])


def logged() -> Document:
    """A log record of a coding agent for each key, with the secret in an attribute and in its body."""
    records = [
        record("claude_code.api_request", session__id=key, cost_usd=0.5, model="claude-sonnet-4-5") for key in KEYS
    ]
    for place, (key, each) in enumerate(zip(KEYS, records, strict=True)):
        each["attributes"].append(_attribute(key, VALUES[place % len(VALUES)]))
        each["eventName"], each["body"] = "claude_code.api_request", {"stringValue": SECRET}
    return log_document(records)


@pytest.mark.parametrize("mode", ["drop", "keep"])
def test_no_secret_of_a_log_reaches_the_store_unless_kept(tmp_path: Path, mode: Any) -> None:
    """Log records lose their content as spans do, in JSON and in protobuf; kept, it is in the tables."""
    store = tmp_path / "s.duckdb"
    spool(store, logged())
    (Spool(store).folder / "00000000000000000002-1-1.pb").write_bytes(as_protobuf(logged()))

    with open_store(store, content=mode) as opened:
        assert opened.drained.new == len(KEYS)
        assert opened.drained.duplicates == len(KEYS)

    assert (SECRET in dump(store)) == (mode == "keep")
    assert mode == "keep" or [path for path, data in files(store) if SECRET.encode() in data] == []


def dump(store: Path) -> str:
    """All tables as text: the bytes of the file may hold a string compressed."""
    con = connect(store, read_only=True)
    names = [row[0] for row in con.execute("select table_name from duckdb_tables()").fetchall()]
    text = "\n".join(str(con.execute(f'select to_json(t)::varchar from "{name}" as t').fetchall()) for name in names)
    con.close()
    return text


def files(store: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file of a store and beside it."""
    for path in store.parent.rglob(f"{store.name}*"):
        for file in path.rglob("*") if path.is_dir() else [path]:
            if file.is_file():
                yield file, file.read_bytes()


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
@pytest.mark.parametrize("mode", ["drop", "keep"])
def test_no_secret_reaches_the_store_unless_kept(tmp_path: Path, mode: Any, encoding: str) -> None:
    """Neither the tables nor any byte of the files hold what was planted in a content attribute; with `content="keep"` all of it is there."""
    store = tmp_path / "s.duckdb"
    if encoding == "json":
        spool(store, everything())
    else:
        segment = Spool(store).folder / "00000000000000000001-1-1.pb"
        segment.parent.mkdir()
        segment.write_bytes(as_protobuf(everything()))

    open_store(store, content=mode).close()

    if mode == "drop":
        assert SECRET not in dump(store)
        assert [path for path, data in files(store) if SECRET.encode() in data] == []
    else:
        assert dump(store).count(SECRET) >= 2 * len(KEYS)


def test_the_log_of_a_killed_drain_holds_no_secret(tmp_path: Path) -> None:
    """What DuckDB writes ahead, uncompressed, is free of content too."""
    store = tmp_path / "s.duckdb"
    spool(store, everything())
    program = (
        "import os, signal, sys; from botanu_store.spool import Spool; from botanu_store import open_store\n"
        "Spool.retire = lambda self, segments: os.kill(os.getpid(), signal.SIGKILL) if list(segments) else None\n"
        "open_store(sys.argv[1])"
    )

    killed = subprocess.run([sys.executable, "-c", program, str(store)], check=False)
    log = store.with_name(store.name + ".wal").read_bytes()

    assert killed.returncode == -signal.SIGKILL
    assert b"gpt-4o" in log
    assert SECRET.encode() not in log


def test_what_is_set_aside_holds_no_secret(tmp_path: Path) -> None:
    """A bad span, a torn line, JSON of another shape and broken protobuf are set aside less their content."""
    store = tmp_path / "s.duckdb"
    bad = {**planted("gen_ai.prompt", SECRET), "spanId": "short"}
    segment = spool(store, document([bad, chat(trace_id())]))
    line = segment.read_bytes()
    odd = json.dumps({"prompt": SECRET}).encode()
    segment.write_bytes(line + line[: line.index(SECRET.encode()) + 20] + b"\n" + line[200:] + odd + b"\n")
    broken = as_protobuf(everything())[:-7]
    (segment.parent / "00000000000000000000-1-1.pb").write_bytes(broken)

    open_store(store).close()

    kept = Spool(store).rejected()
    reasons = "".join(path.with_name(path.name + ".reason").read_text() for path in kept)
    assert all(f"{place}: " in reasons for place in ("line 1", "line 2", "line 3", "line 4", "offset 0"))
    assert b"gpt-4o" in b"".join(path.read_bytes() for path in kept)
    assert [path for path, data in files(store) if SECRET.encode()[:16] in data] == []


@given(st.text(min_size=4).filter(lambda text: not set(text) & set('"\\')), st.integers(0, 300))
def test_masked_text_holds_no_word(secret: str, start: int) -> None:
    """Wherever a line was torn, its values are gone from what is set aside."""
    secret = f"s{secret}s"
    line = json.dumps(document([{**chat("a" * 32), "name": secret}]), ensure_ascii=False).encode("utf-8", "replace")

    assert secret.encode("utf-8", "replace") not in masked(line[min(start, line.index(b'"name": "s')) :])


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="no captures here: BOTANU_CAPTURES names their folder")
def test_nothing_that_was_said_in_a_capture_is_kept() -> None:
    """What users and models said to each other is gone, wherever a real instrumentation put it; without removal it is there."""
    said = ("Answer number", "[[cache", "[[reason", "sunny", '"Paris"')
    spans = "select trace_id, to_json(t)::varchar as said from (select * exclude name from spans) as t"

    def found(mode: ContentMode) -> set[tuple[str, str]]:
        con = store_in_memory()
        Ingester(con, mode).ingest(piece for capture in CAPTURES.glob("*.jsonl") for piece in read_file(capture))
        rows = con.execute(spans).fetchall()
        con.close()
        return {(words, trace) for trace, text in rows for words in said if words in text}

    assert {words for words, _ in found("keep")} == set(said)
    assert found("drop") == set()


def test_what_decides_a_cost_is_no_content() -> None:
    """Models, vendors, token counts and ids are not mistaken for content."""
    needed = (
        "gen_ai.request.model",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "llm.token_count.prompt",
        "llm.token_count.completion",
        "llm.cost.prompt",
        "llm.model_name",
        "llm.openai.usage",
        "llm.openai.model",
        "ai.usage.promptTokens",
        "ai.response.model",
        "langfuse.observation.usage_details",
        "mlflow.chat.tokenUsage",
        "botanu.run_id",
        "reranker.model_name",
        "db.system",
        "input_tokens",
        "output_tokens",
    )

    assert [key for key in needed if is_content(key)] == []
