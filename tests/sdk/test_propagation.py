"""Runs across processes: HTTP on loopback, queues, pools, Celery, and callers that mean harm."""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import httpx
import pytest
import requests
import uvicorn
from fastapi import FastAPI, WebSocket
from fastapi.responses import PlainTextResponse, StreamingResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry import propagate, trace

import botanu
from botanu import RunContext, emit_outcome, get_run_id, set_business_context
from botanu.sdk.context import get_use_case, get_workflow
from botanu.sdk.middleware import BotanuMiddleware
from botanu.testing import RecordedRun, RecordedRuns
from botanu.tracking.llm import track_llm_call

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def make_app(**options: Any) -> BotanuMiddleware:
    """A FastAPI application behind the middleware."""
    app = FastAPI()

    @app.get("/run")
    async def run() -> dict[str, Any]:
        context = botanu.sdk.context.get_current_run_context()
        return {
            "run_id": get_run_id(),
            "use_case": get_use_case(),
            "workflow": get_workflow(),
            "customer": context.business if context else None,
            "trace": format(trace.get_current_span().get_span_context().trace_id, "032x"),
        }

    @app.get("/sync")
    def sync() -> str | None:
        return get_run_id()

    @app.get("/work")
    async def work() -> None:
        with track_llm_call("openai", "gpt-5"):
            emit_outcome("partial", value_amount=2)
            set_business_context(team="blue")

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def body() -> AsyncIterator[str]:
            for _ in range(3):
                await asyncio.sleep(0)
                yield f"{get_run_id()}\n"

        return StreamingResponse(body())

    @app.get("/broken")
    async def broken() -> PlainTextResponse:
        return PlainTextResponse("no", status_code=503)

    @app.get("/raises")
    async def raises() -> None:
        raise LookupError

    @app.websocket("/socket")
    async def socket_(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(f"{get_run_id()} {await websocket.receive_text()}")
        await websocket.close()

    return BotanuMiddleware(app, use_case="Web", **options)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A real uvicorn server with the application."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(make_app(), port=port, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def wait_for(recorded: RecordedRuns, count: int) -> list[RecordedRun]:
    """The runs, when so many have ended: a server's run ends a moment after the client has its answer."""
    deadline = time.monotonic() + 5
    while len(recorded.runs) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return recorded.runs


def test_a_request_without_a_run_opens_one(url: str, recorded: RecordedRuns) -> None:
    """A new run for each request, named in the answer's x-botanu-* headers; one request's run is never the next one's."""
    with httpx.Client() as client:
        answers = [client.get(f"{url}/run") for _ in range(3)]

    ids = [answer.json()["run_id"] for answer in answers]
    assert len(set(ids)) == 3
    assert [answer.headers["x-botanu-run-id"] for answer in answers] == ids
    assert answers[0].headers["x-botanu-use-case"] == answers[0].json()["use_case"] == "Web"
    assert [run.run_id for run in wait_for(recorded, 3)] == ids


@pytest.mark.parametrize("get", [httpx.get, requests.get])
def test_baggage_carries_the_run(get: Callable[..., Any], url: str, recorded: RecordedRuns) -> None:
    """What `propagate.inject` puts on a request makes the server's part belong to the caller's run and trace."""
    with botanu.run("Caller") as run:
        headers: dict[str, str] = {}
        propagate.inject(headers)
        trace_id = trace.get_current_span().get_span_context().trace_id
        answer = get(f"{url}/run", headers=headers)
        get(f"{url}/work", headers=headers)

    assert (answer.json()["run_id"], answer.json()["use_case"]) == (run.run_id, "Caller")
    assert answer.headers["x-botanu-run-id"] == run.run_id
    [call] = [span for span in recorded.spans if span.name == "chat gpt-5"]
    assert call.attributes["botanu.run_id"] == run.run_id
    assert answer.json()["trace"] == format(trace_id, "032x")


def test_words_of_another_service_carry_the_run(url: str, recorded: RecordedRuns) -> None:
    """Outcome and business context said by the server are on a span with the caller's run id."""
    run = RunContext.create("Caller")
    with run.as_current():
        headers: dict[str, str] = {}
        propagate.inject(headers)
    httpx.get(f"{url}/work", headers=headers)

    said = [span.attributes for span in recorded.spans if span.attributes.get("botanu.run_id") == run.run_id]
    assert any(span.get("botanu.outcome") == "partial" for span in said)
    assert any(span.get("botanu.team") == "blue" for span in said)
    assert recorded.runs == []


def test_headers_carry_the_run(url: str, recorded: RecordedRuns) -> None:
    """Without baggage the x-botanu-* headers name run, use case, workflow and customer, in any script."""
    headers = {
        "x-botanu-run-id": "my-run.1",
        "x-botanu-use-case": "K%C3%A4se",
        "x-botanu-workflow": "cut",
        "x-botanu-customer-id": "c 1",
    }
    answer = httpx.get(f"{url}/run", headers=headers)

    assert answer.json()["run_id"] == "my-run.1"
    assert (answer.json()["use_case"], answer.json()["workflow"]) == ("Käse", "cut")
    assert answer.json()["customer"] == {"botanu.customer_id": "c 1"}
    assert {key: answer.headers[key] for key in headers} == headers


def test_baggage_beats_headers(url: str) -> None:
    """Where both name a run, baggage is believed."""
    headers = {"baggage": "botanu.run_id=b,botanu.use_case=u", "x-botanu-run-id": "h"}

    assert httpx.get(f"{url}/run", headers=headers).json()["run_id"] == "b"


def test_a_sync_endpoint_sees_the_run(url: str) -> None:
    """Endpoints that FastAPI runs in a thread see the run too."""
    assert httpx.get(f"{url}/sync", headers={"x-botanu-run-id": "r"}).json() == "r"


def test_a_streamed_answer_is_one_run(url: str, recorded: RecordedRuns) -> None:
    """The run of a streamed answer is current in its body and ends with its last byte."""
    answer = httpx.get(f"{url}/stream")

    assert set(answer.text.split()) == {answer.headers["x-botanu-run-id"]}
    assert len(wait_for(recorded, 1)) == 1


def test_errors_of_the_server(url: str, recorded: RecordedRuns) -> None:
    """An answer of 500 or more is a failed run, and so is an exception."""
    assert httpx.get(f"{url}/broken").status_code == 503
    assert httpx.get(f"{url}/raises").status_code == 500

    wait_for(recorded, 2)
    assert [run.outcome for run in recorded.runs] == ["failed", "failed"]
    assert recorded.runs[0].attributes["botanu.outcome.reason_code"] == "HTTP 503"
    assert recorded.runs[1].attributes["botanu.outcome.error_class"] == "LookupError"


def test_websockets_pass_through(url: str, recorded: RecordedRuns) -> None:
    """A WebSocket connection works untouched and is one run."""
    websockets = pytest.importorskip("websockets.sync.client")
    with websockets.connect(url.replace("http", "ws") + "/socket") as connection:
        connection.send("hello")
        run_id, echo = connection.recv().split()

    assert echo == "hello"
    assert wait_for(recorded, 1)[0].run_id == run_id


async def asgi(app: Any, headers: list[tuple[bytes, bytes]], path: str = "/run") -> tuple[dict[str, str], bytes]:
    """Ask an application without a server, with headers as raw as a caller can make them."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "server": ("t", 80),
        "client": ("t", 1),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return {k.decode(): v.decode("latin-1") for k, v in sent[0]["headers"]}, b"".join(m.get("body", b"") for m in sent)


HEADER = st.sampled_from(
    [b"x-botanu-run-id", b"x-botanu-use-case", b"x-botanu-workflow", b"x-botanu-customer-id", b"baggage"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.lists(st.tuples(HEADER, st.binary(max_size=2000)), max_size=6))
def test_hostile_headers_do_no_harm(headers: list[tuple[bytes, bytes]]) -> None:
    """Whatever bytes callers send, the request is served, and no answer header breaks HTTP or is longer than it may be."""
    answered, _ = asyncio.run(asgi(make_app(), headers))

    assert answered["x-botanu-run-id"]
    for name, value in answered.items():
        if name.startswith("x-botanu"):
            assert value.isascii()
            assert value.isprintable()
            assert len(value) <= 512 * 3


@pytest.mark.parametrize("run_id", ["x" * 129, "two words", "line\nbreak", "<script>", "", "%00", "ü"])
async def test_a_run_id_that_is_none_is_not_believed(run_id: str, recorded: RecordedRuns) -> None:
    """Run ids from headers are short and plain, or a new run is opened."""
    answered, _ = await asgi(make_app(), [(b"x-botanu-run-id", run_id.encode("utf-8"))])

    assert answered["x-botanu-run-id"] != run_id
    assert len(recorded.runs) == 1


async def test_oversized_baggage_is_not_believed(recorded: RecordedRuns) -> None:
    """A baggage run id of thousands of characters opens a new run."""
    await asgi(make_app(), [(b"baggage", b"botanu.run_id=" + b"x" * 3000 + b",botanu.use_case=u")])

    assert len(recorded.runs) == 1


async def test_without_generation_there_is_no_run(recorded: RecordedRuns) -> None:
    """With `auto_generate_run_id=False` a request without a run has none, and a run from outside is taken."""
    app = make_app(auto_generate_run_id=False)
    answered, body = await asgi(app, [])
    taken, _ = await asgi(app, [(b"x-botanu-run-id", b"r")])

    assert b'"run_id":null' in body
    assert "x-botanu-run-id" not in answered
    assert taken["x-botanu-run-id"] == "r"
    assert recorded.runs == []


async def test_other_scopes_pass_through() -> None:
    """Lifespan is none of the middleware's business."""
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    await BotanuMiddleware(app, use_case="x")({"type": "lifespan"}, None, None)  # type: ignore[arg-type]

    assert seen == ["lifespan"]


async def test_nothing_is_left_of_a_request(recorded: RecordedRuns) -> None:
    """After a request no run, baggage or span is current where it was served; must not leak into the next."""
    app = make_app()
    for headers in ([(b"x-botanu-run-id", b"r")], [], [(b"baggage", b"botanu.run_id=b,botanu.use_case=u")]):
        await asgi(app, headers)
        assert get_run_id() is None
        assert not trace.get_current_span().get_span_context().is_valid


def _in_child(message: dict[str, str]) -> tuple[str | None, str | None]:
    before = get_run_id()
    run = RunContext.from_baggage(message)
    assert run is not None
    with run.as_current():
        inside = get_run_id()
    return before, inside


@pytest.mark.parametrize("method", ["spawn", "fork"])
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_process_pool(method: str) -> None:
    """A run goes into a process pool as `to_baggage_dict` and is current there while it is used."""
    with (
        botanu.run("x") as run,
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool,
    ):
        before, inside = pool.submit(_in_child, run.to_baggage_dict()).result()

    assert before in (None, run.run_id if method == "fork" else None)
    assert inside == run.run_id


def test_celery(recorded: RecordedRuns) -> None:
    """A run goes through Celery in a message's headers; a retried task is a further attempt of it."""
    from celery import Celery

    app = Celery(broker="memory://", backend="cache+memory://")
    app.conf.update(task_always_eager=True, task_store_eager_result=False)
    seen: list[str | None] = []

    @app.task  # type: ignore[untyped-decorator]
    def work(message: dict[str, str]) -> None:
        run = RunContext.from_baggage(message)
        assert run is not None
        with run.as_current(), track_llm_call("openai", "gpt-5"):
            seen.append(get_run_id())

    with botanu.run("x") as run:
        work.delay(run.to_baggage_dict())

    assert seen == [run.run_id]
    assert recorded.runs[0].calls[0].attributes["botanu.run_id"] == run.run_id
