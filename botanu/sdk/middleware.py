"""`BotanuMiddleware`: every request of an ASGI application belongs to a run, the caller's or a new one.

Pure ASGI: bodies and WebSocket messages pass through untouched, and the run of a streamed answer ends with its last byte.
What callers send is hostile: headers are limited in length and checked before they are believed.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, unquote

from opentelemetry import baggage, context, propagate, trace

from botanu import attributes
from botanu._current import CurrentRun, entered, leave
from botanu.models.run_context import RunContext, RunStatus
from botanu.sdk.runs import RunPlan, RunScope
from botanu.sdk.span_helpers import set_business_context

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
"""An ASGI application."""

RUN_ID, USE_CASE, WORKFLOW, CUSTOMER_ID = (
    "x-botanu-run-id",
    "x-botanu-use-case",
    "x-botanu-workflow",
    "x-botanu-customer-id",
)

_LONGEST_HEADER = 512
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")
_SERVER_ERROR = 500


class BotanuMiddleware:
    """Takes the run from incoming baggage, else from x-botanu-* headers, else opens a new one; the answer names it."""

    def __init__(
        self, app: App, *, use_case: str, workflow: str | None = None, auto_generate_run_id: bool = True
    ) -> None:
        self.app = app
        self.use_case = use_case
        self.workflow = workflow
        self.auto_generate_run_id = auto_generate_run_id

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request, or one WebSocket connection, within its run."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = _text_headers(scope.get("headers") or ())
        token = context.attach(_incoming_context(headers))
        try:
            with self._run(_said(headers)) as run:
                await self.app(scope, receive, send if run is None else _answering(send, run))
        finally:
            leave(token)

    @contextmanager
    def _run(self, said: dict[str, str]) -> Generator[RunContext | None]:
        carried = RunContext.from_baggage(baggage.get_all()) or self._named(said)
        if carried is not None:
            with _adopted(carried, said) as run:
                yield run
        elif self.auto_generate_run_id:
            use_case = said.get(USE_CASE, self.use_case)
            with RunScope(RunPlan(use_case, said.get(WORKFLOW) or self.workflow or use_case)) as run:
                _serve(said)
                yield run
        else:
            yield None

    def _named(self, said: dict[str, str]) -> RunContext | None:
        """The run that the headers name."""
        if RUN_ID not in said:
            return None
        return RunContext(said[RUN_ID], said.get(USE_CASE, self.use_case), workflow=said.get(WORKFLOW, self.workflow))


@contextmanager
def _adopted(run: RunContext, said: dict[str, str]) -> Generator[RunContext]:
    """Make a caller's run current; the server's span, if some instrumentation made one, stands for it here."""
    server_span = trace.get_current_span()
    current = CurrentRun(run, server_span if server_span.is_recording() else None)
    if current.span is not None:
        current.span.set_attributes({attributes.RUN_ID: run.run_id, attributes.USE_CASE: run.use_case})
    token = context.attach(entered(current))
    try:
        _serve(said)
        yield run
    finally:
        leave(token)


def _serve(said: dict[str, str]) -> None:
    if CUSTOMER_ID in said:
        set_business_context(customer_id=said[CUSTOMER_ID])


def _text_headers(raw: Any) -> dict[str, str]:
    """The first value of each header, as text."""
    headers: dict[str, str] = {}
    for name, value in raw:
        headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return headers


def _said(headers: dict[str, str]) -> dict[str, str]:
    """The x-botanu-* headers that can be believed."""
    said: dict[str, str] = {}
    for name in (RUN_ID, USE_CASE, WORKFLOW, CUSTOMER_ID):
        value = headers.get(name, "")
        if 0 < len(value) <= _LONGEST_HEADER:
            text = unquote(value).strip()
            if text and text.isprintable() and "\ufffd" not in text:
                said[name] = text
    if RUN_ID in said and not _RUN_ID.fullmatch(said[RUN_ID]):
        del said[RUN_ID]
    return said


def _incoming_context(headers: dict[str, str]) -> context.Context:
    """The caller's trace and baggage, unless an instrumentation has taken them in already."""
    current = context.get_current()
    if trace.get_current_span(current).get_span_context().is_valid or baggage.get_all(current):
        return current
    return propagate.extract(headers, current)


def _answering(send: Send, run: RunContext) -> Send:
    """Name the run in the answer's head, and conclude failure from the server's own error."""
    headers = [
        (name.encode("ascii"), quote(value, safe=_PLAIN).encode("ascii"))
        for name, value in ((RUN_ID, run.run_id), (USE_CASE, run.use_case), (WORKFLOW, run.workflow))
        if value
    ]
    customer = run.business.get(attributes.CUSTOMER_ID)
    if customer:
        headers.append((CUSTOMER_ID.encode("ascii"), quote(customer, safe=_PLAIN).encode("ascii")))

    async def answer(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.accept"):
            message = {**message, "headers": [*(message.get("headers") or ()), *headers]}
            status = message.get("status")
            if isinstance(status, int) and status >= _SERVER_ERROR and run.outcome is None:
                run.complete(RunStatus.FAILURE, f"HTTP {status}")
        await send(message)

    return answer
