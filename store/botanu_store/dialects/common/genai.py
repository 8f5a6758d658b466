"""The `gen_ai.*` attributes of OpenTelemetry's conventions, in all their spellings: many dialects are these with a difference."""

from __future__ import annotations

from collections.abc import Mapping

from botanu_store.dialects.common.numbers import count, usd
from botanu_store.dialects.common.reading import Reading, Role, model_call, tool_call
from botanu_store.dialects.common.usage import Tokens
from botanu_store.dialects.common.vendors import GEMINI, maker, vendor
from botanu_store.records import Span

KEYS = (
    "gen_ai.operation.name",
    "gen_ai.request.model",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.prompt_tokens",
    "gen_ai.usage.completion_tokens",
    "gen_ai.tool.name",
)

CALLS: dict[str, str] = {
    **dict.fromkeys(("embeddings", "embedding", "aembedding", "embed", "embed_content"), "embeddings"),
    **dict.fromkeys(("chat", "llm_call", "completion", "acompletion", "messages"), "chat"),
    **dict.fromkeys(("text_completion", "atext_completion", "text_completions"), "text_completion"),
    # As Semantic Kernel first named them
    **dict.fromkeys(("chat.completions", "chat.streaming_completions"), "chat"),
    **dict.fromkeys(("text.completions", "text.streaming_completions"), "text_completion"),
    **dict.fromkeys(("responses", "aresponses", "response"), "responses"),
    **dict.fromkeys(("rerank", "arerank", "reranker"), "rerank"),
    **{
        name: name
        for name in (
            "generate_content", "generate", "count_tokens", "image_generation", "image_edit", "speech_to_text", "text_to_speech",
            "moderation", "transcription", "audio", "speech",
        )
    },
}  # fmt: skip
"""Operation names of calls, and the one that we use."""

TOOLS = frozenset(("execute_tool", "tool_call", "tool"))

_KINDS = {
    "gen_ai.usage.audio.input_tokens": "input_audio_tokens",
    "gen_ai.usage.image.input_tokens": "input_image_tokens",
    "gen_ai.usage.video.input_tokens": "input_video_tokens",
    "gen_ai.usage.audio.output_tokens": "output_audio_tokens",
    "gen_ai.usage.image.output_tokens": "output_image_tokens",
    "gen_ai.usage.video.output_tokens": "output_video_tokens",
    "gen_ai.usage.audio.cache_read.input_tokens": "cache_read_audio_tokens",
    "gen_ai.usage.image.cache_read.input_tokens": "cache_read_image_tokens",
    "gen_ai.usage.reasoning.output_tokens": "reasoning_tokens",
    "gen_ai.usage.reasoning_tokens": "reasoning_tokens",
    "gen_ai.usage.details.reasoning_tokens": "reasoning_tokens",
    # Pydantic AI's, the first as Gemini names it, the last as OpenAI does within the output
    "gen_ai.usage.details.thoughts_tokens": "reasoning_tokens",
    "gen_ai.usage.details.input_audio_tokens": "input_audio_tokens",
    "gen_ai.usage.details.cache_audio_read_tokens": "cache_read_audio_tokens",
    "gen_ai.usage.details.output_audio_tokens": "output_audio_tokens",
    "gen_ai.usage.details.audio_tokens": "output_audio_tokens",
    # LiveKit's
    "gen_ai.usage.input_audio_tokens": "input_audio_tokens",
    "gen_ai.usage.output_audio_tokens": "output_audio_tokens",
    "codex.usage.reasoning_output_tokens": "reasoning_tokens",
    "gen_ai.usage.experimental.reasoning_tokens": "reasoning_tokens",
}
"""Counts of audio, images, video and reasoning, and their meters."""

_COSTS = (
    "gen_ai.usage.cost",
    "gen_ai.usage.cost_usd",
    "gen_ai.usage.cost.total",
    "llm.usage.cost",
    "operation.cost",
    "gen_ai.cost.total_cost",
)
"""What emitters say that a call cost, in USD."""

MADE_UP_IDS = ("run-", "lc_run-", "aitxt-", "aiobj-")
"""Beginnings of LangChain's and the AI SDK's own ids, for answers to which the vendor gave none."""

