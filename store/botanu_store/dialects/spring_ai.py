"""Spring AI: model calls by the conventions, read as such, and tools in a notation of its own."""

from __future__ import annotations

from botanu_store.dialects.common.reading import Dialect, Reading, tool_call
from botanu_store.records import Span

_KIND = "spring.ai.kind"


def read(span: Span) -> Reading | None:
    """Read a tool call; clients and advisors are no calls: https://docs.spring.io/spring-ai/reference/observability/."""
    said = span.attributes
    if said[_KIND] != "tool_call":
        return None
    name = said.get("spring.ai.tool.definition.name") or span.name.partition(" ")[2]
    return tool_call(DIALECT.name, name, said.get("spring.ai.tool.call.id", ""))


DIALECT = Dialect(
    name="spring-ai",
    title="Spring AI 1.0 to 2.0",
    marker="`spring.ai.kind` = tool_call for tools; model calls are named by the conventions",
    counts="A tool is one request. The clients and advisors around model calls carry no usage.",
    read=read,
    keys=(_KIND,),
    decides=False,
)
