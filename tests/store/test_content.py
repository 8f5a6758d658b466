"""Prompts, completions and tool arguments are not in the file unless they were asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from botanu_store import open_store
from botanu_store.content import CONTENT_KEYS, CONTENT_PREFIXES, KEPT_PARTS, is_content

from tests.store.builders import attribute, chat, document, trace_id, write

SECRET = "correct-horse-battery-staple"


def planted(path: Path) -> Path:
    """A file with the secret in every content attribute of a span, of its event, and in the middle of a value that is kept in part."""
    keys = [*CONTENT_KEYS, *(f"{prefix}.0.content" for prefix in CONTENT_PREFIXES)]
    spans = []
    for start in range(0, len(keys), 40):
        span = chat(trace_id())
        span["attributes"] += [attribute(key, f"say {SECRET} please") for key in keys[start : start + 40]]
        span["events"] = [
            {"name": "gen_ai.choice", "timeUnixNano": "1", "attributes": [attribute("gen_ai.completion", SECRET)]}
        ]
        spans.append(span)
    kept = chat(trace_id())
    kept["attributes"] += [attribute(key, f'{{"text": "{SECRET}"}}') for key in KEPT_PARTS]
    return write(path, document([*spans, kept]))


@pytest.mark.parametrize("mode", ["drop", "keep"])
def test_no_byte_of_a_secret_reaches_the_file_unless_kept(tmp_path: Path, mode: str) -> None:
    """The database's bytes do not hold a planted secret; with `content="keep"` the spans do."""
    store = tmp_path / "s.duckdb"
    with open_store(store, content=mode) as opened:  # type: ignore[arg-type]
        opened.ingest([planted(tmp_path / "a.jsonl")])
        spans = str(opened.query("select attributes, events from spans"))

    assert (SECRET in spans) == (mode == "keep")
    if mode == "drop":
        assert SECRET.encode() not in b"".join(p.read_bytes() for p in tmp_path.glob("s.duckdb*") if p.is_file())


def test_what_decides_a_cost_is_no_content() -> None:
    """Models, vendors, token counts and ids are not mistaken for content."""
    needed = (
        "gen_ai.request.model",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "llm.token_count.prompt",
        "llm.model_name",
        "ai.usage.promptTokens",
        "ai.response.model",
        "langfuse.observation.usage_details",
        "mlflow.chat.tokenUsage",
        "botanu.run_id",
        "db.system",
        "input_tokens",
        "output_tokens",
    )

    assert [key for key in needed if is_content(key)] == []
