"""OTLP JSON and protobuf decode to the same columns, without content, within limits."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botanu_store.otlp import lean
from botanu_store.otlp.columns import ATTRIBUTE_LIMIT, SCHEMA, VALUE_LIMIT
from botanu_store.otlp.documents import JsonDecoder
from botanu_store.otlp.protobuf import decode_protobuf
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

from tests.store.builders import Document, as_protobuf, attribute, chat, document, span, trace_id


def decoded(*documents: Document) -> list[dict[str, Any]]:
    return JsonDecoder().decode([json.dumps(d).encode() for d in documents]).to_pylist()


def test_both_encodings_give_the_same_rows() -> None:
    """A document decodes to the same row whether it came as JSON or as protobuf, all kinds of values included."""
    trace = trace_id()
    said = {"a__text": 'é "quoted"', "a__number": 7, "a__float": 0.25, "a__flag": True, "a__list": ["x", 'y"', 3, True]}
    event = {"name": "happened", "timeUnixNano": "1795000000000000001", "attributes": [attribute("why", "because")]}
    value = document([span(trace, kind=3, status=2, events=[event], **said), chat(trace)])

    from_json = decoded(value)
    from_protobuf = decode_protobuf([as_protobuf(value)]).to_pylist()

    assert [{**row, "events": row["events"] or []} for row in from_json] == from_protobuf
    assert dict(from_json[0]["attributes"])["a.list"] == '["x","y\\"",3,true]'


def test_prompts_and_completions_are_gone_unless_kept() -> None:
    """Content is removed while decoding, in both encodings; `keep` leaves it."""
    secret = "the secret word"
    value = document(
        [
            span(
                trace_id(),
                gen_ai__input__messages=secret,
                input__value=secret,
                llm__input_messages__0__message__content=secret,
                gen_ai__prompt__0__content=secret,
                gen_ai__tool__call__arguments=secret,
                db__statement=secret,
                events=[{"name": "e", "timeUnixNano": "1", "attributes": [attribute("gen_ai.prompt", secret)]}],
            )
        ]
    )

    assert secret not in str(decoded(value))
    assert secret not in str(decode_protobuf([as_protobuf(value)]).to_pylist())
    assert str(JsonDecoder("keep").decode([json.dumps(value).encode()]).to_pylist()).count(secret) == 7
    assert str(decode_protobuf([as_protobuf(value)], "keep").to_pylist()).count(secret) == 7


def test_usage_hidden_in_a_content_attribute_stays_and_the_rest_goes() -> None:
    """Of an attribute whose JSON holds both an answer and its usage only the usage is kept."""
    answer = json.dumps({"content": "the secret word", "usage_metadata": {"total_token_count": 7}})
    value = document([span(trace_id(), gcp__vertex__agent__llm_response=answer)])

    for row in (*decoded(value), *decode_protobuf([as_protobuf(value)]).to_pylist()):
        kept = json.loads(dict(row["attributes"])["gcp.vertex.agent.llm_response"])
        assert kept["usage_metadata"] == {"total_token_count": 7}
        assert "content" not in kept


def test_a_repeated_attribute_key_keeps_its_first_value() -> None:
    """A span that names a key twice, which OTLP forbids, loses only the second value."""
    value = span(trace_id())
    value["attributes"] = [attribute("k", "first"), attribute("k", "second"), attribute("other", 1)]

    rows = decoded(document([value])) + decode_protobuf([as_protobuf(document([value]))]).to_pylist()

    assert [dict(row["attributes"]) for row in rows] == [{"k": "first", "other": "1"}] * 2


def test_of_a_repeated_thread_id_the_last_value_is_kept() -> None:
    """Rust's layer for OpenTelemetry puts the number of the thread before what Codex calls so, its conversation."""
    value = span(trace_id())
    value["attributes"] = [attribute("thread.id", 4), attribute("k", 1), attribute("thread.id", "01a22697-a77d")]

    rows = decoded(document([value])) + decode_protobuf([as_protobuf(document([value]))]).to_pylist()

    assert [dict(row["attributes"]) for row in rows] == [{"thread.id": "01a22697-a77d", "k": "1"}] * 2


def test_attributes_are_bounded_in_number_and_size() -> None:
    """No span keeps more than 256 attributes or a value longer than 64 Ki characters."""
    value = span(trace_id(), big="x" * (VALUE_LIMIT + 10), **{f"k{i}": i for i in range(300)})

    for row in (*decoded(document([value])), *decode_protobuf([as_protobuf(document([value]))]).to_pylist()):
        kept = dict(row["attributes"])
        assert len(kept) == ATTRIBUTE_LIMIT
        assert len(kept["big"]) == VALUE_LIMIT


def test_what_is_no_otlp_gives_a_row_without_ids() -> None:
    """Broken JSON and broken protobuf are named by a row of NULLs; JSON of another shape gives no row."""
    table = JsonDecoder().decode(
        [b"{torn", b'{"resourceSpans": 5}', b"[]", b'{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}']
    )

    assert sorted((row["piece"], row["trace_id"]) for row in table.to_pylist()) == [(0, None), (3, None)]
    assert [row["trace_id"] for row in decode_protobuf([b"\xff\xff\xff"]).to_pylist()] == [None]
    assert decode_protobuf([]).schema == SCHEMA


def test_enums_may_be_names_and_ids_upper_case() -> None:
    """Emitters that write enum names and upper-case ids are understood."""
    value = span("AB" * 16, kind=1, span_id="CD" * 8)
    value |= {"kind": "SPAN_KIND_CLIENT", "status": {"code": "STATUS_CODE_ERROR"}}

    row = decoded(document([value]))[0]

    assert (row["trace_id"], row["span_id"], row["kind"], row["status"]) == ("ab" * 16, "cd" * 8, "CLIENT", "error")


def test_an_attribute_says_the_same_each_time() -> None:
    """Attributes are known by their bytes: alike ones are read alike, and more different ones than are remembered are all read right."""
    spans = [span(trace_id(), same="as ever", **{f"k{i}": f"{place} {i}" for i in range(200)}) for place in range(110)]

    rows = decode_protobuf([as_protobuf(document(spans))]).to_pylist()

    for place, row in enumerate(rows):
        assert dict(row["attributes"]) == {"same": "as ever", **{f"k{i}": f"{place} {i}" for i in range(200)}}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lean.Traces, TracesData),
        (lean.Resource, Resource),
        (lean.Scope, InstrumentationScope),
        (lean.Span, Span),
    ],
)
def test_lean_messages_are_opentelemetrys(ours: Any, theirs: Any) -> None:
    """The classes that leave attributes in their bytes have the fields of opentelemetry's: same number, same place on the wire."""
    _compare(ours.DESCRIPTOR, theirs.DESCRIPTOR)


def _compare(ours: Any, theirs: Any) -> None:
    for number, field in ours.fields_by_number.items():
        other = theirs.fields_by_number[number]
        assert field.is_repeated == other.is_repeated
        if field.type == field.TYPE_MESSAGE:
            _compare(field.message_type, other.message_type)
        else:
            assert (
                (field.name, field.type) == (other.name, other.type)
                or (field.type == field.TYPE_BYTES and other.type == other.TYPE_MESSAGE)
                or (field.type == field.TYPE_INT32 and other.type == other.TYPE_ENUM)
            )
