"""Google's Agent Development Kit: `call_llm` with the answer's usage as JSON in its first versions, the conventions since."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import count, document, inside
from botanu_store.dialects.common.reading import Dialect, Reading
from botanu_store.dialects.common.usage import Tokens, google_tokens
from botanu_store.dialects.common.vendors import maker
from botanu_store.records import Span

ANSWER = "gcp.vertex.agent.llm_response"
"""The answer as JSON, its usage in it."""


def read(span: Span) -> Reading | None:
    """Read a model call or a tool; the answer's own usage, where it is, also holds the thoughts and the cache, which `generate_content` inside lacks."""
    said = span.attributes
    if said.get("gen_ai.tool.name", "").startswith("(merged"):
        return None  # Tools that ran in parallel, each of which has a span of its own.
    found = genai.call(span, DIALECT.name, tokens(said))
    if found is not None and found.operation == "generate_content":
        found.role = "raw"
    if found is not None and found.vendor == _GUESS:
        found.vendor = maker(found.model) or _GUESS
    return found


def tokens(said: genai.Attributes) -> Tokens:
    """Return the tokens of the answer's own usage, else those of the conventions, the thoughts in the output."""
    answer = document(said.get(ANSWER))
    used = google_tokens(inside(answer.get("usage_metadata", answer.get("usageMetadata"))))
    if not used:
        used = genai.tokens(said)
        used.output += count(said.get(_THOUGHTS))
    thoughts = used.kinds.get("reasoning_tokens", 0) if used.kinds else 0
    if thoughts and _LITELLM in said.get("gen_ai.request.model", ""):
        # LiteLLM's output holds the reasoning, and ADK adds it as if it did not: models/lite_llm.py, telemetry/_token_usage.py.
        used.output = max(used.output - thoughts, 0)
    return used


_THOUGHTS = "gen_ai.usage.experimental.reasoning_tokens"
"""Written as long as the output left them out."""
_GUESS = "gcp.gemini"
"""What ADK names as the vendor of whatever model LiteLLM asks: telemetry/tracing.py, `_guess_gemini_system_name`."""
_LITELLM = "/"
"""In the names of models that ADK reaches by LiteLLM."""


DIALECT = Dialect(
    name="google-adk",
    title="Google ADK 1.10 to 2.13, and 1.0 to 2.0 in JavaScript",
    marker="span `call_llm` with usage, or `gen_ai.operation.name`=generate_content, or one inside the other",
    counts="Input includes the cache; 1.x and JavaScript leave thoughts out of the output, they are in the JSON of `gcp.vertex.agent.llm_response`.",
    read=read,
    keys=(*genai.KEYS, ANSWER),
    of_run={"session_id": ("gcp.vertex.agent.session_id",)},
    scopes=("gcp.vertex.agent",),
)
