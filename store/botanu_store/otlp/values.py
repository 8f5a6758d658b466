"""Attributes of OTLP's protobuf messages as text, those that may stay (see content.py), within limits.

To be imported only where there is protobuf to read: its classes take 40 ms to load, which JSON does not need.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportAttributeAccessIssue=false
# (pyarrow ships no types, and makes the functions of `compute` when it is imported.)

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, chain, islice
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from botanu_store.otlp import content
from botanu_store.otlp.columns import (
    ATTRIBUTE_LIMIT,
    KEY_LIMIT,
    LAST_WINS,
    SHARED_COUNT,
    SHARED_LIMIT,
    SHORT,
    TEXT_MAP,
    VALUE_LIMIT,
)
from botanu_store.otlp.content import ContentMode
from botanu_store.times import LAST_NS

Said = dict[str, str]
"""Attributes as text, each key once."""


class Attributes:
    """Reads attributes of one batch: each that is repeated, which most are, is taken apart once and then known by its bytes."""

    def __init__(self, mode: ContentMode) -> None:
        self._known = _Known(mode)

    def of(self, encoded: Sequence[bytes]) -> Said:
        """Return what serialised `KeyValue` messages say.

        Raises:
            DecodeError: one of them is broken.
        """
        return _once(map(self._known.__getitem__, encoded[:ATTRIBUTE_LIMIT]))

    def maps(self, encoded: Sequence[Sequence[bytes]]) -> pa.MapArray:
        """Return what serialised `KeyValue` messages say, those of each span as one map; what many spans say is taken apart once.

        Raises:
            DecodeError: one of them is broken.
        """
        kept = [said[:ATTRIBUTE_LIMIT] if len(said) > ATTRIBUTE_LIMIT else said for said in encoded]
        ends = pa.array(accumulate(map(len, kept), initial=0), pa.int32())
        every = pa.array(list(chain.from_iterable(kept)), pa.binary()).dictionary_encode()
        said = [self._known.said(KeyValue.FromString(each)) for each in every.dictionary.to_pylist()]
        spans = pa.ListArray.from_arrays(ends, every.indices)
        staying = pa.array([pair is not None for pair in said], pa.bool_()).take(every.indices)
        found = every.indices.filter(staying)
        ends = pa.concat_arrays([pa.array([0]), pc.cumulative_sum(staying.cast(pa.int64()))]).take(ends)
        keys = pa.array([pair and pair[0] for pair in said], pa.string()).dictionary_encode()
        named = keys.indices.take(found)
        by_span = pc.list_parent_indices(spans).filter(staying)
        if pc.count_distinct(pc.add(pc.multiply(by_span, len(keys.dictionary) or 1), named)).as_py() < len(found):
            return pa.array([list(self.of(said).items()) for said in kept], TEXT_MAP)
        texts = pa.array([pair and pair[1] for pair in said], pa.string()).take(found)
        return pa.MapArray.from_arrays(ends.cast(pa.int32()), keys.dictionary.take(named), texts)

    def of_messages(self, pairs: Sequence[KeyValue]) -> Said:
        """Return what `KeyValue` messages say."""
        return _once(map(self._known.said, pairs[:ATTRIBUTE_LIMIT]))


class _Known(dict[bytes, tuple[str, str] | None]):
    """By the bytes of an attribute its key and text, None for one that may not stay."""

    def __init__(self, mode: ContentMode) -> None:
        super().__init__()
        self._mode: ContentMode = mode

    def __missing__(self, encoded: bytes) -> tuple[str, str] | None:
        said = self.said(KeyValue.FromString(encoded))
        if len(encoded) <= _MOST_BYTES:
            if len(self) >= _MOST_KNOWN:
                self.clear()
            self[encoded] = said
        return said

    def said(self, pair: KeyValue) -> tuple[str, str] | None:
        key, drops = pair.key, self._mode == "drop"
        if len(key) > KEY_LIMIT or (drops and content.is_content(key)):
            return None
        value = pair.value
        text = value.string_value or _text(value)
        return key, (_reduced(key, text) if drops and key in content.KEPT_PARTS else text)[:VALUE_LIMIT]


_MOST_BYTES, _MOST_KNOWN = 256, 20_000
"""Longer attributes are seldom repeated; so many take at most twenty megabytes."""


def _once(pairs: Iterable[tuple[str, str] | None]) -> Said:
    """Of a key that is named twice, which OTLP forbids, the first value, except where the last wins."""
    kept = list(filter(None, pairs))
    found = dict(kept)
    if len(found) == len(kept):
        return found
    first = dict(reversed(kept))
    return {key: (found if key == LAST_WINS else first)[key] for key in found}


def shared(said: Said) -> Said:
    """Return a resource as it is kept: it is repeated for each of its spans; a large one, times the spans of a request, would be gigabytes."""
    if sum(len(key) + len(value) for key, value in said.items()) <= SHARED_LIMIT:
        return said
    short = ((key, value[:SHORT]) for key, value in said.items() if len(key) <= SHORT)
    return dict(islice(short, SHARED_COUNT))


def nanoseconds(time: int) -> int | None:
    """Return a time that the database can hold, None for a later one."""
    return time if time <= LAST_NS else None


def _reduced(key: str, text: str) -> str:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        document = None
    return orjson.dumps(content.reduced(document, content.KEPT_PARTS[key])).decode()


def _text(value: AnyValue) -> str:
    # Newer versions of OTLP add kinds of value, such as an index into a table of strings that traces do not have.
    as_text = _TO_TEXT.get(value.WhichOneof("value") or "")
    return as_text(value) if as_text else ""


def _array_text(value: AnyValue) -> str:
    return "[" + ",".join(_element(v) for v in value.array_value.values) + "]"


def _element(value: AnyValue) -> str:
    which = value.WhichOneof("value")
    if which == "string_value":
        return orjson.dumps(value.string_value).decode()
    return _text(value) if which else "null"


def _nested_text(value: AnyValue) -> str:
    return str(MessageToJson(value.kvlist_value, indent=None))


_TO_TEXT: dict[str, Callable[[Any], str]] = {
    "string_value": lambda v: v.string_value,
    "int_value": lambda v: str(v.int_value),
    "double_value": lambda v: repr(v.double_value),
    "bool_value": lambda v: "true" if v.bool_value else "false",
    "array_value": _array_text,
    "kvlist_value": _nested_text,
    "bytes_value": lambda v: base64.b64encode(v.bytes_value).decode(),
}
