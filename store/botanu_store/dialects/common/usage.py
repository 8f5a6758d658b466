"""Tokens as emitters count them, and what they are in our meters: disjoint, cache and kinds of content apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from botanu_store.dialects.common.numbers import Document, count, inside


@dataclass(slots=True)
class Tokens:
    """What one call used, as one emitter counts it."""

    input: int = 0
    output: int = 0
    """Reasoning included."""
    cache_read: int = 0
    cache_write: int = 0
    """Those kept for an hour included."""
    cache_write_1h: int = 0
    includes_cache: bool = True
    """Whether `input` holds the cached tokens too."""
    kinds: Mapping[str, int] | None = None
    """Those of the tokens above that are audio, images, video or reasoning, by meter; cached ones are in the input's too."""

    def add_thoughts(self, total: int) -> None:
        """Count as output what a total holds beyond input and output: Google's emitters leave the thoughts out of the output, not out of the total.

        Where the thoughts are known, what is left besides is what tools put into the prompt, which they leave out of the input.
        """
        beside = 0 if self.includes_cache else self.cache_read + self.cache_write
        left_out = max(0, total - self.input - beside - self.output)
        thoughts = (self.kinds or {}).get("reasoning_tokens", 0)
        by_tools = left_out - thoughts if 0 < thoughts < left_out else 0
        self.input += by_tools
        self.output += left_out - by_tools
        if left_out and not thoughts:
            self.kinds = {**(self.kinds or {}), "reasoning_tokens": left_out}

    def __bool__(self) -> bool:
        """Say whether anything was used at all; emitters write zeros when they do not know."""
        return self.input + self.output + self.cache_read + self.cache_write > 0


def meters(tokens: Tokens) -> dict[str, int]:
    """Return a call's tokens by meter, none below zero and none counted twice, but that reasoning stays part of the output."""
    fresh, written = tokens.input, tokens.cache_write
    cached = tokens.cache_read + written
    # A total below its parts is no total: that emitter leaves the cached tokens out, whatever its documentation says.
    if tokens.includes_cache and cached <= fresh:
        fresh -= cached
    an_hour = min(tokens.cache_write_1h, written) if written else 0
    found = {
        "input_tokens": fresh,
        "cache_read_tokens": tokens.cache_read,
        "cache_write_tokens": written - an_hour,
        "cache_write_1h_tokens": an_hour,
        "output_tokens": tokens.output,
    }
    if tokens.kinds:
        found["reasoning_tokens"] = min(tokens.kinds.get("reasoning_tokens", 0), tokens.output)
        _tell_apart(found, tokens.kinds)
    return {meter: quantity for meter, quantity in found.items() if quantity}


def _tell_apart(found: dict[str, int], kinds: Mapping[str, int]) -> None:
    """Move tokens that have a meter of their own out of the one that holds all."""
    for meter, within in _WITHIN.items():
        share = kinds.get(meter, 0)
        if within == "input_tokens":
            share -= kinds.get(meter.replace("input", "cache_read"), 0)
        if share > 0:
            found[meter] = min(share, found[within])
            found[within] -= found[meter]


_WITHIN = {
    "cache_read_audio_tokens": "cache_read_tokens",
    "cache_read_image_tokens": "cache_read_tokens",
    "input_audio_tokens": "input_tokens",
    "input_image_tokens": "input_tokens",
    "input_video_tokens": "input_tokens",
    "output_audio_tokens": "output_tokens",
    "output_image_tokens": "output_tokens",
    "output_video_tokens": "output_tokens",
}
"""Meters of tokens by kind, and the meter that holds tokens of all kinds."""


def vendor_tokens(usage: Document) -> Tokens:
    """Read the usage object of a vendor's own answer, known by its shape."""
    if "prompt_tokens" in usage or "completion_tokens" in usage:
        return _openai(usage, "prompt", "completion")
    if "promptTokenCount" in usage or "prompt_token_count" in usage:
        return google_tokens(usage)
    if "inputTokens" in usage:
        return _bedrock(usage)
    if "cache_read_input_tokens" in usage or "cache_creation_input_tokens" in usage or "cache_creation" in usage:
        return anthropic_tokens(usage)
    return _openai(usage, "input", "output")


def _openai(usage: Document, input_name: str, output_name: str) -> Tokens:
    """Chat Completions and Responses, and LiteLLM's usage in their shape; the total includes the parts.

    https://platform.openai.com/docs/api-reference/chat/object, https://docs.litellm.ai/docs/completion/usage
    """
    details = inside(usage.get(f"{input_name}_tokens_details"))
    out = inside(usage.get(f"{output_name}_tokens_details"))
    written = inside(details.get("cache_creation_token_details"))
    # LiteLLM names Anthropic's writes beside all others too; before 1.77 nowhere else, and its input leaves them out.
    beside = count(usage.get("cache_creation_input_tokens"))
    return Tokens(
        count(usage.get(f"{input_name}_tokens")) + (0 if "cache_creation_tokens" in details else beside),
        count(usage.get(f"{output_name}_tokens")),
        count(details.get("cached_tokens")),
        beside or count(details.get("cache_creation_tokens")) or count(details.get("cache_write_tokens")),
        count(written.get("ephemeral_1h_input_tokens")),
        kinds={
            "input_audio_tokens": count(details.get("audio_tokens")),
            "output_audio_tokens": count(out.get("audio_tokens")),
            "input_image_tokens": count(details.get("image_tokens")),
            "output_image_tokens": count(out.get("image_tokens")),
            "reasoning_tokens": count(out.get("reasoning_tokens")),
        },
    )


def anthropic_tokens(usage: Document) -> Tokens:
    """Read Anthropic's usage, whose input excludes the cached: https://docs.claude.com/en/docs/build-with-claude/prompt-caching."""
    written = inside(usage.get("cache_creation"))
    an_hour = count(written.get("ephemeral_1h_input_tokens"))
    return Tokens(
        count(usage.get("input_tokens")),
        count(usage.get("output_tokens")),
        count(usage.get("cache_read_input_tokens")),
        count(usage.get("cache_creation_input_tokens")) or count(written.get("ephemeral_5m_input_tokens")) + an_hour,
        an_hour,
        includes_cache=False,
    )


def google_tokens(usage: Document) -> Tokens:
    """Read Google's usage, thoughts billed as output beside the candidates: https://ai.google.dev/api/generate-content#UsageMetadata."""

    def of(snake: str, camel: str) -> int:
        return count(usage.get(snake, usage.get(camel)))

    thoughts = of("thoughts_token_count", "thoughtsTokenCount")
    return Tokens(
        of("prompt_token_count", "promptTokenCount") + of("tool_use_prompt_token_count", "toolUsePromptTokenCount"),
        of("candidates_token_count", "candidatesTokenCount") + thoughts,
        of("cached_content_token_count", "cachedContentTokenCount"),
        kinds={"reasoning_tokens": thoughts},
    )


def _bedrock(usage: Document) -> Tokens:
    """Converse, whose input excludes the cached: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html."""
    return Tokens(
        count(usage.get("inputTokens")),
        count(usage.get("outputTokens")),
        count(usage.get("cacheReadInputTokens")),
        count(usage.get("cacheWriteInputTokens")),
        includes_cache=False,
    )
