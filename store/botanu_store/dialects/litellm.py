"""LiteLLM: one span per request, or the application's own span overwritten by each, and the vendor's answer raw in a child."""

from __future__ import annotations

from botanu_store.dialects import openinference
from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import document, python_document, usd
from botanu_store.dialects.common.reading import Dialect, Reading, model_call
from botanu_store.dialects.common.usage import Tokens, vendor_tokens
from botanu_store.dialects.common.vendors import vendor
from botanu_store.records import Span


def read(span: Span) -> Reading | None:
    """Read a request, on whichever span LiteLLM wrote it, or a raw answer."""
    if span.name == "raw_gen_ai_request":
        return _raw(span)
    if span.attributes.keys().isdisjoint(_REQUEST) and not _is_old(span):
        return None
    said = span.attributes
    asked_for = said.get("gen_ai.operation.name") or said.get("llm.request.type", "")
    name = genai.CALLS.get(asked_for.lower(), "chat")
    reader = openinference.call if _is_for_langfuse(span) else genai.reading
    found = reader(span, DIALECT.name, _tokens(said), name)
    if not found.vendor:
        # `litellm.provider.model` is vendor/model where LiteLLM was told both.
        prefix, slash, _ = said.get("litellm.provider.model", "").partition("/")
        found.vendor = vendor(prefix if slash else "", found.model)
    found.own_id = False
    found.emitter_usd = found.emitter_usd or usd(document(said.get("hidden_params")).get("response_cost"))
    return found


_REQUEST = ("litellm.call_id", "metadata.usage_object")


def _is_old(span: Span) -> bool:
    """Whether LiteLLM before 1.68 or so made a span of a request, which had neither."""
    return span.scope.startswith("litellm") and "llm.request.type" in span.attributes


def _is_for_langfuse(span: Span) -> bool:
    """Whether LiteLLM's callback for Langfuse made the span, which has OpenInference's attributes alone (as those for Arize and Phoenix)."""
    return span.scope.startswith("litellm") and "openinference.span.kind" in span.attributes


def _tokens(said: genai.Attributes) -> Tokens:
    """The totals include the cache; its parts are only in the usage object, in Python's notation, or named as OpenInference does."""
    used = genai.tokens(said) or openinference.tokens(said)
    details = vendor_tokens(python_document(said.get("metadata.usage_object")))
    if not details or not used:
        return details or used
    details.input, details.output, details.includes_cache = max(used.input, details.input), used.output, True
    return details


def _raw(span: Span) -> Reading:
    """The attributes are the answer's own fields as `llm.<vendor>.<field>`, the vendor `None` where LiteLLM did not say."""
    fields = {key.rpartition(".")[2]: key for key in span.attributes if key.startswith("llm.") and key.count(".") == 2}

    def field(name: str) -> str:
        return span.attributes.get(fields.get(name, ""), "")

    # Google spells its fields otherwise.
    usage = "usage" if "usage" in fields else "usageMetadata"
    model = field("model") or field("modelVersion")
    seller = vendor(fields[usage].split(".")[1] if usage in fields else "", model)
    used = vendor_tokens(python_document(field(usage)))
    found = model_call(span, DIALECT.name, used, operation="chat", vendor=seller, model=model, role="raw")
    found.response_id = field("id") or field("responseId")
    return found if used else _with_request(found, span)


def _with_request(found: Reading, span: Span) -> Reading:
    """Add what LiteLLM says of the request, which it wrote on the answer's span from 1.81 or so if that had no span of its own: all there is of a stream."""
    asked = genai.reading(span, DIALECT.name, _tokens(span.attributes), found.operation, "raw")
    asked.vendor, asked.model = found.vendor or asked.vendor, found.model or asked.model
    asked.own_id = bool(found.response_id)
    asked.response_id = found.response_id or asked.response_id
    return asked


DIALECT = Dialect(
    name="litellm",
    title="LiteLLM 1.60 to 1.110 OpenTelemetry callback, and the one for Langfuse (langfuse_otel)",
    marker="`litellm.call_id`, before 1.68 `llm.request.type`; `raw_gen_ai_request` repeats the request around it, or is all that is left of it",
    counts="Input includes the cache, the parts are in `metadata.usage_object`; Anthropic's raw answers EXCLUDE it.",
    read=read,
    keys=_REQUEST,
    scopes=("litellm",),
    of_run={
        "user_id": ("metadata.user_api_key_end_user_id", "metadata.user_api_key_user_id", "llm.user"),
        "team": ("metadata.user_api_key_team_id",),
        "tenant": ("metadata.user_api_key_org_id",),
    },
    own_traces=True,
    either=True,
    decides=False,
)
