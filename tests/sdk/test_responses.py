"""Vendors' answers: `record_response` and `llm_instrumented` on the real clients, whole and streamed."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from botanu.testing import RecordedRuns
from botanu.tracking.llm import llm_instrumented, track_llm_call
from tests.sdk import vendors

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::pydantic.warnings.PydanticDeprecatedSince20"
)

COUNTED = {
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.output_tokens": 200,
    "gen_ai.usage.cache_read.input_tokens": 400,
}
"""What every vendor's answer comes to, however the vendor counts."""

REASONED = {"gen_ai.usage.reasoning.output_tokens": 50}
WRITTEN = {"gen_ai.usage.cache_creation.input_tokens": 100, "botanu.usage.cache_write_1h_tokens": 30}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server that answers like the vendors."""
    with vendors.serving() as base:
        yield base


class Clients:
    """The vendors' real clients, pointed at the server."""

    def __init__(self, url: str) -> None:
        # Here, and not at the top: to import them takes three seconds, and every worker imports every file of tests.
        import anthropic
        import boto3
        import cohere
        import openai
        from google import genai
        from mistralai.client import Mistral

        self.openai = openai.OpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0)
        self.aopenai = openai.AsyncOpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0)
        self.anthropic = anthropic.Anthropic(api_key="k", base_url=url, max_retries=0)
        self.aanthropic = anthropic.AsyncAnthropic(api_key="k", base_url=url, max_retries=0)
        self.google = genai.Client(api_key="k", http_options={"base_url": url})
        self.cohere = cohere.ClientV2(api_key="k", base_url=url)
        self.mistral = Mistral(api_key="k", server_url=url)
        self.bedrock = boto3.client(
            "bedrock-runtime",
            region_name="eu-west-1",
            endpoint_url=url,
            aws_access_key_id="a",
            aws_secret_access_key="s",
        )


@pytest.fixture(scope="module")
def clients(url: str) -> Clients:
    """One set of clients for all tests."""
    return Clients(url)


MESSAGES: Any = [{"role": "user", "content": "hi"}]
BEDROCK_MESSAGES = [{"role": "user", "content": [{"text": "hi"}]}]

