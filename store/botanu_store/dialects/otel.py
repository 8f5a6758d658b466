"""OpenTelemetry's own conventions, all versions, for every instrumentation that has no dialect of its own."""

from __future__ import annotations

from botanu_store.dialects import mlflow
from botanu_store.dialects.common import genai
from botanu_store.dialects.common.reading import Dialect, Reading
from botanu_store.records import Span


def read(span: Span) -> Reading | None:
    """Read a span by the conventions; the total includes the cached tokens, but for whoever hands on Bedrock's counts."""
    found = genai.call(span, DIALECT.name, includes_cache="bedrock" not in span.scope)
    if found is not None and span.scope.startswith("mlflow."):
        found.variant = mlflow.autolog(span.attributes)
    return found


DIALECT = Dialect(
    name="otel",
    title="OpenTelemetry GenAI conventions 1.26 to 1.42 and after; openai-v2, genai-*, google-genai, AI SDK 7, azure-ai-*",
    marker="`gen_ai.operation.name` names a call, or `gen_ai.system` with a model, or there is usage",
    counts="Input includes cache reads and writes. invoke_agent and the like repeat the calls inside.",
    read=read,
    keys=genai.KEYS,
    of_run={"user_id": ("user.id", "enduser.id"), "session_id": ("session.id", "gen_ai.conversation.id")},
)
