"""Everything that is no model: tools, databases, object stores and queues, as botanu's trackers and OpenTelemetry's conventions say it.

https://opentelemetry.io/docs/specs/semconv/database/ and /messaging/
"""

from __future__ import annotations

from collections.abc import Mapping

from botanu_store.dialects.base import Reading, attempt, first, text
from botanu_store.dialects.vendors import vendor
from botanu_store.records import Category, Span

NAME = "operations"
KEYS = ("gen_ai.tool.name", "botanu.storage.system", "db.system", "db.system.name", "messaging.system")
SCOPES: tuple[str, ...] = ()

_METERS: dict[str, tuple[str, ...]] = {
    "bytes_scanned": ("botanu.warehouse.bytes_scanned",),
    "bytes_read": ("botanu.data.bytes_read",),
    "bytes_written": ("botanu.data.bytes_written",),
    "objects": ("botanu.data.objects_count",),
    "messages": ("botanu.messaging.message_count", "messaging.batch.message_count"),
    "bytes_transferred": ("botanu.messaging.bytes_transferred",),
}
_ROWS = (("botanu.data.rows_returned", "db.response.returned_rows"), ("botanu.data.rows_affected",))

_SYSTEMS = {"postgres": "postgresql", "pg": "postgresql", "sqlserver": "mssql", "microsoft.sql_server": "mssql", "mongo": "mongodb", "aws.dynamodb": "dynamodb",
            "gcp.spanner": "spanner", "aws.redshift": "redshift", "azure.cosmosdb": "cosmosdb", "aws_s3": "s3", "aws_sqs": "sqs", "aws_sns": "sns",
            "gcp_pubsub": "pubsub", "google_pubsub": "pubsub", "servicebus": "servicebus"}  # fmt: skip


def read(span: Span) -> Reading | None:
    """Read a span of a tool, a database, a store or a queue; None when it is none of them, or only the waiting for one."""
    said = span.attributes
    if said.get("gen_ai.operation.name") == "execute_tool" or ("gen_ai.tool.name" in said and "gen_ai.operation.name" not in said):
        return _tool(span)
    if "botanu.storage.system" in said:
        return _operation(span, "storage", said["botanu.storage.system"], text(said, "botanu.storage.operation"))
    if "messaging.system" in said:
        operation = text(said, "messaging.operation", "messaging.operation.type", "messaging.operation.name")
        return _operation(span, "messaging", said["messaging.system"], operation) if span.kind in ("PRODUCER", "CONSUMER", "CLIENT") else None
    system = text(said, "db.system", "db.system.name")
    if not system or (span.kind != "CLIENT" and "botanu.vendor" not in said):
        return None
    return _operation(span, "database", system, text(said, "db.operation", "db.operation.name"))


def _tool(span: Span) -> Reading:
    said = span.attributes
    provider = text(said, "botanu.vendor", "gen_ai.provider.name")
    # Frameworks put the model's vendor on their tools' spans; only a vendor that the tool names itself bills for it.
    own = span.scope.startswith("botanu")
    name = text(said, "gen_ai.tool.name") or span.name.removeprefix("execute_tool ")[:256]
    return Reading(
        dialect=NAME,
        category="tool",
        operation="execute_tool",
        vendor=vendor(provider) if own or "botanu.vendor" in said else "",
        response_model=name,
        quantities=_quantities(said),
        reported=True,
        response_id=text(said, "gen_ai.tool.call.id"),
    )


def _operation(span: Span, category: Category, system: str, operation: str) -> Reading:
    said = span.attributes
    name = system.strip().lower()
    return Reading(
        dialect=NAME,
        category=category,
        operation=operation,
        vendor=(_SYSTEMS.get(name, name))[:256],
        quantities=_quantities(said),
        reported=True,
        request_id=text(said, "botanu.warehouse.query_id"),
        attempt=attempt(span, "botanu.request.attempt"),
    )


def _quantities(said: Mapping[str, str]) -> dict[str, int]:
    found = {meter: count for meter, names in _METERS.items() if (count := first(said, names))}
    rows = sum(first(said, names) or 0 for names in _ROWS)
    read_by_tool = first(said, ("botanu.tool.bytes_processed",))
    if read_by_tool:
        found.setdefault("bytes_read", read_by_tool)
    return found | ({"rows": rows} if rows else {})
