"""Google's Agent Development Kit: `call_llm` with the answer's usage as JSON in its first versions, the conventions since."""

from __future__ import annotations

from botanu_store.dialects import genai
from botanu_store.dialects.numbers import document, inside
from botanu_store.dialects.reading import Dialect, Reading
from botanu_store.dialects.usage import google_tokens
from botanu_store.records import Span

_ANSWER = "gcp.vertex.agent.llm_response"


def read(span: Span) -> Reading | None:
    """Read a model call or a tool; the answer's own usage, where it is, also holds the thoughts and the cache."""
    said = span.attributes
    if said.get("gen_ai.tool.name", "").startswith("(merged"):
        return None  # Tools that ran in parallel, each of which has a span of its own.
    usage = inside(document(said.get(_ANSWER)).get("usage_metadata")) if _ANSWER in said else {}
    used = google_tokens(usage) or genai.tokens(said)
    if not usage and used.kinds and _LITELLM in said.get("gen_ai.request.model", ""):
        # LiteLLM's output holds the reasoning, and ADK adds it as if it did not: models/lite_llm.py, telemetry/tracing.py.
        used.output = max(used.output - used.kinds.get("reasoning_tokens", 0), 0)
    return genai.call(span, DIALECT.name, used)


_LITELLM = "/"
"""In the names of models that ADK reaches by LiteLLM."""


DIALECT = Dialect(
    name="google-adk",
    title="Google ADK 1.10 to 2.13",
    marker="span `call_llm` with usage, or `gen_ai.operation.name`=generate_content",
    counts="Input includes the cache; 1.x leaves thoughts out of the output, they are in the JSON of `gcp.vertex.agent.llm_response`.",
    read=read,
    keys=(*genai.KEYS, _ANSWER),
    scopes=("gcp.vertex.agent",),
)
