"""Spans as OTLP JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding), built directly as dicts.

Ids are hex, 64-bit integers decimal strings, enumerations numbers, bytes base64; numbers that are no numbers are the strings
"NaN", "Infinity" and "-Infinity", as the protobuf mapping has it.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from opentelemetry.trace import INVALID_SPAN_CONTEXT

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import Link, SpanContext

Json = dict[str, Any]
"""One JSON object."""

VALUE_LIMIT = 64 * 1024
"""The longest attribute value, in bytes of UTF-8."""
ATTRIBUTE_LIMIT = 256
"""The most attributes of one span, event or link."""

_KEY_LIMIT = 1024
_MOST_BYTES_PER_CHARACTER = 4
_DEEPEST = 8
# Kind and status: the API counts kinds from 0, OTLP from 1 (0 is "unspecified").
_FIRST_KIND = 1
# https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto (SpanFlags)
_HAS_IS_REMOTE, _IS_REMOTE = 0x100, 0x200


def resource_spans(spans: Iterable[ReadableSpan], value_limit: int = VALUE_LIMIT) -> Json:
    """Return one OTLP document: the spans grouped by resource and scope."""
    encode = Encoder(value_limit)
    # By identity: one provider has one resource object, and hashing a resource means serialising it.
    resources: dict[int, tuple[Resource, dict[int, tuple[InstrumentationScope | None, list[Json]]]]] = {}
    for span in spans:
        resource, scope = span.resource, span.instrumentation_scope
        group = resources.get(id(resource))
        if group is None:
            group = resources[id(resource)] = (resource, {})
        scoped = group[1].get(id(scope))
        if scoped is None:
            scoped = group[1][id(scope)] = (scope, [])
        scoped[1].append(encode.span(span))
    return {"resourceSpans": [encode.resource(resource, scopes.values()) for resource, scopes in resources.values()]}


class Encoder:
    """Turns spans and what they hold into OTLP JSON, cutting values at a limit."""

    def __init__(self, value_limit: int = VALUE_LIMIT) -> None:
        self._limit = value_limit
        self._short = value_limit // _MOST_BYTES_PER_CHARACTER
        self._by_type: dict[type, Callable[[Any], Json]] = {
            str: self._string,
            bool: _boolean,
            int: _integer,
            float: _double,
            tuple: self._array,
            list: self._array,
            bytes: self._bytes,
            type(None): _nothing,
        }

    def span(self, span: ReadableSpan) -> Json:
        """Return one span."""
        # Only a span that was made by hand, past the SDK, has no context.
        context, parent = span.context or INVALID_SPAN_CONTEXT, span.parent
        status = span.status
        encoded: Json = {
            "traceId": f"{context.trace_id:032x}",
            "spanId": f"{context.span_id:016x}",
            "name": span.name,
            "kind": span.kind.value + _FIRST_KIND,
            "startTimeUnixNano": str(span.start_time or 0),
            "endTimeUnixNano": str(span.end_time or 0),
            "attributes": self.attributes(span.attributes),
            "flags": _flags(context, remote=parent is not None and parent.is_remote),
            "status": {"code": status.status_code.value},
        }
        if parent is not None:
            encoded["parentSpanId"] = f"{parent.span_id:016x}"
        if status.description:
            encoded["status"]["message"] = self._cut(status.description)
        if context.trace_state:
            encoded["traceState"] = context.trace_state.to_header()
        if span.events:
            encoded["events"] = [self._event(event) for event in span.events]
        if span.links:
            encoded["links"] = [self._link(link) for link in span.links]
        for key, dropped in (
            ("droppedAttributesCount", span.dropped_attributes),
            ("droppedEventsCount", span.dropped_events),
            ("droppedLinksCount", span.dropped_links),
        ):
            if dropped:
                encoded[key] = dropped
        return encoded

    def resource(self, resource: Resource, scopes: Iterable[tuple[InstrumentationScope | None, list[Json]]]) -> Json:
        """Return one resource with its spans by scope."""
        encoded: Json = {
            "resource": {"attributes": self.attributes(resource.attributes)},
            "scopeSpans": [self._scope_spans(scope, spans) for scope, spans in scopes],
        }
        if resource.schema_url:
            encoded["schemaUrl"] = resource.schema_url
        return encoded

    def _scope_spans(self, scope: InstrumentationScope | None, spans: list[Json]) -> Json:
        encoded: Json = {"scope": self.scope(scope), "spans": spans}
        if scope is not None and scope.schema_url:
            encoded["schemaUrl"] = scope.schema_url
        return encoded

    def scope(self, scope: InstrumentationScope | None) -> Json:
        """Return one instrumentation scope."""
        if scope is None:
            return {"name": ""}
        encoded: Json = {"name": scope.name, "version": scope.version or ""}
        if scope.attributes:
            encoded["attributes"] = self.attributes(scope.attributes)
        return encoded

    def attributes(self, attributes: Mapping[str, Any] | None) -> list[Json]:
        """Return attributes, no more than the limit."""
        if not attributes:
            return []
        by_type = self._by_type
        encoded = [
            {"key": key, "value": (by_type.get(value.__class__) or self._other)(value)}
            for key, value in attributes.items()
        ]
        if len(encoded) > ATTRIBUTE_LIMIT:
            del encoded[ATTRIBUTE_LIMIT:]
        return encoded

    def _event(self, event: Event) -> Json:
        encoded: Json = {"timeUnixNano": str(event.timestamp), "name": event.name}
        if event.attributes:
            encoded["attributes"] = self.attributes(event.attributes)
        return encoded

    def _link(self, link: Link) -> Json:
        context = link.context
        return {
            "traceId": f"{context.trace_id:032x}",
            "spanId": f"{context.span_id:016x}",
            "attributes": self.attributes(link.attributes),
            "flags": _flags(context, remote=context.is_remote),
        }

    def _string(self, value: str) -> Json:
        return {"stringValue": value if len(value) <= self._short else self._cut(value)}

    def _cut(self, value: str) -> str:
        return value[: self._limit].encode("utf-8", "replace")[: self._limit].decode("utf-8", "ignore")

    def _bytes(self, value: bytes) -> Json:
        return {"bytesValue": base64.b64encode(value[: self._limit * 3 // 4]).decode("ascii")}

    def _array(self, value: Sequence[Any]) -> Json:
        return {"arrayValue": {"values": [self._value(item, 1) for item in value[: self._limit]]}}

    def _value(self, value: Any, depth: int) -> Json:
        known = self._by_type.get(value.__class__)
        if known is not None and not isinstance(value, tuple | list):
            return known(value)
        return self._other(value, depth)

    def _other(self, value: Any, depth: int = 0) -> Json:
        """Encode what the table does not know: nested values and subclasses; too deep is text."""
        if depth < _DEEPEST:
            if isinstance(value, Mapping):
                items: list[tuple[Any, Any]] = list(value.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
                entries = [{"key": str(key)[:_KEY_LIMIT], "value": self._value(item, depth + 1)} for key, item in items]
                return {"kvlistValue": {"values": entries[:ATTRIBUTE_LIMIT]}}
            if isinstance(value, tuple | list):
                sequence = cast("Sequence[Any]", value)[: self._limit]
                return {"arrayValue": {"values": [self._value(item, depth + 1) for item in sequence]}}
        for known, encode in self._by_type.items():
            if isinstance(value, known) and known not in (tuple, list):
                return encode(value)
        return {"stringValue": self._cut(str(value))}


def _flags(context: SpanContext, *, remote: bool) -> int:
    return int(context.trace_flags) | _HAS_IS_REMOTE | (_IS_REMOTE if remote else 0)


def _boolean(value: bool) -> Json:
    return {"boolValue": value}


def _integer(value: int) -> Json:
    text = str(value)
    return {"intValue": text} if -(2**63) <= value < 2**63 else {"stringValue": text}


def _double(value: float) -> Json:
    if math.isfinite(value):
        return {"doubleValue": value}
    return {"doubleValue": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}


def _nothing(_: None) -> Json:
    return {}
