"""OpenInference (Arize): `llm.token_count.*` on spans whose `openinference.span.kind` says what they are."""

from __future__ import annotations

import re

from botanu_store.dialects import google_adk
from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import count, document, usd, word
from botanu_store.dialects.common.reading import Dialect, Reading, Role, model_call, tool_call
from botanu_store.dialects.common.usage import Tokens
from botanu_store.dialects.common.vendors import COUNT_CACHE_APART, GEMINI, by_litellm, maker, vendor
from botanu_store.records import Span

_OPERATIONS = {"LLM": "chat", "EMBEDDING": "embeddings", "RERANKER": "rerank"}
_COUNT = "llm.token_count."
_GENAI = "openinference.instrumentation.google_genai"
_GOOGLE = (_GENAI, "openinference.instrumentation.vertexai")
"""The first before 0.1.5 or so, the second always leaves the thoughts out of the output, but not out of the total."""
_BEDROCK = "@arizeai/openinference-instrumentation-bedrock"
"""Passes on Bedrock's own input, without the cached tokens: of Converse those are in the total only, of InvokeModel beside it."""
_BEDROCK_IN_PYTHON = "openinference.instrumentation.bedrock"
"""Did so too, to 0.1.32 at least."""
_ADK = "openinference.instrumentation.google_adk"
"""Writes on ADK's own span, which has the answer's usage, or has made it in ADK's stead and writes nothing on it; names Google as the vendor of whatever model LiteLLM asks, as ADK does."""
_AGNO = "openinference.instrumentation.agno"
"""Passes on the vendor's own counts (`agno.models.anthropic.claude`)."""
_AGENTS = "openinference.instrumentation.openai_agents"
"""Names OpenAI as the vendor of whatever model LiteLLM asks: `_processor.py`, `on_span_start`."""
_BEEAI = "openinference.instrumentation.beeai"
_BEEAI_CACHED = "metadata.usage.cached_"
"""How BeeAI names its cached tokens, which its own instrumentation hands on as they are."""
_HAPPENED = "metadata.path"
"""On spans without length of what happens inside one, such as each token of a stream; they have the kind of that one: `_span.py`, `child`."""
_OWN = ("openinference.", "@arizeai/openinference")
_OTHERS = frozenset(("gen_ai.operation.name", "llm.request.type"))
_MODELS = ("llm.response.model_name", "llm.model_name", "embedding.model_name", "reranker.model_name")
_PREPARES = "._prepare_"
"""In the names of LlamaIndex's methods that put a request together; their spans are of the kind LLM too."""
_PARTS = ("model_step", "model_chunk")
"""Parts of a call that Mastra's exporter to Arize calls LLM too."""
_KINDS = {
    f"{_COUNT}prompt_details.audio": "input_audio_tokens",
    f"{_COUNT}completion_details.audio": "output_audio_tokens",
    f"{_COUNT}completion_details.reasoning": "reasoning_tokens",
}


def read(span: Span) -> Reading | None:
    """Read a span by its kind; agents and chains carry usage only where they repeat, or are alone in knowing."""
    said = span.attributes
    kind = said.get("openinference.span.kind", "").upper()
    if not kind:
        return google_adk.read(span) if span.scope == _ADK else None
    if span.scope == _BEEAI and _HAPPENED in said:
        return None
    if kind == "TOOL":
        return tool_call(DIALECT.name, said.get("tool.name") or span.name, said.get("tool.id", ""))
    used = tokens(said)
    if not span.scope.startswith(_OWN) and _is_of_another(said, used):
        return None
    _set_right(used, span)
    name = _OPERATIONS.get(kind)
    if not used and (name is None or _PREPARES in span.name or said.get("mastra.span.type") in _PARTS):
        return None
    role: Role = "call" if name else "wrapper"
    return call(span, DIALECT.name, used, _precise(span, name or "chat"), role)


def _set_right(used: Tokens, span: Span) -> None:
    """Add what an instrumentation has elsewhere, and take out what it has twice."""
    said, total = span.attributes, count(span.attributes.get(f"{_COUNT}total"))
    used.includes_cache = not _excludes(span, used)
    if span.scope == _GENAI and (used.kinds or {}).get("reasoning_tokens"):
        # Its output holds the thoughts; before 0.1.6 or so what Gemini's own tools put into the prompt is in the total alone.
        used.input = max(used.input, total - used.output)
    elif span.scope.startswith(_GOOGLE) or maker(_of_langchain(said, "ls_model_name")) == GEMINI:
        used.add_thoughts(total)
    elif span.scope == _ADK:
        used.cache_read = used.cache_read or google_adk.tokens(said).cache_read
    elif span.scope in (_BEDROCK, _BEDROCK_IN_PYTHON) and not used.cache_read + used.cache_write:
        used.input = max(used.input, total - used.output)
    if span.scope == _GENAI and _FOLDED_TWICE.match(span.scope_version):
        used.input -= min(used.input, used.cache_read)


def _is_of_another(said: genai.Attributes, used: Tokens) -> bool:
    """Whether another instrumentation made the span, and one of OpenInference's processors wrote on it what it could translate."""
    return not said.keys().isdisjoint(_OTHERS) and (not used or bool(genai.tokens(said)))


def _precise(span: Span, name: str) -> str:
    return "count_tokens" if span.name.endswith("count_tokens") else name


