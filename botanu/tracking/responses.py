"""What a vendor's response says of itself, read by shape: no vendor's package is imported.

Who counts what (each vendor's API reference):

- OpenAI, Mistral: `usage.prompt_tokens` (chat) or `usage.input_tokens` (responses) includes cached tokens, which are in
  `..._tokens_details.cached_tokens`; output includes reasoning.
- Anthropic: `usage.input_tokens` leaves out `cache_read_input_tokens` and `cache_creation_input_tokens`.
- Google: `usage_metadata.prompt_token_count` includes `cached_content_token_count`; `thoughts_token_count` is beside
  `candidates_token_count` and billed as output; `tool_use_prompt_token_count` is beside the prompt and billed as input.
- Cohere: `billed_units` is what is billed, `tokens` what was processed.
- Bedrock: `usage.inputTokens` leaves out `cacheReadInputTokens` and `cacheWriteInputTokens`; `invoke_model` has the counts in
  response headers, of which there are none for caches.

Responses are hostile input too: whatever is not of the expected type is not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast


@dataclass(slots=True)
class Usage:
    """Tokens of one call; input includes cache reads and writes, output includes reasoning."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    reasoning: int = 0


@dataclass(slots=True)
class Found:
    """What a response said."""

    model: str | None = None
    response_id: str | None = None
    finish_reasons: list[str] = field(default_factory=list[str])
    usage: Usage | None = None


def read_response(response: Any) -> Found:
    """Read a whole response, object or dict."""
    reader = StreamReader()
    reader.feed(response)
    return reader.result()


class StreamReader:
    """Reads a response piece by piece; a later piece adds to what was said before, and its counts replace earlier ones."""

    def __init__(self) -> None:
        self._found = Found()
        self._counts: dict[str, int] = {}

    def feed(self, piece: Any) -> None:
        """Take in one piece of a stream, or a whole response; never raises."""
        with suppress(Exception):
            self._feed(piece)

    def _feed(self, piece: Any) -> None:
        for part in _parts(piece):
            self._found.model = _text(part, "model", "model_version", "modelVersion") or self._found.model
            self._found.response_id = _text(part, *_IDS) or _request_id(part) or self._found.response_id
            self._found.finish_reasons = _finish_reasons(part) or self._found.finish_reasons
            for usage in _usages(part):
                self._counts |= _counts(usage)

    def result(self) -> Found:
        """Return what was said so far."""
        if self._counts:
            self._found.usage = _usage(self._counts)
        return self._found


_IDS = ("id", "response_id", "responseId", "generation_id")
_ENVELOPES = ("response", "message", "data", "metadata", "messageStop", "delta")
"""Where stream events keep what a whole response has at its top."""


def _parts(piece: Any) -> Iterator[Any]:
    chunk = _get(_get(piece, "chunk"), "bytes")
    if isinstance(chunk, bytes):
        with suppress(ValueError, RecursionError):
            piece = json.loads(chunk)
    yield piece
    for name in _ENVELOPES:
        inner = _get(piece, name)
        if inner is not None and not isinstance(inner, str | bytes | int | float | list):
            yield inner


def _usages(part: Any) -> Iterator[Any]:
    """The places where a usage may be, the more general ones first."""
    for name in ("usage", "usage_metadata", "usageMetadata"):
        usage = _get(part, name)
        if usage is not None:
            yield usage
            yield from _cohere_units(usage)
    yield from _cohere_units(_get(part, "meta"))
    for bedrock in (
        _get(_get(part, "ResponseMetadata"), "HTTPHeaders"),
        _get(part, "amazon-bedrock-invocationMetrics"),
    ):
        if bedrock is not None:
            yield bedrock


def _cohere_units(usage: Any) -> list[Any]:
    """Cohere's two counts, the one that is billed last so that it wins."""
    units = [_get(usage, "tokens"), _get(usage, "billed_units")]
    return [unit for unit in units if unit is not None and not isinstance(unit, int | float)]


