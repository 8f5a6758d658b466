"""botanu's own spans: model calls, tools, databases, stores and queues."""

from __future__ import annotations

from botanu import attributes as keys
from botanu_store.dialects import database, messaging, storage
from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import count
from botanu_store.dialects.common.reading import Dialect, Reading
from botanu_store.dialects.common.vendors import vendor
from botanu_store.records import Span

_AGENT_OPERATIONS = ("invoke_agent", "create_agent")
_UPSTREAM = "botanu.gen_ai"
_UPSTREAM_REQUEST_ID = "botanu.vendor.request_id"


def read(span: Span) -> Reading | None:
    """Read whatever a tracker wrote; a run or a step is no call."""
    said = span.attributes
    if keys.DB_SYSTEM in said:
        return database.read(span)
    if keys.STORAGE_SYSTEM in said:
        return storage.read(span)
    if keys.MESSAGING_SYSTEM in said:
        return messaging.read(span)
    if keys.GEN_AI_OPERATION_NAME not in said:
        return None
    if said[keys.GEN_AI_OPERATION_NAME] == "execute_tool":
        return _tool(span)
    return _call(span)


def _tool(span: Span) -> Reading:
    said = span.attributes
    found = genai.tool(span, DIALECT.name)
    found.vendor = vendor(said.get(keys.VENDOR) or said.get(keys.GEN_AI_PROVIDER_NAME))
    if processed := count(said.get(keys.TOOL_BYTES_PROCESSED)):
        found.quantities["bytes_read"] = processed
    return found


def _call(span: Span) -> Reading | None:
    """Its input always includes the cache, except for Anthropic in an earlier SDK, which passed the vendor's count on as it was."""
    said = span.attributes
    used = genai.tokens(said)
    used.cache_read = used.cache_read or genai.first(said, keys.USAGE_CACHE_READ_TOKENS, keys.USAGE_CACHED_TOKENS)
    used.cache_write = used.cache_write or count(said.get(keys.USAGE_CACHE_WRITE_TOKENS))
    used.cache_write_1h = count(said.get(keys.USAGE_CACHE_WRITE_1H_TOKENS))
    used.includes_cache = span.scope != _UPSTREAM or said.get(keys.GEN_AI_PROVIDER_NAME) not in (
        "anthropic",
        "aws.bedrock",
    )
    name = said[keys.GEN_AI_OPERATION_NAME].lower()
    # Whatever a tracker tracks is a call, by any name; only agents may repeat what is inside them.
    known = genai.CALLS.get(name, name)
    found = (
        genai.call(span, DIALECT.name, used)
        if name in _AGENT_OPERATIONS
        else genai.reading(span, DIALECT.name, used, known)
    )
    if found is not None:
        found.vendor = vendor(said.get(keys.VENDOR), found.model) or found.vendor
        found.request_id = said.get(keys.PROVIDER_REQUEST_ID) or said.get(_UPSTREAM_REQUEST_ID, "")
        found.attempt = max(1, min(count(said.get(keys.REQUEST_ATTEMPT)), 1000))
        if said.get(keys.REQUEST_CACHE_HIT) == "true":
            found.usage, found.quantities = "free", {}
    return found


DIALECT = Dialect(
    name="botanu",
    title="botanu (this project), and botanu-sdk 0.1",
    marker="`gen_ai.operation.name`, `db.system`, `botanu.storage.system` or `messaging.system`",
    counts="Input includes the cache. A call answered by the caller's own cache (`botanu.request.cache_hit`) is free.",
    read=read,
    keys=(keys.GEN_AI_OPERATION_NAME, keys.DB_SYSTEM, keys.STORAGE_SYSTEM, keys.MESSAGING_SYSTEM),
    scopes=("botanu",),
    decides=False,
)
