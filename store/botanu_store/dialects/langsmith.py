"""LangSmith's OpenTelemetry export: `langsmith.span.kind` is to be believed, `gen_ai.operation.name` is not."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import count, document, inside, python_document
from botanu_store.dialects.common.reading import Dialect, Reading, tool_call
from botanu_store.dialects.common.usage import Tokens
from botanu_store.dialects.common.vendors import GEMINI, maker, vendor
from botanu_store.records import Span

_KIND = "langsmith.span.kind"
_USAGE = "langsmith.metadata.usage_metadata"


def read(span: Span) -> Reading | None:
    """Read a model's or a tool's run; prompts and chains are no calls."""
    said = span.attributes
    kind = said.get(_KIND, "").lower()
    if kind == "tool":
        return tool_call(DIALECT.name, said.get("gen_ai.tool.name") or span.name)
    if kind not in ("llm", "embedding"):
        return None
    found = genai.reading(span, DIALECT.name, _tokens(said), "embeddings" if kind == "embedding" else "chat")
    found.model = found.model or said.get("langsmith.metadata.ls_model_name", "")
    # Its `gen_ai.system` it takes from the model's name: Bedrock's Claude is Anthropic's there.
    sold_by = vendor(said.get("langsmith.metadata.ls_provider"), found.model)
    found.vendor = sold_by or found.vendor or maker(found.model)
    return found


def _tokens(said: genai.Attributes) -> Tokens:
    used = genai.tokens(said)
    usage = document(said.get(_USAGE))
    used.input = used.input or count(usage.get("input_tokens"))
    used.output = used.output or count(usage.get("output_tokens"))
    into = inside(usage.get("input_token_details")) or python_document(said.get("gen_ai.usage.input_token_details"))
    out = inside(usage.get("output_token_details")) or python_document(said.get("gen_ai.usage.output_token_details"))
    used.cache_read = used.cache_read or count(into.get("cache_read"))
    # langchain-anthropic splits its writes by how long they stay, and then leaves cache_creation at 0.
    an_hour = count(into.get("ephemeral_1h_input_tokens")) or count(into.get("ephemeral_1hr_input_tokens"))
    parts = count(into.get("ephemeral_5m_input_tokens")) + an_hour
    used.cache_write = used.cache_write or count(into.get("cache_creation")) or parts
    used.cache_write_1h = an_hour
    if maker(said.get("gen_ai.response.model") or said.get("gen_ai.request.model", "")) == GEMINI:
        used.add_thoughts(count(usage.get("total_tokens")))
    used.kinds = {
        "reasoning_tokens": count(out.get("reasoning")),
        "input_audio_tokens": count(into.get("audio")),
        "output_audio_tokens": count(out.get("audio")),
        **{meter: quantity for meter, quantity in (used.kinds or {}).items() if quantity},
    }
    return used


DIALECT = Dialect(
    name="langsmith",
    title="LangSmith 0.4 to 0.15 OpenTelemetry export",
    marker="`langsmith.span.kind` = llm, embedding; tool for tools",
    counts="Input includes the cache; the parts are in the JSON of `langsmith.metadata.usage_metadata`, or in Python's notation.",
    read=read,
    keys=(_KIND,),
    of_run={
        "user_id": ("langsmith.metadata.user_id",),
        "session_id": ("langsmith.metadata.session_id", "langsmith.metadata.thread_id"),
    },
    own_traces=True,
    hasty_scopes=("langsmith",),
)
