"""What dialects read in a span: calls, tools, operations, costs; and how a dialect is known."""

from __future__ import annotations

from decimal import Decimal

import pytest
from botanu_store.dialects import CANDIDATE_KEYS, CANDIDATE_SCOPES, DIALECTS, describe, read

from tests.conftest import REPOSITORY
from tests.store.captures import Trace, is_candidate
from tests.store.dialects.readings import gen_ai, reading

PAGE = REPOSITORY / "docs" / "integration" / "dialects.md"


@pytest.mark.parametrize(
    ("name", "said", "wanted"),
    [
        (
            "codex.sse_event",
            {
                "event.kind": "response.completed",
                "input_token_count": "3011",
                "output_token_count": "303",
                "cached_token_count": "807",
            },
            {"input_tokens": 2204, "cache_read_tokens": 807, "output_tokens": 303, "requests": 1},
        ),
        (
            "gemini_cli.api_response",
            {
                "model": "gemini-2.5-pro",
                "input_token_count": 3011,
                "output_token_count": 303,
                "cached_content_token_count": 807,
                "thoughts_token_count": 61,
            },
            {
                "input_tokens": 2204,
                "cache_read_tokens": 807,
                "output_tokens": 364,
                "reasoning_tokens": 61,
                "requests": 1,
            },
        ),
        (
            "codex.sse_event",
            {
                "event.kind": "response.completed",
                "model": "gpt-5",
                "input_token_count": "1011",
                "output_token_count": "103",
                "cached_token_count": "407",
                "cache_write_token_count": "101",
                "reasoning_token_count": "21",
                "tool_token_count": "1114",
            },
            {
                "input_tokens": 503,
                "cache_read_tokens": 407,
                "cache_write_tokens": 101,
                "output_tokens": 103,
                "reasoning_tokens": 21,
                "requests": 1,
            },
        ),
        (
            "qwen-code.api_response",
            {
                "model": "gpt-4.1",
                "input_token_count": 3011,
                "output_token_count": 303,
                "cached_content_token_count": 807,
                "thoughts_token_count": 61,
                "total_token_count": 3314,
            },
            {
                "input_tokens": 2204,
                "cache_read_tokens": 807,
                "output_tokens": 303,
                "reasoning_tokens": 61,
                "requests": 1,
            },
        ),
        (
            "claude_code.api_request",
            {"cost_usd": 0.01, "input_tokens": 3011, "output_tokens": 303, "cache_read_tokens": 807},
            {"input_tokens": 3011, "cache_read_tokens": 807, "output_tokens": 303, "requests": 1},
        ),
        (
            "claude_code.api_request",
            {
                "cost_usd": 0.01,
                "input_tokens": 1352,
                "output_tokens": 303,
                "cache_read_tokens": 1207,
                "cache_creation_tokens": 452,
                "cache_creation_5m_tokens": 301,
                "cache_creation_1h_tokens": 151,
            },
            {
                "input_tokens": 1352,
                "cache_read_tokens": 1207,
                "cache_write_tokens": 301,
                "cache_write_1h_tokens": 151,
                "output_tokens": 303,
                "requests": 1,
            },
        ),
    ],
)
def test_log_records_of_coding_agents(name: str, said: dict[str, object], wanted: dict[str, int]) -> None:
    """A record of the right name is a call, with thoughts in the output, told beside it too, and the cached tokens apart."""
    assert reading(said, name=name, kind="LOG", scope="events").quantities == wanted


def test_other_log_records_are_no_calls() -> None:
    """The same events in the middle of a stream, and the generic event that Gemini CLI writes twice, say nothing more."""
    for name, said in (
        ("codex.sse_event", {"event.kind": "response.created", "input_token_count": "1"}),
        ("gen_ai.client.inference.operation.details", {"input_token_count": "1"}),
        ("claude_code.tool_result", {"cost_usd": "1"}),
    ):
        assert read(Trace().span(said, name=name, kind="LOG", scope="events")) is None


def test_audio_and_image_tokens_have_meters_of_their_own() -> None:
    """They are taken out of the sums that hold them, the cached ones out of the cached."""
    said = gen_ai(
        3011,
        303,
        cache_read__input_tokens=1207,
        audio__input_tokens=91,
        audio__cache_read__input_tokens=41,
        image__input_tokens=11,
        audio__output_tokens=31,
    )

    assert reading(said).quantities == {
        "input_tokens": 3011 - 1207 - 50 - 11,
        "cache_read_tokens": 1166,
        "cache_read_audio_tokens": 41,
        "input_audio_tokens": 50,
        "input_image_tokens": 11,
        "output_tokens": 272,
        "output_audio_tokens": 31,
        "requests": 1,
    }


