"""Trackers for model calls and tool calls.

`gen_ai.usage.input_tokens` is always the total, cache reads and writes included, whatever the vendor's own count includes;
pass counts as the vendor reports them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeVar, cast

from opentelemetry.trace import Span, SpanKind

from botanu import attributes
from botanu._attempts import current_attempt
from botanu.tracking import metrics
from botanu.tracking.base import Said, Tracker, counts, normalised, whole, writable
from botanu.tracking.instrumented import argument, instrumented
from botanu.tracking.names import LLM_PROVIDERS, BotanuAttributes, GenAIAttributes, ModelOperation
from botanu.tracking.responses import Found, read_response

__all__ = [
    "LLM_PROVIDERS",
    "BotanuAttributes",
    "GenAIAttributes",
    "LLMTracker",
    "ModelOperation",
    "ToolTracker",
    "llm_instrumented",
    "set_llm_attributes",
    "set_token_usage",
    "track_llm_call",
    "track_tool_call",
]

F = TypeVar("F", bound=Callable[..., Any])


def excludes_cache(provider: str, model: str) -> bool:
    """Whether this vendor's input count leaves out the tokens it read from and wrote to its cache.

    Anthropic's does (https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching#tracking-cache-performance), by
    whatever cloud Claude is served, and Bedrock's Converse does for every model
    (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html).
    """
    return provider in ("anthropic", "aws.bedrock") or "claude" in model.lower()


def total_input(provider: str, model: str, input_tokens: int, cache_read: int, cache_write: int) -> int:
    """Return the input tokens with cache reads and writes, from what the vendor counts."""
    cached = cache_read + cache_write
    # A count smaller than its parts cannot include them.
    return input_tokens + cached if excludes_cache(provider, model) or cached > input_tokens else input_tokens


class LLMTracker(Tracker):
    """One model call."""

    _prefix = "botanu."

    def __init__(
        self,
        provider: str,
        model: str,
        operation: str = ModelOperation.CHAT,
        span: Span | None = None,
        said: Said | None = None,
    ) -> None:
        super().__init__(f"{operation} {model}", SpanKind.CLIENT, said or {}, span)
        self.provider = provider
        self.model = model
        self.operation = operation
        self.input_tokens = self.output_tokens = self.reasoning_tokens = 0
        self.cached_tokens = self.cache_read_tokens = self.cache_write_tokens = 0
        self.provider_request_id: str | None = None
        self.client_request_id: str | None = None
        self.response_model: str | None = None
        self.finish_reason: str | None = None
        self.is_streaming = False
        self.cache_hit = False
        self.attempt_number = 1

    def set_tokens(
        self,
        input_tokens: int | None = 0,
        output_tokens: int | None = 0,
        cached_tokens: int | None = 0,
        cache_read_tokens: int | None = 0,
        cache_write_tokens: int | None = 0,
        reasoning_tokens: int | None = 0,
    ) -> Self:
        """Say what the call used, in the vendor's own counts; `cached_tokens` is an older name for cache reads.

        None counts nothing; a call of which neither input nor output was counted has no usage, and is not free.
        """
        if input_tokens is None and output_tokens is None:
            return self
        read, write = whole(cache_read_tokens) or whole(cached_tokens), whole(cache_write_tokens)
        total = total_input(self.provider, self.model, whole(input_tokens), read, write)
        return self._set_total(total, whole(output_tokens), read, write, whole(reasoning_tokens))

    def set_request_id(self, provider_request_id: str | None = None, client_request_id: str | None = None) -> Self:
        """Say by which ids the provider and the caller know the request."""
        said: Said = {}
        if provider_request_id:
            self.provider_request_id = provider_request_id
            said[attributes.GEN_AI_RESPONSE_ID] = said[attributes.PROVIDER_REQUEST_ID] = provider_request_id
        if client_request_id:
            self.client_request_id = client_request_id
            said[attributes.PROVIDER_CLIENT_REQUEST_ID] = client_request_id
        return self._write(said)

    def set_response_model(self, model: str) -> Self:
        """Say which model answered."""
        self.response_model = model
        return self._write({attributes.GEN_AI_RESPONSE_MODEL: model})

    def set_finish_reason(self, reason: str) -> Self:
        """Say why the model stopped."""
        self.finish_reason = reason
        return self._write({attributes.GEN_AI_RESPONSE_FINISH_REASONS: [reason]})

    def set_streaming(self, is_streaming: bool = True) -> Self:
        """Say that the answer comes as a stream."""
        self.is_streaming = is_streaming
        return self._write({attributes.REQUEST_STREAMING: is_streaming})

    def set_cache_hit(self, cache_hit: bool = True) -> Self:
        """Say that the answer came from a cache of your own, so that the provider bills nothing."""
        self.cache_hit = cache_hit
        return self._write({attributes.REQUEST_CACHE_HIT: cache_hit})

    def set_attempt(self, attempt_number: int) -> Self:
        """Say which attempt this is, counted from 1."""
        self.attempt_number = attempt_number
        return self._write({attributes.REQUEST_ATTEMPT: attempt_number})

    def set_request_params(
        self,
        temperature: float | None = None,
        top_p: float | None = None,
        max_tokens: int | None = None,
        stop_sequences: Sequence[str] | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
    ) -> Self:
        """Say what was asked of the model."""
        said: Said = {
            attributes.GEN_AI_REQUEST_TEMPERATURE: temperature,
            attributes.GEN_AI_REQUEST_TOP_P: top_p,
            attributes.GEN_AI_REQUEST_MAX_TOKENS: max_tokens,
            attributes.GEN_AI_REQUEST_STOP_SEQUENCES: stop_sequences,
            attributes.GEN_AI_REQUEST_FREQUENCY_PENALTY: frequency_penalty,
            attributes.GEN_AI_REQUEST_PRESENCE_PENALTY: presence_penalty,
        }
        return self._write({key: value for key, value in said.items() if value is not None})

    def record_response(self, response: Any) -> Self:
        """Take model, id, finish reasons and all token counts from a vendor's response, object or dict.

        Knows OpenAI (chat, responses, embeddings), Anthropic, Google GenAI, Cohere, Mistral and Bedrock by their shape; of
        anything else it takes what it recognises. Never raises.
        """
        return self.record_found(read_response(response))

    def record_found(self, found: Found) -> Self:
        """Take what was read of a response, or of the pieces of a stream."""
        if found.response_id:
            self.set_request_id(provider_request_id=found.response_id)
        if found.model:
            self.set_response_model(found.model)
        if found.finish_reasons:
            self.finish_reason = found.finish_reasons[0]
            self._write({attributes.GEN_AI_RESPONSE_FINISH_REASONS: found.finish_reasons})
        usage = found.usage
        if usage is not None:
            self._set_total(usage.input, usage.output, usage.cache_read, usage.cache_write, usage.reasoning)
            self._write(counts({attributes.USAGE_CACHE_WRITE_1H_TOKENS: usage.cache_write_1h}))
        return self

    def _set_total(self, total: int, output: int, cache_read: int, cache_write: int, reasoning: int) -> Self:
        self.input_tokens, self.output_tokens, self.reasoning_tokens = total, output, reasoning
        self.cached_tokens = self.cache_read_tokens = cache_read
        self.cache_write_tokens = cache_write
        said: Said = {attributes.GEN_AI_USAGE_INPUT_TOKENS: total, attributes.GEN_AI_USAGE_OUTPUT_TOKENS: output}
        if cache_read > 0:
            said[attributes.USAGE_CACHED_TOKENS] = said[attributes.USAGE_CACHE_READ_TOKENS] = cache_read
            said[attributes.GEN_AI_USAGE_CACHE_READ] = cache_read
        if cache_write > 0:
            said[attributes.USAGE_CACHE_WRITE_TOKENS] = said[attributes.GEN_AI_USAGE_CACHE_CREATION] = cache_write
        if reasoning > 0:
            said[attributes.GEN_AI_USAGE_REASONING] = reasoning
        return self._write(said)

    def _end(self, seconds: float) -> None:
        if metrics.nobody_listens():
            return
        call = _call(self.provider, self.model, self.operation)
        metrics.record_tokens(call, self.input_tokens, self.output_tokens)
        metrics.record_attempt(call, seconds, self.error_type)


class ToolTracker(Tracker):
    """One execution of a tool."""

    _prefix = "botanu.tool."

    def __init__(
        self,
        tool_name: str,
        tool_call_id: str | None = None,
        provider: str | None = None,
        span: Span | None = None,
        said: Said | None = None,
    ) -> None:
        super().__init__(f"execute_tool {tool_name}", SpanKind.INTERNAL, said or {}, span)
        self.tool_name = tool_name
        self.tool_call_id = tool_call_id
        self.provider = provider
        self.success = True
        self.items_returned = self.bytes_processed = 0

    def set_result(self, success: bool = True, items_returned: int = 0, bytes_processed: int = 0) -> Self:
        """Say what the tool did."""
        self.success, self.items_returned, self.bytes_processed = success, whole(items_returned), whole(bytes_processed)
        said: Said = {attributes.TOOL_SUCCESS: success}
        optional = {
            attributes.TOOL_ITEMS_RETURNED: items_returned,
            attributes.TOOL_BYTES_PROCESSED: bytes_processed,
        }
        return self._write(said | counts(optional))

    def set_tool_call_id(self, tool_call_id: str) -> Self:
        """Say by which id the model asked for the tool."""
        self.tool_call_id = tool_call_id
        return self._write({attributes.GEN_AI_TOOL_CALL_ID: tool_call_id})

    def set_error(self, error: BaseException) -> Self:
        """Record what went wrong."""
        self.success = False
        self._write({attributes.TOOL_SUCCESS: False})
        return super().set_error(error)

    def _end(self, seconds: float) -> None:
        self._write({attributes.TOOL_DURATION_MS: seconds * 1000})
        if metrics.nobody_listens():
            return
        tool = {attributes.GEN_AI_TOOL_NAME: self.tool_name}
        if self.provider:
            tool[attributes.GEN_AI_PROVIDER_NAME] = self.provider
        metrics.record_tool(tool, seconds, self.error_type)


def track_llm_call(
    provider: str,
    model: str,
    operation: str = ModelOperation.CHAT,
    client_request_id: str | None = None,
    **attributes_: Any,
) -> LLMTracker:
    """Track one model call; use as a context manager."""
    known = normalised(provider, LLM_PROVIDERS)
    said: Said = {**_call(known, model, operation), attributes.VENDOR: known}
    if client_request_id:
        said[attributes.PROVIDER_CLIENT_REQUEST_ID] = client_request_id
    if attributes_:
        said |= LLMTracker.prefixed(attributes_)
    tracker = LLMTracker(known, model, operation, said=said)
    tracker.client_request_id = client_request_id
    if attempt := current_attempt():
        said[attributes.REQUEST_ATTEMPT] = tracker.attempt_number = attempt
    return tracker


def track_tool_call(
    tool_name: str, tool_call_id: str | None = None, provider: str | None = None, **attributes_: Any
) -> ToolTracker:
    """Track one execution of a tool; use as a context manager."""
    said: Said = {
        attributes.GEN_AI_OPERATION_NAME: ModelOperation.EXECUTE_TOOL,
        attributes.GEN_AI_TOOL_NAME: tool_name,
        **ToolTracker.prefixed(attributes_),
    }
    if tool_call_id:
        said[attributes.GEN_AI_TOOL_CALL_ID] = tool_call_id
    known = normalised(provider, LLM_PROVIDERS) if provider else None
    if known:
        said[attributes.GEN_AI_PROVIDER_NAME] = said[attributes.VENDOR] = known
    return ToolTracker(tool_name, tool_call_id, known, said=said)


def llm_instrumented(provider: str, model_param: str = "model", tokens_from_response: bool = True) -> Callable[[F], F]:
    """Make each call of a client's method a tracked model call; sync, async and streaming.

    `model_param` names the parameter that holds the model. A stream is tracked until it ends, is closed, or fails.
    """

    def decorate(function: F) -> F:
        model_of = argument(function, model_param)

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> LLMTracker:
            return track_llm_call(provider, str(model_of(args, kwargs) or "unknown"))

        return instrumented(function, begin, read_responses=tokens_from_response)

    return decorate


def set_llm_attributes(
    provider: str,
    model: str,
    operation: str = ModelOperation.CHAT,
    input_tokens: int = 0,
    output_tokens: int = 0,
    cached_tokens: int = 0,
    streaming: bool = False,
    provider_request_id: str | None = None,
    span: Span | None = None,
) -> None:
    """Make the current span, or `span`, a model call."""
    known = normalised(provider, LLM_PROVIDERS)
    read, output = whole(cached_tokens), whole(output_tokens)
    total = total_input(known, model, whole(input_tokens), read, 0)
    said: Said = {
        **_call(known, model, operation),
        attributes.VENDOR: known,
        **counts({attributes.GEN_AI_USAGE_INPUT_TOKENS: total, attributes.GEN_AI_USAGE_OUTPUT_TOKENS: output}),
        **_cache_reads(read),
    }
    if streaming:
        said[attributes.REQUEST_STREAMING] = True
    if provider_request_id:
        said[attributes.GEN_AI_RESPONSE_ID] = said[attributes.PROVIDER_REQUEST_ID] = provider_request_id
    writable(span).set_attributes(said)
    metrics.record_tokens(_call(known, model, operation), total, output)


def set_token_usage(input_tokens: int, output_tokens: int, cached_tokens: int = 0, span: Span | None = None) -> None:
    """Write tokens on the current span, or on `span`, in the counts of the vendor that the span names."""
    target, read = writable(span), whole(cached_tokens)
    known = cast("Mapping[str, Any]", getattr(target, "attributes", None) or {})
    provider, model = known.get(attributes.GEN_AI_PROVIDER_NAME), known.get(attributes.GEN_AI_REQUEST_MODEL)
    said: Said = {
        attributes.GEN_AI_USAGE_INPUT_TOKENS: total_input(str(provider), str(model), whole(input_tokens), read, 0),
        attributes.GEN_AI_USAGE_OUTPUT_TOKENS: whole(output_tokens),
    }
    target.set_attributes(said | _cache_reads(read))


def _cache_reads(tokens: int) -> Said:
    keys = (attributes.USAGE_CACHED_TOKENS, attributes.USAGE_CACHE_READ_TOKENS, attributes.GEN_AI_USAGE_CACHE_READ)
    return dict.fromkeys(keys, tokens) if tokens > 0 else {}


def _call(provider: str, model: str, operation: str) -> dict[str, str]:
    return {
        attributes.GEN_AI_OPERATION_NAME: operation,
        attributes.GEN_AI_PROVIDER_NAME: provider,
        attributes.GEN_AI_REQUEST_MODEL: model,
    }