WHOLE: dict[str, tuple[str, str, Callable[[Clients], Any], dict[str, Any]]] = {
    "openai chat": (
        "openai",
        "chat-1",
        lambda c: c.openai.chat.completions.create(model="m", messages=MESSAGES),
        COUNTED | REASONED | {"gen_ai.response.finish_reasons": ("stop",)},
    ),
    "openai responses": (
        "openai",
        "resp-1",
        lambda c: c.openai.responses.create(model="m", input="hi"),
        COUNTED | REASONED | {"gen_ai.response.finish_reasons": ("completed",)},
    ),
    "anthropic": (
        "anthropic",
        "msg-1",
        lambda c: c.anthropic.messages.create(model="m", max_tokens=9, messages=MESSAGES),
        COUNTED | WRITTEN | {"gen_ai.response.finish_reasons": ("end_turn",)},
    ),
    "google": (
        "google",
        "goog-1",
        lambda c: c.google.models.generate_content(model="m", contents="hi"),
        COUNTED | REASONED | {"gen_ai.response.finish_reasons": ("STOP",)},
    ),
    "cohere": (
        "cohere",
        "coh-1",
        lambda c: c.cohere.chat(model="m", messages=MESSAGES),
        COUNTED | {"gen_ai.response.finish_reasons": ("COMPLETE",)},
    ),
    "mistral": (
        "mistral",
        "chat-1",
        lambda c: c.mistral.chat.complete(model="m", messages=MESSAGES),
        COUNTED | {"gen_ai.response.finish_reasons": ("stop",)},
    ),
    "bedrock": (
        "bedrock",
        "aws-1",
        lambda c: c.bedrock.converse(modelId="m", messages=BEDROCK_MESSAGES),
        COUNTED | WRITTEN | {"gen_ai.response.finish_reasons": ("end_turn",)},
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_record_response(name: str, clients: Clients, recorded: RecordedRuns) -> None:
    """Model, id, finish reason and all token kinds, from the real response object of each vendor."""
    provider, response_id, call, expected = WHOLE[name]
    with track_llm_call(provider, "m") as tracker:
        assert tracker.record_response(call(clients)) is tracker

    attributes = recorded.spans[0].attributes
    assert {key: attributes.get(key) for key in expected} == expected
    assert attributes["gen_ai.response.id"] == attributes["botanu.provider.request_id"] == response_id
    if provider not in ("bedrock", "cohere"):
        assert attributes["gen_ai.response.model"] == "m-2026"


@pytest.mark.parametrize("name", WHOLE)
def test_record_response_of_dicts(name: str, clients: Clients, recorded: RecordedRuns) -> None:
    """The same from dicts, as proxies and caches hand them out."""
    provider, response_id, call, expected = WHOLE[name]
    answer = call(clients)
    as_dict = answer if isinstance(answer, dict) else answer.model_dump(mode="json")
    with track_llm_call(provider, "m") as tracker:
        tracker.record_response(as_dict)

    attributes = recorded.spans[0].attributes
    assert {key: attributes.get(key) for key in expected} == expected
    assert attributes["gen_ai.response.id"] == response_id


@pytest.mark.parametrize("name", WHOLE)
def test_instrumented_methods(name: str, clients: Clients, recorded: RecordedRuns) -> None:
    """`llm_instrumented` on a call: the answer is untouched, the span has the model and the tokens."""
    provider, _, call, expected = WHOLE[name]

    @llm_instrumented(provider)
    def ask(client: Clients, model: str) -> Any:
        return call(client)

    answer = ask(clients, "asked")

    assert type(answer) is type(call(clients))
    assert recorded.spans[0].name == "chat asked"
    assert {key: recorded.spans[0].attributes.get(key) for key in expected} == expected


STREAMED: dict[str, tuple[str, Callable[[Clients], Callable[..., Any]], dict[str, Any], dict[str, Any]]] = {
    "openai chat": (
        "openai",
        lambda c: c.openai.chat.completions.create,
        {"model": "m", "messages": MESSAGES, "stream": True, "stream_options": {"include_usage": True}},
        COUNTED | REASONED,
    ),
    "openai responses": (
        "openai",
        lambda c: c.openai.responses.create,
        {"model": "m", "input": "hi", "stream": True},
        COUNTED | REASONED,
    ),
    "anthropic": (
        "anthropic",
        lambda c: c.anthropic.messages.create,
        {"model": "m", "max_tokens": 9, "messages": MESSAGES, "stream": True},
        COUNTED | WRITTEN,
    ),
    "google": (
        "google",
        lambda c: c.google.models.generate_content_stream,
        {"model": "m", "contents": "hi"},
        COUNTED | REASONED,
    ),
    "cohere": ("cohere", lambda c: c.cohere.chat_stream, {"model": "m", "messages": MESSAGES}, COUNTED),
    "mistral": ("mistral", lambda c: c.mistral.chat.stream, {"model": "m", "messages": MESSAGES}, COUNTED),
}


@pytest.mark.parametrize("name", STREAMED)
def test_streams(name: str, clients: Clients, recorded: RecordedRuns) -> None:
    """A stream is tracked until its last piece; tokens, id and finish reason are those of the whole answer."""
    provider, method, arguments, expected = STREAMED[name]
    stream = llm_instrumented(provider)(method(clients))(**arguments)
    assert recorded.spans == []
    pieces = list(stream)

    assert len(pieces) >= 2
    [span] = recorded.spans
    assert span.name == "chat m"
    assert {key: span.attributes.get(key) for key in expected} == expected
    assert span.attributes["botanu.request.streaming"] is True
    assert span.attributes["gen_ai.response.finish_reasons"]
    assert span.attributes["gen_ai.response.id"] == WHOLE[name][1]


def test_bedrock_streams(clients: Clients, recorded: RecordedRuns) -> None:
    """boto3 gives streams inside a dict; the dict comes back with a stream that reads along."""
    ask = llm_instrumented("bedrock", model_param="modelId")(clients.bedrock.converse_stream)
    answer = ask(modelId="m", messages=BEDROCK_MESSAGES)
    assert len(list(answer["stream"])) == 3

    [span] = recorded.spans
    expected = COUNTED | WRITTEN | {"gen_ai.request.model": "m", "gen_ai.response.finish_reasons": ("end_turn",)}
    assert {key: span.attributes.get(key) for key in expected} == expected


def test_bedrock_invoke_model_counts_are_in_headers(recorded: RecordedRuns) -> None:
    """`invoke_model` gives its counts in response headers; its body is left unread."""
    headers = {"x-amzn-bedrock-input-token-count": "12", "x-amzn-bedrock-output-token-count": "5"}
    with track_llm_call("bedrock", "m") as call:
        call.record_response({"ResponseMetadata": {"RequestId": "r", "HTTPHeaders": headers}, "body": object()})

    attributes = recorded.spans[0].attributes
    assert (attributes["gen_ai.usage.input_tokens"], attributes["gen_ai.usage.output_tokens"]) == (12, 5)


def test_a_stream_used_as_a_context_manager(clients: Clients, recorded: RecordedRuns) -> None:
    """OpenAI's stream and Anthropic's stream manager work with `with`, and helpers of the stream stay reachable."""
    chat = llm_instrumented("openai")(clients.openai.chat.completions.create)
    with chat(**STREAMED["openai chat"][2]) as stream:
        for _ in stream:
            break
    helper = llm_instrumented("anthropic")(clients.anthropic.messages.stream)
    with helper(model="m", max_tokens=9, messages=MESSAGES) as managed:
        assert len(list(managed)) > 2
        assert managed.get_final_message().usage.output_tokens == 200

    broken_off, whole = recorded.spans
    assert broken_off.attributes["gen_ai.response.id"] == "chat-1"
    assert "gen_ai.usage.input_tokens" not in broken_off.attributes
    assert {key: whole.attributes.get(key) for key in COUNTED} == COUNTED


async def test_async_clients(clients: Clients, recorded: RecordedRuns) -> None:
    """Async clients, whole and streamed, several at once."""
    chat = llm_instrumented("openai")(clients.aopenai.chat.completions.create)
    messages = llm_instrumented("anthropic")(clients.aanthropic.messages.create)

    async def whole() -> None:
        assert (await chat(model="m", messages=MESSAGES)).id == "chat-1"

    async def streamed() -> None:
        async for _ in await messages(model="m", max_tokens=9, messages=MESSAGES, stream=True):
            pass

    await asyncio.gather(*(work() for work in (whole, streamed) for _ in range(3)))
    await clients.aopenai.close()
    await clients.aanthropic.close()

    assert len(recorded.spans) == 6
    assert all({key: span.attributes.get(key) for key in COUNTED} == COUNTED for span in recorded.spans)


def test_a_stream_without_usage_has_no_tokens(clients: Clients, recorded: RecordedRuns) -> None:
    """A stream that was not asked for its usage carries none: the call is there, and unpriced rather than free."""
    ask = llm_instrumented("openai")(clients.openai.chat.completions.create)
    list(ask(model="m", messages=MESSAGES, stream=True, stream_options={"include_usage": False}))

    assert "gen_ai.usage.input_tokens" not in recorded.spans[0].attributes


def test_forgotten_streams_end(clients: Clients, recorded: RecordedRuns) -> None:
    """A stream that nobody reads to its end is tracked until it is closed, or forgotten."""
    ask = llm_instrumented("openai")(clients.openai.chat.completions.create)
    first = ask(**STREAMED["openai chat"][2])
    first.close()
    second = ask(**STREAMED["openai chat"][2])
    second.response.close()
    del second
    gc.collect()

    assert len(recorded.spans) == 2


def test_failures_of_the_client(url: str, recorded: RecordedRuns) -> None:
    """An exception of the client marks the span and is re-raised, in a sync call and in an async one."""
    import openai

    client = openai.OpenAI(api_key="k", base_url=f"{url}/fail/v1", max_retries=0)
    with pytest.raises(openai.InternalServerError):
        llm_instrumented("openai")(client.chat.completions.create)(model="m", messages=MESSAGES)

    async def ask() -> None:
        async with openai.AsyncOpenAI(api_key="k", base_url=f"{url}/fail/v1", max_retries=0) as aclient:
            with pytest.raises(openai.InternalServerError):
                await llm_instrumented("openai")(aclient.chat.completions.create)(model="m", messages=MESSAGES)

    asyncio.run(ask())

    assert [span.attributes["error.type"] for span in recorded.spans] == ["InternalServerError"] * 2


async def test_own_functions_of_every_kind(recorded: RecordedRuns) -> None:
    """Coroutine functions, generators and async generators of one's own; the model by position, by default or unknown."""
    usage = SimpleNamespace(usage=SimpleNamespace(prompt_tokens=3, completion_tokens=2))

    @llm_instrumented("mine")
    async def ask(question: str, model: str) -> Any:
        return usage

    @llm_instrumented("mine", model_param="engine")
    def stream(question: str) -> Iterator[Any]:
        yield "a"
        yield usage

    @llm_instrumented("mine", tokens_from_response=False)
    async def astream(model: str) -> Any:
        yield usage

    assert await ask("why", "m1") is usage
    assert list(stream("why")) == ["a", usage]
    assert [piece async for piece in astream("m2")] == [usage]

    assert [span.name for span in recorded.spans] == ["chat m1", "chat unknown", "chat m2"]
    assert [span.attributes.get("gen_ai.usage.input_tokens") for span in recorded.spans] == [3, 3, None]


def test_a_failing_stream(recorded: RecordedRuns) -> None:
    """A stream that breaks marks the span and keeps what was read."""

    @llm_instrumented("mine")
    def stream(model: str) -> Iterator[Any]:
        yield {"usage": {"prompt_tokens": 3, "completion_tokens": 2}}
        raise ConnectionError

    with pytest.raises(ConnectionError):
        list(stream("m"))

    attributes = recorded.spans[0].attributes
    assert (attributes["error.type"], attributes["gen_ai.usage.input_tokens"]) == ("ConnectionError", 3)


def test_embeddings(clients: Clients, recorded: RecordedRuns) -> None:
    """Embeddings have input tokens only."""
    with track_llm_call("openai", "m", "embeddings") as call:
        call.record_response(clients.openai.embeddings.create(model="m", input="hi", encoding_format="float"))

    attributes = recorded.spans[0].attributes
    assert (attributes["gen_ai.usage.input_tokens"], attributes["gen_ai.usage.output_tokens"]) == (9, 0)