@pytest.mark.parametrize(
    "said",
    [
        {
            "gen_ai.usage.details.input_audio_tokens": 91,
            "gen_ai.usage.details.cache_audio_read_tokens": 41,
            "gen_ai.usage.details.output_audio_tokens": 31,
            "gen_ai.usage.details.audio_tokens": 31,
        },
        {
            "gen_ai.usage.input_audio_tokens": 50,
            "gen_ai.usage.output_audio_tokens": 31,
            "gen_ai.usage.input_cached_tokens": 41,
        },
    ],
)
def test_audio_has_other_names_before_the_conventions_named_it(said: dict[str, object]) -> None:
    """Pydantic AI tells it among its details, LiveKit beside the totals."""
    found = reading(gen_ai(3011, 303) | {"gen_ai.usage.cache_read.input_tokens": 41} | said, scope="pydantic-ai")

    assert (found.quantities["input_audio_tokens"], found.quantities["output_audio_tokens"]) == (50, 31)
    assert sum(found.quantities.values()) == 3011 + 303 + 1


def test_a_total_smaller_than_its_parts_leaves_them_out() -> None:
    """An input below the cached tokens cannot include them, whatever the dialect says."""
    assert reading(gen_ai(11, 3, cache_read__input_tokens=5000)).quantities["input_tokens"] == 11


@pytest.mark.parametrize(
    ("scope", "said", "wanted"),
    [
        ("botanu", {"db.system": "bigquery", "db.operation": "SELECT", "botanu.warehouse.bytes_scanned": 10**9, "botanu.data.rows_returned": 7},
         ("database", "bigquery", "SELECT", {"requests": 1, "bytes_scanned": 10**9, "rows": 7})),
        ("opentelemetry.instrumentation.psycopg", {"db.system.name": "postgresql", "db.operation.name": "INSERT"},
         ("database", "postgresql", "INSERT", {"requests": 1})),
        ("botanu", {"botanu.storage.system": "s3", "botanu.storage.operation": "GET", "botanu.data.bytes_read": 5, "botanu.data.objects_count": 1},
         ("storage", "s3", "GET", {"requests": 1, "bytes_read": 5, "objects": 1})),
        ("opentelemetry.instrumentation.botocore.s3", {"rpc.service": "S3", "rpc.method": "PutObject"},
         ("storage", "s3", "PutObject", {"requests": 1})),
        ("botanu", {"messaging.system": "sqs", "messaging.operation": "publish", "botanu.messaging.message_count": 3},
         ("messaging", "sqs", "publish", {"requests": 1, "messages": 3})),
        ("kafka", {"messaging.system": "aws_sqs", "messaging.operation.type": "receive", "messaging.batch.message_count": 2},
         ("messaging", "sqs", "receive", {"requests": 1, "messages": 2})),
    ],
)  # fmt: skip
@pytest.mark.parametrize("marks", [{}, {"traceloop.workflow.name": "work", "traceloop.entity.path": "step"}])
def test_operations_on_databases_stores_and_queues(
    marks: dict[str, object], scope: str, said: dict[str, object], wanted: tuple[str, str, str, dict[str, int]]
) -> None:
    """One request of the product by its one name, and whatever else the span counts; Traceloop's processor marks all that runs in a workflow."""
    found = reading(said | marks, scope=scope, name="operation")

    assert (found.category, found.vendor, found.operation, found.quantities) == wanted


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"db.system": "postgresql"}, "INTERNAL"),
        ({"db.system": "postgresql", "db.operation": "connect"}, "CLIENT"),
        ({"messaging.system": "kafka", "messaging.operation": "process"}, "CONSUMER"),
        ({"gen_ai.operation.name": "invoke_agent"}, "INTERNAL"),
        ({"openinference.span.kind": "CHAIN"}, "INTERNAL"),
        ({"traceloop.span.kind": "workflow"}, "INTERNAL"),
        ({"spring.ai.kind": "chat_client", "gen_ai.operation.name": "framework"}, "INTERNAL"),
        ({"lmnr.span.type": "DEFAULT"}, "INTERNAL"),
        ({"gen_ai.operation.name": "fetch_response", "gen_ai.response.id": "resp_1"}, "CLIENT"),
        ({"gen_ai.operation.name": "plan", "gen_ai.request.model": "m"}, "INTERNAL"),
    ],
)
def test_what_nobody_bills_is_no_operation(said: dict[str, object], kind: str) -> None:
    """Driver internals, local processing of a message, and frames around calls."""
    assert read(Trace().span(said, kind=kind, name="x")) is None


