"""Message brokers, by OpenTelemetry's conventions, and botanu's counts on any of them."""

from __future__ import annotations

from botanu import attributes as keys
from botanu_store.dialects.common.numbers import count
from botanu_store.dialects.common.reading import Dialect, Reading, operation
from botanu_store.dialects.common.vendors import product
from botanu_store.records import Span

_LOCAL = frozenset(("process", "deliver", "create", "run", "ack", "nack", "commit"))
"""What happens to a message inside a program: no request to the broker."""


def read(span: Span) -> Reading | None:
    """Read one request to a broker: messages sent, received or settled."""
    said = span.attributes
    name = (
        said.get("messaging.operation.type")
        or said.get(keys.MESSAGING_OPERATION)
        or said.get("messaging.operation.name")
    )
    if name is None:
        name = _BY_KIND.get(span.kind, "process")
    if name.lower() in _LOCAL:
        return None
    quantities = {
        "messages": count(said.get(keys.MESSAGING_MESSAGE_COUNT)) or count(said.get("messaging.batch.message_count")),
        "bytes_transferred": count(said.get(keys.MESSAGING_BYTES_TRANSFERRED))
        or count(said.get("messaging.message.body.size")),
    }
    found = operation(DIALECT.name, "messaging", name, product(said.get(keys.MESSAGING_SYSTEM, "")), quantities)
    found.request_id = said.get("aws.request_id", "")
    return found


_BY_KIND = {"PRODUCER": "publish", "CLIENT": "publish"}

DIALECT = Dialect(
    name="messaging",
    title="OpenTelemetry messaging conventions, old and stable",
    marker="`messaging.system`, except on spans that process a message inside the program",
    counts="One request; messages and bytes where the span says.",
    read=read,
    keys=(keys.MESSAGING_SYSTEM,),
    decides=False,
)
