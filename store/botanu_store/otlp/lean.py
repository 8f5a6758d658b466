"""Classes that read OTLP's messages of spans without taking attributes apart: those stay in their bytes.

The same numbers as in opentelemetry's own classes, of the fields that are used; a field that holds a message is read as bytes just as well.
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_PACKAGE = "botanu.lean"
_KINDS = {
    "bytes": Field.TYPE_BYTES,
    "string": Field.TYPE_STRING,
    "fixed64": Field.TYPE_FIXED64,
    "enum": Field.TYPE_INT32,
}
_MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "Traces": {"groups": (1, "repeated Group")},
    "Group": {"resource": (1, "bytes"), "scoped": (2, "repeated Scoped")},
    "Resource": {"attributes": (1, "repeated bytes")},
    "Scoped": {"scope": (1, "bytes"), "spans": (2, "repeated Span")},
    "Scope": {"name": (1, "string"), "version": (2, "string")},
    "Span": {
        "trace_id": (1, "bytes"),
        "span_id": (2, "bytes"),
        "parent_span_id": (4, "bytes"),
        "name": (5, "string"),
        "kind": (6, "enum"),
        "start_time_unix_nano": (7, "fixed64"),
        "end_time_unix_nano": (8, "fixed64"),
        "attributes": (9, "repeated bytes"),
        "events": (11, "repeated Event"),
        "status": (15, "Status"),
    },
    "Event": {"time_unix_nano": (1, "fixed64"), "name": (2, "string"), "attributes": (3, "repeated bytes")},
    "Status": {"message": (2, "string"), "code": (3, "enum")},
    "Record": {"time_unix_nano": (1, "fixed64"), "observed_time_unix_nano": (11, "fixed64")},
    # One level of a request of any signal: resources, then scopes, then spans or log records.
    "Request": {"groups": (1, "repeated bytes")},
    "Level": {"entries": (2, "repeated bytes")},
}


def _file(kinds: dict[str, Any]) -> FileDescriptorProto:
    file = FileDescriptorProto(name=f"{_PACKAGE}.proto", package=_PACKAGE, syntax="proto3")
    for message, fields in _MESSAGES.items():
        described = file.message_type.add(name=message)
        for name, (number, words) in fields.items():
            *repeated, kind = words.split()
            field = described.field.add(name=name, number=number)
            field.label = Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL
            field.type = kinds.get(kind, Field.TYPE_MESSAGE)
            if field.type == Field.TYPE_MESSAGE:
                field.type_name = f".{_PACKAGE}.{kind}"
    return file


def _pool(kinds: dict[str, Any]) -> DescriptorPool:
    pool = DescriptorPool()
    pool.Add(_file(kinds))
    return pool


def _class(pool: DescriptorPool, name: str) -> Any:
    return GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


_LEAN = _pool(_KINDS)
Traces, Resource, Scope, Span = (_class(_LEAN, name) for name in ("Traces", "Resource", "Scope", "Span"))
Request, Level, Record = (_class(_LEAN, name) for name in ("Request", "Level", "Record"))
AnyTextTraces = _class(_pool(_KINDS | {"string": Field.TYPE_BYTES}), "Traces")
"""The same whatever is in its texts: what is no UTF-8 is mended when it is read into the store, and no reason to refuse a request."""
