"""Whatever a span holds: no crash, no hang, good spans kept, bad ones named."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from botanu_store.engines.duckdb import store_in_memory
from botanu_store.ingest.ingested import Ingested
from botanu_store.ingest.ingester import Ingester
from botanu_store.otlp import damaged
from botanu_store.otlp.documents import JsonDecoder
from botanu_store.otlp.protobuf import decode_protobuf
from botanu_store.otlp.sources import Piece, read_stream
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.builders import (
    Document,
    as_protobuf,
    attribute,
    chat,
    document,
    log_document,
    record,
    run,
    span,
    trace_id,
)

pytestmark = pytest.mark.usefixtures("ready_made")

SAMPLES = Path(__file__).parents[2] / "sample_traces"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
TOKENS = st.sampled_from(
    ["-5", "NaN", "1e400", str(2**63), str(2**64), "0x10", "", "١٢", "7.5", "\x00", "1_000", "1" * 5000]
)


@cache
def database() -> duckdb.DuckDBPyConnection:
    """One database in memory for all, emptied each time: making it takes longer than most of these tests."""
    return store_in_memory()


def ingested(*pieces: bytes) -> tuple[Ingested, dict[str, Any]]:
    """What comes of these JSON documents in an empty database."""
    con = database()
    for table in ("spans", "calls", "runs"):
        con.execute(f"delete from {table}")
    ingester = Ingester(con)
    ingester.ingest([Piece("json", data, "test", f"line {n}") for n, data in enumerate(pieces, 1)])
    counts = {name: con.execute(f"select count(*) from {name}").fetchall()[0][0] for name in ("spans", "calls", "runs")}
    sums = dict.fromkeys(("input_tokens", "output_tokens", "cache_read_tokens", "emitter_usd"), "calls")
    for name, table in {**sums, "value_amount": "runs"}.items():
        counts[name] = con.execute(f"select coalesce(sum({name}), 0) from {table}").fetchall()[0][0]
    counts["good"] = con.execute(f"select count(*) from calls where trace_id = '{'f' * 32}'").fetchall()[0][0]
    return ingester.result, counts


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "attributes", "events", "status"]
        ),
        JSON,
    )
)
def test_a_span_of_any_shape_does_not_hurt_its_neighbours(broken: dict[str, Any]) -> None:
    """Fields of the wrong type or absurd value: the good span of the same document is in, the broken one is in or named."""
    result, counts = ingested(json.dumps(document([chat(trace_id()), {**span(trace_id()), **broken}])).encode())

    assert counts["spans"] + len(result.rejected) == 2
    assert counts["calls"] >= 1


WHOLE = json.loads((SAMPLES / "foreign_spans.jsonl").read_text().splitlines()[0])
LOGS = log_document([record("claude_code.api_request", session__id="s", model="claude-sonnet-4-5", cost_usd=0.5)])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, inner in inside for place in places(inner, (*path, name)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The document with something else at a place; where there is no such place any more, as it is."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value) if isinstance(value, list) else value
    if (isinstance(copy, dict) and path[0] in copy) or (
        isinstance(copy, list) and isinstance(path[0], int) and path[0] < len(copy)
    ):
        copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


CHANGES = st.lists(st.tuples(st.randoms(use_true_random=False), JSON), min_size=1, max_size=3)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([WHOLE, LOGS]), CHANGES), min_size=6, max_size=6))
def test_anything_anywhere_in_a_document_hurts_no_other(documents: list[tuple[Any, Any]]) -> None:
    """Wrong types at any depth of traces and logs: the document beside them is in, with its call, and nothing stops the ingest."""
    pieces = [json.dumps(document([chat("f" * 32)])).encode()]
    for odd, changes in documents:
        for chance, new in changes:
            odd = replaced(odd, chance.choice(places(odd)), new)  # noqa: PLW2901 - one change after the other
        pieces.append(json.dumps(odd).encode())

    result, counts = ingested(*pieces)

    assert not [r for r in result.rejected if "stops" in r.reason]
    assert (counts["spans"], result.spans) == (result.new, result.new + result.duplicates)
    assert counts["good"] == 1


AMOUNTS = ("NaN", "Infinity", "-Infinity", "-1", "1e400", "1e30", "0x1", "", "\u0661", "1_0", "$5", str(2**63))


@pytest.mark.parametrize("amount", [*AMOUNTS, math.nan, math.inf, -math.inf, -0.5, 1e300])
def test_an_amount_that_is_no_amount_is_none(amount: Any) -> None:
    """What an emitter says a call cost, and what an outcome is worth, is believed only where it is an amount of money."""
    said = attribute("gen_ai.usage.cost", amount)
    if isinstance(amount, float) and not math.isfinite(amount):
        said["value"] = {"doubleValue": {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(amount)]}
    call, outcome = chat(trace_id()), run(trace_id(), "run-1")
    call["attributes"].append(said)
    outcome["attributes"].append({**said, "key": "botanu.outcome.value_amount"})

    result, counts = ingested(json.dumps(document([call, outcome])).encode())

    assert (result.rejected, counts["spans"], counts["calls"], counts["runs"]) == ([], 2, 1, 2)
    assert counts["emitter_usd"] == 0
    assert counts["value_amount"] in (0, -1, -0.5, 1e30, 1e300, float(2**63))


@settings(max_examples=25, deadline=None)
@given(
    key=st.sampled_from(
        ["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.cache_read.input_tokens"]
    ),
    value=TOKENS,
)
def test_a_count_that_is_no_count_is_not_counted(key: str, value: str) -> None:
    """Negative, fractional, endless, foreign or far too large numbers never reach a total."""
    hostile = chat(trace_id())
    hostile["attributes"] = [a for a in hostile["attributes"] if a["key"] != key] + [attribute(key, value)]

    result, counts = ingested(json.dumps(document([hostile])).encode())
    meter = {"gen_ai.usage.input_tokens": "input_tokens", "gen_ai.usage.output_tokens": "output_tokens"}.get(
        key, "cache_read_tokens"
    )

    assert (result.rejected, counts["spans"], counts["calls"]) == ([], 1, 1)
    assert counts[meter] == 0


@settings(max_examples=30, deadline=None)
@given(JSON)
def test_any_json_document_is_taken_or_named(value: Any) -> None:
    """What is JSON but no OTLP is said to hold no spans."""
    result, counts = ingested(json.dumps(value, allow_nan=False, default=str).encode() if _is_json(value) else b"null")

    assert (len(result.rejected), counts["spans"]) == (1, 0)


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_decode_or_are_named(data: bytes) -> None:
    """Random bytes are pieces of some kind, and protobuf of them is rows or a row without ids; nothing is raised."""
    import io

    pieces = list(read_stream(io.BytesIO(data), "test"))

    assert {piece.kind for piece in pieces} <= {"json", "protobuf", "bad"}
    assert decode_protobuf([piece.data for piece in pieces if piece.kind == "protobuf"]).num_rows >= 0


def test_deep_nesting_is_named_or_taken_but_never_followed_down() -> None:
    """A document nested a hundred thousand deep does not exhaust the stack."""
    deep = b'{"resourceSpans":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    attributes = document([chat(trace_id())])
    nested: Any = {"stringValue": "x"}
    for _ in range(300):
        nested = {"arrayValue": {"values": [nested]}}
    attributes["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"].append({"key": "deep", "value": nested})

    result, counts = ingested(deep, json.dumps(attributes).encode())

    assert counts["spans"] == 1
    assert len(result.rejected) <= 1


def test_times_of_any_year_are_kept_or_named() -> None:
    """Year 1, year 9999 and the end of 64 bits: what no nanosecond count since 1970 can say is named."""
    times = {
        "0": False,
        "1": True,
        str(2**63 - 1): True,
        str(2**63): False,
        "253402300799000000000": False,
        "-62135596800000000000": False,
    }
    for text, kept in times.items():
        result, counts = ingested(json.dumps(document([{**chat(trace_id()), "startTimeUnixNano": text}])).encode())
        assert (counts["spans"], len(result.rejected)) == ((1, 0) if kept else (0, 1)), text


def test_invalid_utf8_loses_characters_and_not_the_span() -> None:
    """A byte that is no UTF-8 becomes a replacement character."""
    data = json.dumps(document([chat(trace_id(), model="caf?")])).encode().replace(b"caf?", b"caf\xff")

    result, counts = ingested(data)

    assert (result.rejected, counts["spans"], counts["calls"], counts["runs"]) == ([], 1, 1, 1)


def test_sql_in_every_string_stays_text() -> None:
    """Names, ids and values that look like SQL are stored as they are."""
    hostile = "'; drop table spans; --"
    spans = [
        span(trace_id(), name=hostile, botanu__run_id=hostile, botanu__use_case=hostile, botanu__outcome=hostile),
        chat(trace_id(), model=hostile),
    ]

    _, counts = ingested(json.dumps(document(spans, service=hostile, scope=hostile)).encode())

    assert counts["spans"] == 2


def test_a_large_resource_is_not_repeated_in_full() -> None:
    """Two megabytes of resource, shared by thousands of spans, do not become gigabytes: its first attributes stay, cut short."""
    value = document([span(trace_id()) for _ in range(5000)])
    resource = value["resourceSpans"][0]["resource"]["attributes"]
    resource += [attribute(f"k{i}", "x" * 60_000) for i in range(40)]

    for table in (JsonDecoder().decode([json.dumps(value).encode()]), decode_protobuf([as_protobuf(value)])):
        kept = json.loads(table.to_pylist()[0]["resource"])
        assert kept["service.name"] == "shop"
        assert table.nbytes < 100_000_000
        assert len(kept) == 32


def test_an_attribute_with_an_endless_key_is_left_out() -> None:
    """Keys that differ only past any sensible length do not collide, and their span stays."""
    value = document([chat(trace_id(), **{"x" * 2000 + "1": 1, "x" * 2000 + "2": 2, "good": 3})])

    for table in (JsonDecoder().decode([json.dumps(value).encode()]), decode_protobuf([as_protobuf(value)])):
        kept = dict(table.to_pylist()[0]["attributes"])
        assert (kept["good"], max(map(len, kept))) == ("3", len("gen_ai.usage.output_tokens"))


def test_one_bad_character_or_span_does_not_cost_the_message() -> None:
    """Protobuf that the parser refuses is taken apart: text that is no UTF-8 is repaired, a span nested too deep is named, the others stay."""
    good, torn = chat(trace_id(), model="gpt-4o"), chat(trace_id(), model="caf?")
    message = as_protobuf(document([good, torn])).replace(b"caf?", b"caf\xff")
    deep = as_protobuf(document([good])) + _too_deep(span(trace_id()))

    [_, repaired] = decode_protobuf([message]).to_pylist()
    rows = decode_protobuf([deep]).to_pylist()

    assert dict(repaired["attributes"])["gen_ai.request.model"] == "caf\ufffd"
    assert [row["trace_id"] for row in rows] == [good["traceId"], ""]


def test_one_bad_record_does_not_cost_the_others_of_its_message() -> None:
    """Log records of protobuf that the parser refuses are read one by one too; a bad one is only counted."""
    [whole] = _spans_of(as_protobuf(LOGS))
    deep = b"\x0a\x01x"
    for _ in range(150):
        deep = _field(5, _field(1, deep))
    bad = whole + _field(6, _field(1, b"deep") + _field(2, deep))
    message = _field(1, _field(2, _field(2, bad) + _field(2, whole)))
    con = database()
    con.execute("delete from spans")

    ingester = Ingester(con)
    ingester.ingest([Piece("protobuf", message, "test", "offset 0")])

    assert (ingester.result.new, ingester.result.other_records, ingester.result.rejected) == (1, 1, [])


def test_a_kind_of_value_that_no_span_may_hold_is_empty() -> None:
    """Found by fuzzing: an index into a table of strings, which only profiles have, is no text and no error."""
    value = _field(1, b"odd") + _field(2, b"\x40\x05")
    [whole] = _spans_of(as_protobuf(document([span(trace_id(), good="yes")])))

    [row] = decode_protobuf([_field(1, _field(2, _field(2, whole + _field(9, value))))]).to_pylist()

    assert dict(row["attributes"]) == {"good": "yes", "odd": ""}


def _spans_of(message: bytes) -> list[bytes]:
    groups = damaged.fields(message, 1)
    return [whole for group in groups for scoped in damaged.fields(group, 2) for whole in damaged.fields(scoped, 2)]


def _too_deep(value: Document) -> bytes:
    """A message with this span, in it a value nested deeper than the parser follows."""
    inner = b"\x0a\x01x"
    for _ in range(150):
        inner = _field(5, _field(1, inner))
    [whole] = _spans_of(as_protobuf(document([value])))
    hostile = whole + _field(9, _field(1, b"deep") + _field(2, inner))
    return _field(1, _field(2, _field(2, hostile)))


def _field(number: int, payload: bytes) -> bytes:
    length, encoded = len(payload), bytearray()
    while length > 127:
        encoded.append(length & 127 | 128)
        length >>= 7
    return bytes([number << 3 | 2, *encoded, length]) + payload
