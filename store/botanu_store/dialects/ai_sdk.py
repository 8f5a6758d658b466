"""The Vercel AI SDK's own spans, versions 4 to 6 and `LegacyOpenTelemetry` of 7: an inner span per attempt, an outer one that repeats."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import Document, count, document, inside
from botanu_store.dialects.common.reading import Dialect, Reading, Role, model_call, tool_call
from botanu_store.dialects.common.usage import Tokens, anthropic_tokens, google_tokens
from botanu_store.dialects.common.vendors import COUNT_CACHE_APART, vendor
from botanu_store.records import Span

_DETAIL = "ai.usage.inputTokenDetails.noCacheTokens"
"""Since version 6 the fresh tokens alone, whatever the vendor's own counts leave out."""
_KINDS = {
    "ai.usage.reasoningTokens": "reasoning_tokens",
    "ai.usage.outputTokenDetails.reasoningTokens": "reasoning_tokens",
}


def read(span: Span) -> Reading | None:
    """Read an inner call (`.doGenerate`, `.doStream`, `.doEmbed`), an outer one that carries usage, or a tool call."""
    said = span.attributes
    what = said["ai.operationId"]
    if what == "ai.toolCall":
        return tool_call(DIALECT.name, said.get("ai.toolCall.name", ""), said.get("ai.toolCall.id", ""))
    used = _tokens(said)
    # A stream that was broken off leaves the outer span alone, without how it ended: the inner one is never written.
    broken_off = what in _STREAMS and not used and "ai.response.finishReason" not in said
    role: Role = "call" if ".do" in what or broken_off else "wrapper"
    if role == "wrapper" and not used:
        return None
    return _call(span, used, "embeddings" if what.startswith("ai.embed") else "chat", role)


def _call(span: Span, used: Tokens, name: str, role: Role) -> Reading:
    said = span.attributes
    asked = said.get("ai.model.id") or said.get("gen_ai.request.model", "")
    model = said.get("ai.response.model") or said.get("gen_ai.response.model") or asked
    seller = vendor(
        said.get("ai.model.provider") or said.get("gen_ai.system") or said.get("gen_ai.provider.name"), model
    )
    # Versions 4 and 5 say no more of it than the vendor's own counts do.
    if seller in COUNT_CACHE_APART and "ai.response.providerMetadata" not in said and _DETAIL not in said:
        used.includes_cache = False
    found = model_call(
        span, DIALECT.name, used, operation=name, vendor=seller, model=model, request_model=asked, role=role
    )
    found.response_id = said.get("ai.response.id") or said.get("gen_ai.response.id", "")
    found.own_id = not found.response_id.startswith(genai.MADE_UP_IDS)
    if found.usage == "free" and not said.keys().isdisjoint(_ANSWERED):
        found.usage, found.quantities = "none", {"requests": 1}
    return found


_STREAMS = ("ai.streamText", "ai.streamObject")
_ANSWERED = ("ai.response.finishReason", "ai.response.msToFirstChunk", "ai.embeddings", "ai.usage.tokens")
"""What a request that failed has not: OpenInference's processor marks every span as failed once one of its trace has (`TraceAggregateManager`)."""


def _tokens(said: genai.Attributes) -> Tokens:
    used = Tokens(
        genai.first(
            said, "gen_ai.usage.input_tokens", "ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"
        ),
        genai.first(said, "gen_ai.usage.output_tokens", "ai.usage.outputTokens", "ai.usage.completionTokens"),
        genai.first(said, "ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens"),
        # Traceloop's processor leaves no more than this of what the vendor says.
        genai.first(said, "ai.usage.inputTokenDetails.cacheWriteTokens", "gen_ai.usage.cache_creation.input_tokens"),
        kinds=genai.kinds(said, _KINDS),
    )
    if "ai.response.providerMetadata" in said:
        _add_what_the_vendor_says(used, document(said["ai.response.providerMetadata"]), folded=_names_request(said))
    if _DETAIL in said:
        used.includes_cache = used.input != count(said[_DETAIL])
    return used


def _names_request(said: genai.Attributes) -> bool:
    """Whether the answer is named after its request: the provider for Bedrock does so since 4.0.59 or little before.

    Until 4.0.12 it passed on Converse's input, without the cached tokens (`convertBedrockUsage`); between these nothing tells.
    Outer spans name no answer, and must not exceed the calls inside.
    """
    answer = said.get("ai.response.id", "")
    return not answer.startswith(genai.MADE_UP_IDS) if answer else ".do" not in said["ai.operationId"]


def _add_what_the_vendor_says(used: Tokens, metadata: Document, *, folded: bool) -> None:
    """Say what only the vendor's own counts tell: an input equal to Anthropic's is one without the cached tokens (versions 4, 5); Bedrock's has them if `folded`."""
    claude = inside(metadata.get("anthropic"))
    google = inside(inside(metadata.get("google") or metadata.get("vertex")).get("usageMetadata"))
    if raw := inside(claude.get("usage")):
        theirs = anthropic_tokens(raw)
        used.includes_cache = used.input != theirs.input
        used.cache_write_1h = theirs.cache_write_1h
        _add_cache(used, theirs.cache_read, theirs.cache_write)
    elif claude:
        used.includes_cache = bool(used.cache_write)
        _add_cache(used, count(claude.get("cacheReadInputTokens")), count(claude.get("cacheCreationInputTokens")))
    elif google:
        theirs = google_tokens(google)
        used.output = max(used.output, theirs.output)
        _add_cache(used, theirs.cache_read, 0)
        _add_reasoning(used, (theirs.kinds or {}).get("reasoning_tokens", 0))
    elif bedrock := inside(inside(metadata.get("bedrock")).get("usage")):
        used.includes_cache = bool(used.cache_write) or folded
        _add_cache(used, count(bedrock.get("cacheReadInputTokens")), count(bedrock.get("cacheWriteInputTokens")))
    elif router := inside(inside(metadata.get("openrouter")).get("usage")):
        _add_cache(used, count(inside(router.get("promptTokensDetails")).get("cachedTokens")), 0)
        _add_reasoning(used, count(inside(router.get("completionTokensDetails")).get("reasoningTokens")))
    else:
        openai = inside(metadata.get("openai"))
        _add_cache(used, count(openai.get("cachedPromptTokens")), 0)
        _add_reasoning(used, count(openai.get("reasoningTokens")))


def _add_cache(used: Tokens, read: int, write: int) -> None:
    used.cache_read = used.cache_read or read
    used.cache_write = used.cache_write or write


def _add_reasoning(used: Tokens, reasoning: int) -> None:
    if reasoning and not used.kinds:
        used.kinds = {"reasoning_tokens": reasoning}


DIALECT = Dialect(
    name="ai-sdk",
    title="Vercel AI SDK 4 to 6, and 7 with LegacyOpenTelemetry",
    marker="`ai.operationId` ending in .doGenerate, .doStream, .doEmbed; ai.toolCall for tools",
    counts="Input includes the cache, except Anthropic's and Bedrock's in 5 and early in 6. Outer spans repeat the last or all inner ones.",
    read=read,
    keys=("ai.operationId",),
    of_run={
        "user_id": ("ai.telemetry.metadata.userId", "ai.telemetry.metadata.user_id"),
        "session_id": ("ai.telemetry.metadata.sessionId", "ai.telemetry.metadata.session_id"),
        "tenant": ("ai.telemetry.metadata.tenantId", "ai.telemetry.metadata.tenant"),
    },
)
