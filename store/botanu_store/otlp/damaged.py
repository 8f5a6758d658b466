"""Protobuf that the parser refuses, taken apart by hand, so that one bad span or one bad character does not cost the whole message.

Pure. The wire format: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

VARINT, FIXED64, LENGTH, _FIXED32 = 0, 1, 2, 5
_DEEPEST = 64
"""Nesting that is followed; the parser refuses 100."""


class _Field(NamedTuple):
    number: int
    raw: bytes
    """The field with its tag."""
    payload: bytes | None
    """What a length-delimited field holds."""


def fields(data: bytes, number: int) -> Iterator[bytes]:
    """Yield what the length-delimited fields of this number hold, up to the first damage."""
    return (field.payload for field in _wire(data) if field.number == number and field.payload is not None)


def wire_types(data: bytes) -> dict[int, int]:
    """Return the numbers of a message's fields and the wire type of each."""
    return {field.number: field.raw[0] & 7 for field in _wire(data) if field.number}


def repaired(data: bytes, descriptor: Any, depth: int = 0) -> bytes:
    """Return a message with every string in it valid UTF-8, as OTLP's JSON is read: what is not becomes a replacement character."""
    parts = list[bytes]()
    for field in _wire(data):
        known = descriptor.fields_by_number.get(field.number)
        payload = field.payload
        if known is None or payload is None or depth > _DEEPEST:
            parts.append(field.raw)
        elif known.type == known.TYPE_STRING:
            parts.append(_delimited(field.number, payload.decode("utf-8", "replace").encode()))
        elif known.type == known.TYPE_MESSAGE:
            parts.append(_delimited(field.number, repaired(payload, known.message_type, depth + 1)))
        else:
            parts.append(field.raw)
    return b"".join(parts)


def _wire(data: bytes) -> Iterator[_Field]:
    """Yield the fields of a message; what cannot be read as one comes as it is, at the end, with the number 0."""
    start = 0
    while start < len(data):
        try:
            tag, at = _varint(data, start)
            begin, end = _extent(data, at, tag & 7)
        except ValueError:
            yield _Field(0, data[start:], None)
            return
        yield _Field(tag >> 3, data[start:end], data[begin:end] if tag & 7 == LENGTH else None)
        start = end


def _extent(data: bytes, at: int, wire_type: int) -> tuple[int, int]:
    if wire_type == VARINT:
        begin, end = at, _varint(data, at)[1]
    elif wire_type == LENGTH:
        length, begin = _varint(data, at)
        end = begin + length
    elif wire_type in (FIXED64, _FIXED32):
        begin, end = at, at + (8 if wire_type == FIXED64 else 4)
    else:
        raise ValueError("no wire type of today's")
    if end > len(data):
        raise ValueError("cut short")
    return begin, end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at
    raise ValueError("a number that does not end")


def _delimited(number: int, payload: bytes) -> bytes:
    return _encoded(number << 3 | LENGTH) + _encoded(len(payload)) + payload


def _encoded(value: int) -> bytes:
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