@pytest.mark.parametrize(
    ("said", "scope", "name"),
    [
        ({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}, "agents", "execute_tool search"),
        ({"openinference.span.kind": "TOOL", "tool.name": "search"}, "agents", "x"),
        ({"traceloop.span.kind": "tool", "traceloop.entity.name": "search"}, "agents", "x"),
        ({"ai.operationId": "ai.toolCall", "ai.toolCall.name": "search"}, "ai", "ai.toolCall"),
        ({"mlflow.spanType": '"TOOL"'}, "mlflow", "search"),
        ({"langfuse.observation.type": "tool"}, "langfuse-sdk", "search"),
        ({"langsmith.span.kind": "tool"}, "langsmith", "search"),
        ({"span.type": "tool", "tool_name": "search"}, "com.anthropic.claude_code.tracing", "claude_code.tool"),
        ({"gen_ai.tool.name": "search"}, "pydantic-ai", "running tool"),
        (
            {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"},
            "com.anthropic.sdk.go",
            "anthropic.tool_use search",
        ),
        (
            {"spring.ai.kind": "tool_call", "gen_ai.operation.name": "framework", "gen_ai.system": "spring_ai"},
            "org.springframework.boot",
            "tool_call search",
        ),
        ({"lmnr.span.type": "TOOL"}, "lmnr.tracer", "search"),
    ],
)
def test_tools_are_read_in_every_dialect(said: dict[str, object], scope: str, name: str) -> None:
    """A tool is one request of nobody's; its name is what a price per call goes by."""
    found = reading(said, scope=scope, name=name)

    assert (found.category, found.vendor, found.model, found.quantities) == ("tool", "", "search", {"requests": 1})


def test_a_tool_with_a_vendor_has_it() -> None:
    """Our tracker may say who sells the tool."""
    said = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "botanu.vendor": "tavily"}

    assert reading(said, scope="botanu").vendor == "tavily"


def test_whatever_our_tracker_tracks_is_a_call() -> None:
    """An operation of the caller's own naming, too, even when it says no tokens."""
    found = reading({"gen_ai.operation.name": "classify", "gen_ai.provider.name": "openai"}, scope="botanu")

    assert (found.role, found.operation, found.usage) == ("call", "classify", "none")


def test_a_call_answered_by_the_callers_own_cache_is_free() -> None:
    """The vendor never saw it."""
    found = reading(gen_ai(1011, 103) | {"botanu.request.cache_hit": True}, scope="botanu")

    assert (found.usage, found.quantities) == ("free", {})


@pytest.mark.parametrize(
    ("key", "scope"),
    [
        ("gen_ai.usage.cost", "openlit.instrumentation.openai"),
        ("operation.cost", "logfire.openai"),
        ("operation.cost", "pydantic-ai"),
        ("operation.cost", "x"),
        ("gen_ai.usage.cost_usd", "x"),
        ("gen_ai.usage.cost.total", "x"),
        ("llm.usage.cost", "opentelemetry.instrumentation.openai.v1"),
        ("gen_ai.cost.total_cost", "litellm"),
    ],
)
def test_the_emitters_own_cost_is_kept_as_it_is(key: str, scope: str) -> None:
    """An amount above zero, as decimal text; 0 is what emitters write when they do not know."""
    assert reading(gen_ai(1, 1) | {key: 0.00021345}, scope=scope).emitter_usd == Decimal("0.00021345")
    assert reading(gen_ai(1, 1) | {key: 0}, scope=scope).emitter_usd is None


def test_plain_spans_are_never_looked_at() -> None:
    """HTTP requests, RPCs and functions cost the store nothing."""
    for said in (
        {"http.request.method": "POST", "url.full": "x"},
        {"rpc.system": "grpc", "rpc.service": "shop.Cart"},
        {"code.function": "f"},
    ):
        assert not is_candidate(Trace().span(said, scope="opentelemetry.instrumentation.httpx", name="POST"))


def test_every_dialect_can_be_known_before_it_is_asked() -> None:
    """Each has keys or scopes by which the store's SQL finds its spans, and a name of its own."""
    assert len({dialect.name for dialect in DIALECTS}) == len(DIALECTS)
    assert all(dialect.keys or (dialect.either and dialect.scopes) for dialect in DIALECTS)
    assert len(set(CANDIDATE_KEYS)) == len(CANDIDATE_KEYS)
    assert all(CANDIDATE_SCOPES)


def test_the_page_about_dialects_has_a_row_for_each() -> None:
    """The documentation's table is the code's own."""
    page = PAGE.read_text("utf-8")

    assert [row[0] for row in describe() if f"| {' | '.join(row)} |" not in page] == []


@pytest.mark.parametrize(("scanned", "wanted"), [("0", {"bytes_scanned": 0}), ("5", {"bytes_scanned": 5}), ("x", {})])
def test_a_query_answered_from_the_warehouses_cache_scanned_nothing(scanned: str, wanted: dict[str, int]) -> None:
    """Nothing billed is not the same as nothing known: without a count the query would be unpriced."""
    found = reading({"db.system": "bigquery", "botanu.warehouse.bytes_scanned": scanned}, scope="botanu", name="SELECT")

    assert found.quantities == {"requests": 1, **wanted}
