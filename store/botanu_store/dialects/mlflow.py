"""MLflow's own traces: every attribute is JSON, down to the quotes around a word."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import count, document, unquoted, usd, word
from botanu_store.dialects.common.reading import Dialect, Reading, model_call, tool_call
from botanu_store.dialects.common.usage import Tokens
from botanu_store.dialects.common.vendors import vendor
from botanu_store.records import Span

_CALLS = {'"CHAT_MODEL"': "chat", '"LLM"': "chat", '"EMBEDDING"': "embeddings", '"RERANKER"': "rerank"}
_FOREIGN = "null"
"""Of a span that another instrumentation made and that only passed through MLflow's processor (MLFLOW_USE_DEFAULT_TRACER_PROVIDER=false)."""


def read(span: Span) -> Reading | None:
    """Read a span by its type; chains and agents are no calls."""
    said = span.attributes
    kind = said.get("mlflow.spanType", "")
    if kind == _FOREIGN:
        return None
    if kind == '"TOOL"':
        return tool_call(DIALECT.name, span.name)
    name = _CALLS.get(kind)
    used = _tokens(said)
    if name is None and not used:
        return None
    asked = next(filter(None, (unquoted(said.get("model", "")), *(_word_in(said, key, "model") for key in _ASKED))), "")
    asked = asked or _word_in(said, "metadata", "ls_model_name")
    model = unquoted(said.get("mlflow.llm.model", "")) or asked
    sold_by = unquoted(said.get("mlflow.llm.provider", "")) or _word_in(said, "metadata", "ls_provider")
    seller = vendor(sold_by or unquoted(said.get("mlflow.message.format", "")), model)
    found = model_call(
        span, DIALECT.name, used, operation=name or "chat", vendor=seller, model=model, request_model=asked,
        role="call" if name else "wrapper",
    )  # fmt: skip
    found.emitter_usd = usd(document(said.get("mlflow.llm.cost")).get("total_cost"))
    found.variant = autolog(said)
    return found


def autolog(said: genai.Attributes) -> str:
    """Return which of MLflow's autologs made a span: they share a scope, and LangChain's and the client's may both report a call."""
    written = unquoted(said.get("mlflow.message.format", ""))
    return written or ("langchain" if "invocation_params" in said else "")


def _tokens(said: genai.Attributes) -> Tokens:
    if "mlflow.chat.tokenUsage" not in said:
        return genai.tokens(said)
    usage = document(said["mlflow.chat.tokenUsage"])
    used = Tokens(
        count(usage.get("input_tokens")),
        count(usage.get("output_tokens")),
        count(usage.get("cache_read_input_tokens")),
        count(usage.get("cache_creation_input_tokens")),
        count(usage.get("cache_creation_input_tokens_above_1hr")),
        includes_cache=said.get("mlflow.message.format") != '"anthropic"' or not said.keys().isdisjoint(_SINCE_ADDED),
    )
    cached = used.cache_read + used.cache_write
    if cached and count(usage.get("total_tokens")) == used.input + used.output + cached:
        used.includes_cache = False  # Bedrock's by LangChain's client before 1.5
    return used


_SINCE_ADDED = ("mlflow.spanLogLevel", "mlflow.llm.provider")
"""What spans of Anthropic's client have since 3.13; 3.10, the first to tell the cached tokens, and 3.11 pass on an input that leaves them out: anthropic/autolog.py."""
_ASKED = ("invocation_params", "mlflow.spanInputs")


def _word_in(said: genai.Attributes, key: str, name: str) -> str:
    """What LangChain says of a call, or what Anthropic's client was asked, which is all there is before MLflow 3.8 or so."""
    return word(document(said.get(key)).get(name))


DIALECT = Dialect(
    name="mlflow",
    title="MLflow 2.22 to 3.17 (with MLFLOW_ENABLE_OTEL_GENAI_SEMCONV: see otel)",
    marker="`mlflow.spanType` = CHAT_MODEL, LLM, EMBEDDING; TOOL for tools",
    counts="Input includes the cache, all of it in the JSON of `mlflow.chat.tokenUsage`.",
    read=read,
    keys=("mlflow.spanType",),
    shared_scope=True,
    own_traces=True,
    decides=False,
)