_FAILED = ("error", '["error"]')
"""How a request that failed ended, where the span's status does not say so (Mastra)."""

_ANSWERED = "gen_ai.response.time_to_first_chunk"
"""What a request that failed has not, but a stream that was broken off (genai-openai 1.3): that one is billed."""

Attributes = Mapping[str, str]


def first(said: Attributes, *keys: str) -> int:
    """Return the first of several spellings of a count that says anything; aliases are never added up."""
    for key in keys:
        text = said.get(key)
        if text and (number := count(text)):
            return number
    return 0


def tokens(said: Attributes, *, includes_cache: bool = True) -> Tokens:
    """Return the tokens that the `gen_ai.usage.*` attributes name; a total that holds the cached ones beside the input has them apart (Strands before 1.54)."""
    used = Tokens(
        first(said, "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
        first(said, "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
        first(
            said,
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.cache_read_input_tokens",
            "gen_ai.usage.input_cached_tokens",
        ),
        first(
            said,
            "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_write.input_tokens",
            "gen_ai.usage.cache_creation_input_tokens",
            "gen_ai.usage.cache_write_input_tokens",
        ),
        includes_cache=includes_cache,
        kinds=kinds(said, _KINDS),
    )
    total = first(said, *_TOTALS)
    cached = used.cache_read + used.cache_write
    if cached and total == used.input + used.output + cached:
        used.includes_cache = False
    if total and maker(said.get("gen_ai.request.model", "")) == GEMINI:
        used.add_thoughts(total)
    return used


_TOTALS = ("gen_ai.usage.total_tokens", "llm.usage.total_tokens")


def kinds(said: Attributes, names: Mapping[str, str]) -> dict[str, int] | None:
    """Return by meter the counts that attributes of these names give of one kind of tokens; most spans have none."""
    if said.keys().isdisjoint(names):
        return None
    found = dict.fromkeys(names.values(), 0)
    for name, meter in names.items():
        found[meter] = found[meter] or count(said.get(name))
    return found


def call(span: Span, dialect: str, used: Tokens | None = None, *, includes_cache: bool = True) -> Reading | None:
    """Return what the conventions' attributes say; None for a span that is neither a call nor carries usage."""
    said = span.attributes
    name = said.get("gen_ai.operation.name", "").lower()
    if name in TOOLS or (not name and "gen_ai.tool.name" in said):
        return tool(span, dialect)
    known = CALLS.get(name)
    used = tokens(said, includes_cache=includes_cache) if used is None else used
    if known is None and not used and (name or "gen_ai.system" not in said or "gen_ai.request.model" not in said):
        return None
    role: Role = "call" if known or not name else "wrapper"
    return reading(span, dialect, used, known or name or "chat", role)


def reading(span: Span, dialect: str, used: Tokens, name: str, role: Role = "call") -> Reading:
    """Return a model call with names, ids and cost from the conventions' attributes."""
    said = span.attributes
    asked = said.get("gen_ai.request.model", "")
    model = said.get("gen_ai.response.model") or asked
    seller = vendor(said.get("gen_ai.provider.name") or said.get("gen_ai.system"), model)
    found = model_call(span, dialect, used, operation=name, vendor=seller, model=model, request_model=asked, role=role)
    found.response_id = said.get("gen_ai.response.id", "")
    found.own_id = not found.response_id.startswith(MADE_UP_IDS)
    if found.usage == "free" and _ANSWERED in said:
        found.usage, found.quantities = "none", {"requests": 1}
    elif found.usage == "none" and _ANSWERED not in said and said.get("gen_ai.response.finish_reasons") in _FAILED:
        found.usage, found.quantities = "free", {}
    if not said.keys().isdisjoint(_COSTS):
        found.emitter_usd = next(filter(None, (usd(said.get(key)) for key in _COSTS)), None)
    return found


def tool(span: Span, dialect: str) -> Reading:
    """Return a tool that ran, as the conventions name it."""
    said = span.attributes
    name = said.get("gen_ai.tool.name") or span.name.removeprefix("execute_tool ")
    return tool_call(dialect, name, said.get("gen_ai.tool.call.id", ""))
