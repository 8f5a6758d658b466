"""Database clients, by OpenTelemetry's conventions of either generation, and botanu's counts on any of them."""

from __future__ import annotations

from botanu import attributes as keys
from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import count
from botanu_store.dialects.common.reading import Dialect, Reading, operation
from botanu_store.dialects.common.vendors import product
from botanu_store.records import Span

_NO_OPERATIONS = frozenset(("connect", "close", "commit", "rollback", "begin"))
"""What a driver does for itself: opening a connection is billed by nobody."""


def read(span: Span) -> Reading | None:
    """Read one operation of a database client."""
    said = span.attributes
    if span.kind != "CLIENT":
        return None
    name = said.get("db.operation.name") or said.get(keys.DB_OPERATION) or span.name.partition(" ")[0]
    if name.lower() in _NO_OPERATIONS:
        return None
    system = said.get("db.system.name") or said.get(keys.DB_SYSTEM, "")
    found = operation(DIALECT.name, "database", name, product(system), _quantities(said))
    found.request_id = said.get(keys.WAREHOUSE_QUERY_ID, "")
    if said.get(keys.WAREHOUSE_BYTES_SCANNED) == "0":
        # Answered from the warehouse's cache: that nothing was billed is not the same as nothing known.
        found.quantities["bytes_scanned"] = 0
    return found


def _quantities(said: genai.Attributes) -> dict[str, int]:
    return {
        "rows": max(
            count(said.get(keys.DATA_ROWS_RETURNED)),
            count(said.get(keys.DATA_ROWS_AFFECTED)),
            count(said.get("db.response.returned_rows")),
        ),
        "bytes_read": count(said.get(keys.DATA_BYTES_READ)),
        "bytes_written": count(said.get(keys.DATA_BYTES_WRITTEN)),
        "bytes_scanned": count(said.get(keys.WAREHOUSE_BYTES_SCANNED)),
    }


DIALECT = Dialect(
    name="database",
    title="OpenTelemetry database conventions, old and stable",
    marker="`db.system.name` or `db.system` on a CLIENT span",
    counts="One request; rows and bytes where botanu's `botanu.data.*`, `botanu.warehouse.*` or `db.response.returned_rows` say.",
    read=read,
    keys=("db.system.name", keys.DB_SYSTEM),
    decides=False,
)