def tokens(said: genai.Attributes) -> Tokens:
    """Return the tokens that the `llm.token_count.*` attributes name, where there are none those of the conventions."""
    used = Tokens(
        count(said.get(f"{_COUNT}prompt")),
        count(said.get(f"{_COUNT}completion")),
        genai.first(
            said,
            f"{_COUNT}prompt_details.cache_read",
            f"{_COUNT}prompt_details.cache_input",
            f"{_BEEAI_CACHED}prompt_tokens",
        ),
        genai.first(said, f"{_COUNT}prompt_details.cache_write", f"{_BEEAI_CACHED}creation_tokens"),
        kinds=genai.kinds(said, _KINDS),
    )
    return used if used or f"{_COUNT}prompt" in said else genai.tokens(said)


def _excludes(span: Span, used: Tokens) -> bool:
    """Whether the input leaves the cached tokens out: where the total says so, until they were folded in, and for Nova's own answers."""
    cached, total = used.cache_read + used.cache_write, count(span.attributes.get(f"{_COUNT}total"))
    if cached and total == used.input + used.output + cached:
        return True
    unfolded = _UNFOLDED.get(span.scope)
    # LangChain's passes numbers of other vendors on too, which have a total.
    if unfolded and (not total or span.scope != _LANGCHAIN) and unfolded.match(span.scope_version):
        return True
    if span.scope == _LANGCHAIN_JS and _BEFORE_LANGCHAIN_1.match(span.scope_version):
        return _of_langchain(span.attributes, "ls_provider") == "anthropic"
    if span.scope == _BEDROCK or (
        span.scope == _AGNO and vendor(span.attributes.get("llm.provider")) in COUNT_CACHE_APART
    ):
        return True
    return span.name.startswith("bedrock.invoke_model") and "nova" in span.attributes.get("llm.model_name", "")


_CLAUDE_AGENT_SDK = "openinference.instrumentation.claude_agent_sdk"
_LANGCHAIN = "openinference.instrumentation.langchain"
_LANGCHAIN_JS = "@arizeai/openinference-instrumentation-langchain"
_BEFORE_LANGCHAIN_1 = re.compile(r"[0-3]\.")
"""Versions for LangChain.js that take none since its 1.0; before 1.3 its client for Anthropic passes the vendor's own counts on."""
_UNFOLDED = {
    _CLAUDE_AGENT_SDK: re.compile(r"0\.(0\.|1\.(\d|1[0-2])\b)"),
    _LANGCHAIN: re.compile(r"0\.1\.(39|4\d|5[0-4])\b"),
}
"""Versions that had cached tokens beside the input, as released on PyPI."""
_FOLDED_TWICE = re.compile(r"0\.1\.1[2-5]\b")
"""Versions for Gemini that added the cached tokens to an input that holds them, and to the total: `_utils.py`."""


def _of_langchain(said: genai.Attributes, name: str) -> str:
    """What LangChain says of a call's model; in JavaScript nothing else names those of Gemini and of Bedrock, where its Gemini has the thoughts in the total alone."""
    return word(document(said.get("metadata")).get(name))


def call(span: Span, dialect: str, used: Tokens, name: str, role: Role = "call") -> Reading:
    """Return a model call with names and cost from OpenInference's attributes."""
    said = span.attributes
    asked = said.get("llm.request.model_name") or said.get("gen_ai.request.model", "")
    model = next(filter(None, map(said.get, _MODELS)), asked)
    if model == said.get("llm.system"):
        model = asked  # All that the one in JavaScript leaves of Bedrock's us.anthropic.claude-...
    model = model or _of_langchain(said, "ls_model_name")
    provider = said.get("llm.provider") or said.get("gen_ai.provider.name") or said.get("llm.system")
    provider = provider or _of_langchain(said, "ls_provider")
    if provider == "google" and span.scope == _ADK:
        provider = maker(model) or "gemini"
    elif provider == "google" and span.scope.startswith(_GENAI):
        provider = "gemini"  # Whose client it is; it can be told to ask Vertex AI, and the span does not say.
    seller = (span.scope == _AGENTS and by_litellm(model)) or vendor(provider, model)
    found = model_call(span, dialect, used, operation=name, vendor=seller, model=model, request_model=asked, role=role)
    found.response_id = said.get("gen_ai.response.id", "")
    found.emitter_usd = usd(said.get("llm.cost.total"))
    return found


DIALECT = Dialect(
    name="openinference",
    title="OpenInference 0.1 to 3.x (Arize Phoenix), AgentCore",
    marker="`openinference.span.kind` = LLM, EMBEDDING, RERANKER; TOOL for tools",
    counts="Input includes the cache, except in claude-agent-sdk before 0.1.13, in LangChain's 0.1.39 to 0.1.54, in LangChain.js's before 4.0 for Anthropic and in Agno for Anthropic, for Bedrock in JavaScript, and where the total says otherwise; google-genai 0.1.12 to 0.1.15 adds the cached tokens twice. AGENT and CHAIN spans repeat the calls inside, or alone carry the usage (claude-agent-sdk).",
    read=read,
    keys=("openinference.span.kind", google_adk.ANSWER),
    session_totals=(_CLAUDE_AGENT_SDK, "@arizeai/openinference-instrumentation-claude-agent-sdk"),
    decides=False,
)
