"""AWS Bedrock through OpenTelemetry's and Traceloop's instrumentations: Converse's own counts, where input leaves the cached out."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import count
from botanu_store.dialects.common.reading import Dialect, Reading
from botanu_store.records import Span


def read(span: Span) -> Reading | None:
    """Read a span by the conventions, the input without the cached tokens."""
    said = span.attributes
    found = genai.call(span, DIALECT.name, includes_cache=False)
    if found is not None and found.category in ("llm", "embedding"):
        found.vendor = found.vendor or "aws.bedrock"
        found.request_id = said.get("aws.request_id", "")
        found.attempt = 1 + min(count(said.get("retry_attempts")), 1000)
    return found


DIALECT = Dialect(
    name="bedrock",
    title="OpenTelemetry botocore 0.66b0 and genai-bedrock 1.3b0, Traceloop bedrock 0.62.4",
    marker="`gen_ai.operation.name`, scope of the AWS SDK or of Bedrock",
    counts="Input EXCLUDES cache reads and writes.",
    read=read,
    keys=genai.KEYS,
    scopes=(
        "opentelemetry.instrumentation.botocore",
        "opentelemetry.instrumentation.aiobotocore",
        "opentelemetry.instrumentation.bedrock",
        "opentelemetry.instrumentation.genai.bedrock",
        "opentelemetry.instrumentation.genai_bedrock",
    ),
)
