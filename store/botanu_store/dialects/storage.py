"""Object stores: botanu's tracker, and S3 as the AWS SDK's instrumentations see it."""

from __future__ import annotations

from botanu import attributes as keys
from botanu_store.dialects.common.numbers import count
from botanu_store.dialects.common.reading import Dialect, Reading, operation
from botanu_store.dialects.common.vendors import product
from botanu_store.records import Span


def read(span: Span) -> Reading | None:
    """Read one operation on an object store."""
    said = span.attributes
    system = said.get(keys.STORAGE_SYSTEM)
    if system is None:
        if said.get("rpc.service") != "S3":
            return None
        system = "s3"
    name = said.get(keys.STORAGE_OPERATION) or said.get("rpc.method") or span.name.rpartition(".")[2]
    quantities = {
        "bytes_read": count(said.get(keys.DATA_BYTES_READ)),
        "bytes_written": count(said.get(keys.DATA_BYTES_WRITTEN)),
        "objects": count(said.get(keys.DATA_OBJECTS_COUNT)),
    }
    found = operation(DIALECT.name, "storage", name, product(system), quantities)
    found.request_id = said.get("aws.request_id", "")
    return found


DIALECT = Dialect(
    name="storage",
    title="botanu, and S3 through the AWS SDK's instrumentations",
    marker="`botanu.storage.system`, or `rpc.service`=S3",
    counts="One request; bytes and objects where botanu's `botanu.data.*` say.",
    read=read,
    keys=(keys.STORAGE_SYSTEM,),
    scopes=(
        "opentelemetry.instrumentation.botocore",
        "opentelemetry.instrumentation.aiobotocore",
        "@opentelemetry/instrumentation-aws-sdk",
    ),
    either=True,
    decides=False,
)
