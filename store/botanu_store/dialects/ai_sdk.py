"""The Vercel AI SDK's own spans, versions 4 to 6 and `LegacyOpenTelemetry` of 7: an inner span per attempt, an outer one that repeats."""

from __future__ import annotations

from botanu_store.dialects import genai
from botanu_store.dialects.numbers import Document, count, document, inside
from botanu_store.dialects.reading import Dialect, Reading, Role, model_call, operation
from botanu_store.dialects.usage import Tokens, anthropic_tokens
from botanu_store.dialects.vendors import vendor
from botanu_store.records import Span


def read(span: Span) -> Reading | None:
    """Read an inner call (`.doGenerate`, `.doStream`, `.doEmbed`), an outer one that carries usage, or a tool call."""
    said = span.attributes
    what = said["ai.operationId"]
    if what == "ai.toolCall":
        found = operation(DIALECT.name, "tool", "execute_tool", "", {}, said.get("ai.toolCall.name", ""))
        found.response_id = said.get("ai.toolCall.id", "")
        return found
    used = _tokens(said)
    role: Role = "call" if ".do" in what else "wrapper"
    if role == "wrapper" and not used:
        return None
    return _call(span, used, "embeddings" if what.startswith("ai.embed") else "chat", role)


def _call(span: Span, used: Tokens, name: str, role: Role) -> Reading:
    said = span.attributes
    asked = said.get("ai.model.id") or said.get("gen_ai.request.model", "")
    model = said.get("ai.response.model") or said.get("gen_ai.response.model") or asked
    seller = vendor(said.get("ai.model.provider") or said.get("gen_ai.system"), model)
    found = model_call(span, DIALECT.name, used, operation=name, vendor=seller, model=model, request_model=asked, role=role)
    found.response_id = said.get("ai.response.id") or said.get("gen_ai.response.id", "")
    return found


def _tokens(said: genai.Attributes) -> Tokens:
    used = Tokens(
        genai.first(said, "gen_ai.usage.input_tokens", "ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"),
        genai.first(said, "gen_ai.usage.output_tokens", "ai.usage.outputTokens", "ai.usage.completionTokens"),
        genai.first(said, "ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens"),
        count(said.get("ai.usage.inputTokenDetails.cacheWriteTokens")),
    )
    if "ai.response.providerMetadata" in said:
        _add_what_the_vendor_says(used, document(said["ai.response.providerMetadata"]))
    return used


def _add_what_the_vendor_says(used: Tokens, metadata: Document) -> None:
    """Anthropic's and Bedrock's writes are only here; an input equal to theirs is one without the cached tokens (version 5)."""
    raw = inside(inside(metadata.get("anthropic")).get("usage"))
    bedrock = inside(inside(metadata.get("bedrock")).get("usage"))
    if raw:
        theirs = anthropic_tokens(raw)
        used.cache_read = used.cache_read or theirs.cache_read
        used.cache_write = used.cache_write or theirs.cache_write
        used.cache_write_1h = theirs.cache_write_1h
        used.includes_cache = used.input != theirs.input
    elif bedrock and not used.cache_write:
        # https://ai-sdk.dev/providers/ai-sdk-providers/amazon-bedrock: Converse's counts as they are.
        used.cache_write = count(bedrock.get("cacheWriteInputTokens"))
        used.includes_cache = False


DIALECT = Dialect(
    name="ai-sdk",
    title="Vercel AI SDK 4 to 6, and 7 with LegacyOpenTelemetry",
    marker="`ai.operationId` ending in .doGenerate, .doStream, .doEmbed; ai.toolCall for tools",
    counts="Input includes the cache, except Anthropic's and Bedrock's in 5. Outer spans repeat the last or all inner ones.",
    read=read,
    keys=("ai.operationId",),
)