_NAMES: dict[str, tuple[str, ...]] = {
    "input_including": ("prompt_tokens", "prompt_token_count", "promptTokenCount"),
    "input": ("input_tokens", "inputTokens", "inputTokenCount", "x-amzn-bedrock-input-token-count"),
    "tool_input": ("tool_use_prompt_token_count", "toolUsePromptTokenCount"),
    "output": (
        "completion_tokens",
        "output_tokens",
        "outputTokens",
        "outputTokenCount",
        "candidates_token_count",
        "candidatesTokenCount",
        "response_token_count",
        "responseTokenCount",
        "x-amzn-bedrock-output-token-count",
    ),
    "thoughts": ("thoughts_token_count", "thoughtsTokenCount"),
    "cache_read_beside": ("cache_read_input_tokens", "cacheReadInputTokens", "cacheReadInputTokenCount"),
    "cache_write_beside": ("cache_creation_input_tokens", "cacheWriteInputTokens", "cacheWriteInputTokenCount"),
    "cache_read_inside": (
        "cached_content_token_count",
        "cachedContentTokenCount",
        "num_cached_tokens",
        "cached_tokens",
        "prompt_cache_hit_tokens",
    ),
}
"""Counts and the names they go by, the first one found is taken."""

_INPUT_DETAILS = ("prompt_tokens_details", "input_tokens_details")
_DETAILS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "cache_read_inside": (_INPUT_DETAILS, ("cached_tokens",)),
    "cache_write_inside": (_INPUT_DETAILS, ("cache_write_tokens", "cache_creation_tokens")),
    "reasoning": (
        ("completion_tokens_details", "output_tokens_details"),
        ("reasoning_tokens", "thinking_tokens"),
    ),
    "cache_write_1h": (("cache_creation",), ("ephemeral_1h_input_tokens",)),
}
"""Counts that are one level deeper: where, and by which names."""


def _counts(usage: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, spellings in _NAMES.items():
        if (count := _count(usage, spellings)) is not None:
            found[name] = count
    for name, (places, spellings) in _DETAILS.items():
        for place in places:
            if (count := _count(_get(usage, place), spellings)) is not None:
                found[name] = count
    for detail in _list(_get(usage, "cacheDetails")):
        if _get(detail, "ttl") == "1h" and (count := _count(detail, ("inputTokens",))) is not None:
            found["cache_write_1h"] = count
    return found


def _usage(counts: Mapping[str, int]) -> Usage:
    """Bring the vendors' counts to one meaning."""
    beside = counts.get("cache_read_beside", 0), counts.get("cache_write_beside", 0)
    inside = counts.get("cache_read_inside", 0), counts.get("cache_write_inside", 0)
    read, write = (a or b for a, b in zip(beside, inside, strict=True))
    if "input_including" in counts:
        total = counts["input_including"] + counts.get("tool_input", 0)
    else:
        total = counts.get("input", 0) + sum(beside)
    thoughts = counts.get("thoughts", 0)
    return Usage(
        # A count smaller than its parts cannot include them.
        input=total + read + write if read + write > total else total,
        output=counts.get("output", 0) + thoughts,
        cache_read=read,
        cache_write=write,
        cache_write_1h=min(write, counts.get("cache_write_1h", 0)),
        reasoning=counts.get("reasoning", 0) or thoughts,
    )


_CHOICES = ("choices", "candidates", "results")
_REASONS = ("finish_reason", "stop_reason", "stopReason", "finishReason", "completionReason")


def _finish_reasons(part: Any) -> list[str]:
    own = _text(part, *_REASONS) or _text(_get(part, "delta"), *_REASONS)
    if own:
        return [own]
    for name in _CHOICES:
        reasons = [_text(choice, *_REASONS) for choice in _list(_get(part, name))]
        if any(reasons):
            return [reason for reason in reasons if reason]
    # OpenAI's responses have a status, and a reason when they are cut short.
    if _get(part, "output") is not None:
        reason = _text(_get(part, "incomplete_details"), "reason") or _text(part, "status")
        return [reason] if reason else []
    return []


def _request_id(part: Any) -> str | None:
    return _text(_get(part, "ResponseMetadata"), "RequestId")


def _get(thing: Any, name: str) -> Any:
    if thing is None:
        return None
    try:
        if isinstance(thing, Mapping):
            return cast("Mapping[str, Any]", thing).get(name)
        return getattr(thing, name, None)
    except Exception:  # noqa: BLE001 - a property of a foreign class may do anything
        return None


def _text(thing: Any, *names: str) -> str | None:
    for name in names:
        value = _get(thing, name)
        inner = _get(value, "value")  # enumerations
        value = value if inner is None else inner
        if isinstance(value, str) and value:
            return value[:256]
    return None


def _count(thing: Any, names: Iterable[str]) -> int | None:
    for name in names:
        value = _get(thing, name)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
            value = int(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53:
            return int(value)
    return None


def _list(value: Any) -> list[Any]:
    return list(cast("Iterable[Any]", value))[:128] if isinstance(value, list | tuple) else []
