"""Genkit: a span per action, of which a model's has its usage in the JSON of its output."""

from __future__ import annotations

from botanu_store.dialects.common.numbers import count, document, inside
from botanu_store.dialects.common.reading import Dialect, Reading, model_call, tool_call
from botanu_store.dialects.common.usage import Tokens, vendor_tokens
from botanu_store.dialects.common.vendors import vendor
from botanu_store.records import Span

_CALLS = {"model": "chat", "embedder": "embeddings", "reranker": "rerank"}


def read(span: Span) -> Reading | None:
    """Read a model's or a tool's action; `generate` around it repeats."""
    said = span.attributes
    kind, name = said[_KIND], said.get("genkit:name", span.name)
    if kind == "tool":
        return tool_call(DIALECT.name, name)
    if kind not in _CALLS:
        return None
    plugin, slash, model = name.partition("/")
    model = model if slash else plugin
    seller = vendor(plugin if slash else "", model)
    used = _tokens(said.get("genkit:output"))
    return model_call(span, DIALECT.name, used, operation=_CALLS[kind], vendor=seller, model=model)


def _tokens(output: str | None) -> Tokens:
    said = document(output)
    usage = inside(said.get("usage"))
    theirs = inside(inside(said.get("raw")).get("usage"))
    if "prompt_tokens" in theirs and count(theirs["prompt_tokens"]) == count(usage.get("inputTokens")):
        return vendor_tokens(theirs)  # OpenAI's plugin passes the two totals on, and the rest in the answer alone.
    thoughts = count(usage.get("thoughtsTokens"))
    claude = inside(usage.get("custom"))
    used = Tokens(
        count(usage.get("inputTokens")),
        count(usage.get("outputTokens")),
        count(usage.get("cachedContentTokens")) or count(claude.get("cache_read_input_tokens")),
        count(claude.get("cache_creation_input_tokens")),
        count(claude.get("ephemeral_1h_input_tokens")),
        includes_cache=not claude,
        kinds={"reasoning_tokens": thoughts},
    )
    if count(usage.get("totalTokens")) == used.input + used.output + thoughts:
        used.output += thoughts
    return used


_KIND = "genkit:metadata:subtype"

DIALECT = Dialect(
    name="genkit",
    title="Genkit 1.20 to 1.42",
    marker="`genkit:metadata:subtype` = model, embedder; tool for tools",
    counts="Input includes the cache, except Anthropic's; Gemini's thoughts are beside the output. All of it is in the JSON of `genkit:output`, of OpenAI's cache in the answer therein; embeddings say nothing.",
    read=read,
    keys=(_KIND,),
)
