"""Pieces become slices, slices batches, and each span's row is the same whichever way it was decoded."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botanu_store.engines.duckdb import connect
from botanu_store.ingest.touched import calls_of, spans_of
from botanu_store.otlp import decoding
from botanu_store.otlp.decoding import Decoder, slices
from botanu_store.otlp.documents import JsonDecoder
from botanu_store.otlp.sources import Piece
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.builders import attribute, chat, document, span, trace_id

KEYS = st.sampled_from(
    [
        *("a", "b", "gen_ai.operation.name", "gen_ai.usage.input_tokens", "llm.token_count.prompt"),
        *("gen_ai.input.messages", "llm.input_messages.3.message.content", "input.value", "gen_ai.prompt.0.content"),
        *("gcp.vertex.agent.llm_response", "it's", "new\nline", "null\x00", "", "k" * 1025),
    ]
)
VALUES = st.one_of(st.text(max_size=5), st.integers(-5, 5), st.booleans(), st.lists(st.text(max_size=3), max_size=2))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.tuples(KEYS, VALUES), max_size=6), min_size=1, max_size=5))
def test_attributes_are_the_same_with_and_without_care(said: list[list[tuple[str, Any]]]) -> None:
    """Decoding that takes attributes for plain ones gives the rows of the one that looks at each, however odd they are."""
    spans = [span(trace_id(), name=f"s{place}") for place in range(len(said))]
    for made, pairs in zip(spans, said, strict=True):
        made["attributes"] = [attribute(key, value) for key, value in pairs]
    piece = json.dumps(document(spans)).encode()

    assert plain().decode([piece]).to_pylist() == careful().decode([piece]).to_pylist()


class Careful(JsonDecoder):
    """Looks at each attribute of each span."""

    def _decode_plain(self, table: str) -> bool:
        return False


plain, careful = cache(JsonDecoder), cache(Careful)


def pieces(count: int, spans: int = 1) -> Iterator[Piece]:
    for number in range(count):
        value = document([chat(trace_id()) for _ in range(spans)])
        yield Piece("json", json.dumps(value).encode(), "made", f"line {number + 1}")


def test_slices_are_bounded_and_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch ends before it has more spans than it may; every piece is in one slice, and a segment is finished where its last piece is."""
    monkeypatch.setattr(decoding, "BATCH_SPANS", 10)
    monkeypatch.setattr(decoding, "SLICE_BYTES", 3_000)
    segments = [(Path(f"{name}.jsonl"), list(pieces(7, spans=2))) for name in "abc"]

    found = list(slices(segments))

    assert [p for part in found for p in part.pieces] == [p for _, inside in segments for p in inside]
    assert [s.name for part in found for s in part.finished] == ["a.jsonl", "b.jsonl", "c.jsonl"]
    seen = 0
    for part in found:
        seen += 2 * len(part.pieces)
        assert seen <= 10
        seen = 0 if part.ends_batch else seen
    assert sum(part.ends_batch for part in found) == 4
    assert segments[0][1][-1] in next(part for part in found if segments[0][0] in part.finished).pieces


def test_what_was_read_ahead_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who stops after a batch gets back what was read for the next one, so that no piece is lost when the file is let go of."""
    monkeypatch.setattr(decoding, "BATCH_SPANS", 2)
    made = list(pieces(7))
    source = slices([(None, made)])
    taken = list[Piece]()

    with Decoder(connect(None), "drop") as decoder:
        taken += next(decoder.batches(source)).pieces
        rest = [*decoder.undecoded(), *source]

    assert taken == made[:2]
    assert [piece for part in rest for piece in part.pieces] == made[2:]


def test_the_garbage_collector_rests_only_meanwhile() -> None:
    """Making calls leaves the collector as it was, on or off."""
    con = connect(None)
    names = ("span_id", "parent_id", "name", "kind", "status", "service", "scope", "scope_version")
    columns = ", ".join(f"'' as {name}" for name in names)
    con.execute(
        f"create view work as select '' as trace_id, {columns}, 0::bigint as start_ns, 0::bigint as end_ns, "
        "null::varchar as run_id, map{'a': 'b'} as attributes where false"
    )
    nothing = spans_of(con)

    assert gc.isenabled()
    assert calls_of(nothing, {}).num_rows == 0
    assert gc.isenabled()
    gc.disable()
    try:
        calls_of(nothing, {})
        assert not gc.isenabled()
    finally:
        gc.enable()
