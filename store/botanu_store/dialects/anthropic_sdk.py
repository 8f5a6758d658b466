"""The Anthropic SDK's own spans: the richest there is of a call to Anthropic, with the cache writes of both prices apart."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import count
from botanu_store.dialects.common.reading import Dialect, Reading
from botanu_store.dialects.common.vendors import vendor
from botanu_store.records import Span


def read(span: Span) -> Reading | None:
    """Read a messages span, a free token count, or a tool that the SDK ran."""
    said = span.attributes
    if "anthropic.message.count_tokens.input_tokens" in said or span.name.endswith(".count_tokens"):
        return _free(span)
    if span.name.startswith("anthropic.tool_use "):
        ran = genai.tool(span, DIALECT.name)
        ran.model = ran.model.removeprefix("anthropic.tool_use ")
        return ran
    if said.get("gen_ai.operation.name") not in genai.CALLS:
        return None
    used = genai.tokens(said)
    used.cache_write_1h = count(said.get("anthropic.usage.cache_creation.ephemeral_1h_input_tokens"))
    found = genai.call(span, DIALECT.name, used)
    if found is not None:
        found.request_id = said.get("anthropic.request.id", "")
        found.attempt = 1 + min(count(said.get("http.request.resend_count")), 1000)
    return found


def _free(span: Span) -> Reading:
    model = span.attributes.get("gen_ai.request.model", "")
    seller = vendor(span.attributes.get("gen_ai.provider.name"), model)
    return Reading(DIALECT.name, "llm", "count_tokens", "call", seller, model, model, usage="free")


DIALECT = Dialect(
    name="anthropic-sdk",
    title="Anthropic SDK 1.14 and later, every language",
    marker="`gen_ai.operation.name`=chat; `anthropic.messages.count_tokens` is free",
    counts="Input includes the cache; writes for five minutes and for one hour are told apart.",
    read=read,
    keys=(*genai.KEYS, "anthropic.message.count_tokens.input_tokens"),
    scopes=("com.anthropic.sdk",),
    of_run={"session_id": ("anthropic.session.id",)},
    own_traces=True,
)
