"""OpenLIT: the conventions, Anthropic's counts as Anthropic gives them, its own cost on every call."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import count
from botanu_store.dialects.common.reading import FETCHED, Dialect, Reading
from botanu_store.dialects.common.vendors import COUNT_CACHE_APART, GEMINI, NO_VENDORS, maker, vendor
from botanu_store.records import Span

_EXCLUDE = (
    "openlit.instrumentation.anthropic",
    "openlit.instrumentation.bedrock",
    "@openlit/instrumentation-anthropic",
    "@openlit/instrumentation-bedrock",
)
_LANGCHAINS = (
    "gen_ai.usage.prompt_tokens_details.cache_read",
    "gen_ai.usage.prompt_tokens_details.cache_write",
)
"""What LangChain said was cached, before 1.40 or so: beside Anthropic's own input."""
_PROVIDER = "gen_ai.provider.name"
_SYSTEM = "gen_ai.system"
"""Names a framework, LangChain, around the client's span or beside it, which is of the same scope before 1.40 or so, as the new name does since 1.36 or so; its operation first names the model as well."""
_FRAMEWORKS = NO_VENDORS - {""}
_ONE_SCOPE = "openlit.otel.tracing"
"""Whatever versions before 1.40 or so tell of; they take the words of every stream of OpenAI's chat for its tokens, whatever its last part says: instrumentation/openai/utils.py."""
_THOUGHTS_APART = ("openlit.instrumentation.google_ai_studio", "@openlit/instrumentation-google-ai")


def read(span: Span) -> Reading | None:
    """Read a call; `gen_ai.client.token.usage` is its total under another name."""
    said = span.attributes
    used = genai.tokens(said, includes_cache=not _passes_on(span))
    if not used.cache_read + used.cache_write and not said.keys().isdisjoint(_LANGCHAINS):
        used.cache_read, used.cache_write = (count(said.get(key)) for key in _LANGCHAINS)
        used.includes_cache = maker(said.get("gen_ai.response.model", "")) != "anthropic"
    if used.kinds and _leaves_thoughts_out(span):
        used.output += used.kinds["reasoning_tokens"]
    found = genai.call(span, DIALECT.name, used)
    if found is not None and span.scope == _ONE_SCOPE and found.vendor == "openai":
        found.guessed = said.get("gen_ai.request.is_stream") == "true" and found.response_id.startswith("chatcmpl-")
    if found is not None and span.name.startswith("responses.retrieve"):
        found.operation = FETCHED
    framework = next((name for key in (_PROVIDER, _SYSTEM) if (name := said.get(key, "").lower()) in _FRAMEWORKS), "")
    if found is not None and framework:
        # LangChain names an answer of OpenAI's after the message in it.
        found.own_id = found.own_id and not found.response_id.startswith("msg_")
        found.variant = framework
        known = genai.CALLS.get(said.get("gen_ai.operation.name", "").partition(" ")[0])
        if known and found.role == "wrapper":
            found.role, found.operation = "call", known
    return found


def _passes_on(span: Span) -> bool:
    """Whether the input is Anthropic's or Bedrock's own, by the scope, or in versions with but one by whom the span names: instrumentation/anthropic/utils.py."""
    asked = _asked(span.attributes)
    if asked in _FRAMEWORKS:
        # LangChain passes on Bedrock's, but adds Anthropic's up.
        apart = maker(span.attributes.get("gen_ai.response.model", "")) == "aws.bedrock"
    else:
        apart = vendor(asked) in COUNT_CACHE_APART
    return span.scope.startswith(_EXCLUDE) or (span.scope == _ONE_SCOPE and apart)


def _leaves_thoughts_out(span: Span) -> bool:
    """Whether it is Gemini's own client that was asked, by the scope, or in versions with but one by whom the span names: instrumentation/google_ai_studio/utils.py."""
    asked = vendor(_asked(span.attributes))
    return span.scope.startswith(_THOUGHTS_APART) or (span.scope == _ONE_SCOPE and asked == GEMINI)


def _asked(said: genai.Attributes) -> str:
    return said.get(_PROVIDER) or said.get(_SYSTEM, "")


DIALECT = Dialect(
    name="openlit",
    title="OpenLIT 1.30 to 1.45, and 1.7 to 1.15 in JavaScript",
    marker="`gen_ai.operation.name`; invoke_workflow repeats the last call",
    counts="Input includes the cache for OpenAI, EXCLUDES it for Anthropic. Gemini's thoughts are beside the output. It makes up numbers for streams without usage.",
    read=read,
    keys=genai.KEYS,
    scopes=("openlit", "@openlit/"),
    of_run={"user_id": ("gen_ai.request.user",)},
)
