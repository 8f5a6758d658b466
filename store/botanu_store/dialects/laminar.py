"""Laminar: the conventions' names, and a type on every span; a model's answer that was replayed from its cache cost nothing."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.reading import Dialect, Reading
from botanu_store.records import Span

_TYPE = "lmnr.span.type"


def read(span: Span) -> Reading | None:
    """Read a model call, as an instrumentation or the program named it, or a tool; spans of no such type are read by what else they say."""
    said = span.attributes
    kind = said[_TYPE]
    if kind == "TOOL":
        return genai.tool(span, DIALECT.name)
    if kind not in ("LLM", "CACHED"):
        return None
    name = said.get("gen_ai.operation.name") or said.get("llm.request.type", "")
    found = genai.reading(span, DIALECT.name, genai.tokens(said), genai.CALLS.get(name.lower(), "chat"))
    if kind == "CACHED":
        found.usage, found.quantities, found.emitter_usd = "free", {}, None
    return found


DIALECT = Dialect(
    name="laminar",
    title="Laminar 0.8",
    marker="`lmnr.span.type` = LLM; TOOL for tools",
    counts="Input includes the cache. A call replayed from Laminar's cache (CACHED) is free.",
    read=read,
    keys=(_TYPE,),
    decides=False,
)
