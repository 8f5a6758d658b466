"""Tokens as emitters count them, and what they are in our meters: disjoint, cache and kinds of content apart."""

from __future__ import annotations

from dataclasses import dataclass

from botanu_store.dialects.numbers import Document, count, inside


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
    input_audio: int = 0
    cache_read_audio: int = 0
    output_audio: int = 0
    input_image: int = 0
    cache_read_image: int = 0
    output_image: int = 0
    input_video: int = 0
    output_video: int = 0

    def __bool__(self) -> bool:
        """Say whether anything was used at all; emitters write zeros when they do not know."""
        return self.input + self.output + self.cache_read + self.cache_write > 0


def meters(tokens: Tokens) -> dict[str, int]:
    """Return a call's tokens by meter, none of them counted twice, none below zero."""
    cached = tokens.cache_read + tokens.cache_write
    # A total below its parts is no total: that emitter leaves the cached tokens out, whatever its documentation says.
    fresh = tokens.input - cached if tokens.includes_cache and cached <= tokens.input else tokens.input
    an_hour = min(tokens.cache_write_1h, tokens.cache_write)
    found = {
        "input_tokens": fresh,
        "cache_read_tokens": tokens.cache_read,
        "cache_write_tokens": tokens.cache_write - an_hour,
        "cache_write_1h_tokens": an_hour,
        "output_tokens": tokens.output,
    }
    for meter, within, share in (
        ("cache_read_audio_tokens", "cache_read_tokens", tokens.cache_read_audio),
        ("cache_read_image_tokens", "cache_read_tokens", tokens.cache_read_image),
        ("input_audio_tokens", "input_tokens", max(0, tokens.input_audio - tokens.cache_read_audio)),
        ("input_image_tokens", "input_tokens", max(0, tokens.input_image - tokens.cache_read_image)),
        ("input_video_tokens", "input_tokens", tokens.input_video),
        ("output_audio_tokens", "output_tokens", tokens.output_audio),
        ("output_image_tokens", "output_tokens", tokens.output_image),
        ("output_video_tokens", "output_tokens", tokens.output_video),
    ):
        if share:
            found[meter] = min(share, found[within])
            found[within] -= found[meter]
    return {meter: quantity for meter, quantity in found.items() if quantity}


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
    return Tokens(
        count(usage.get(f"{input_name}_tokens")),
        count(usage.get(f"{output_name}_tokens")),
        count(details.get("cached_tokens")),
        count(details.get("cache_creation_tokens")) or count(details.get("cache_write_tokens")),
        count(written.get("ephemeral_1h_input_tokens")),
        input_audio=count(details.get("audio_tokens")),
        output_audio=count(out.get("audio_tokens")),
        input_image=count(details.get("image_tokens")),
        output_image=count(out.get("image_tokens")),
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

    return Tokens(
        of("prompt_token_count", "promptTokenCount") + of("tool_use_prompt_token_count", "toolUsePromptTokenCount"),
        of("candidates_token_count", "candidatesTokenCount") + of("thoughts_token_count", "thoughtsTokenCount"),
        of("cached_content_token_count", "cachedContentTokenCount"),
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
