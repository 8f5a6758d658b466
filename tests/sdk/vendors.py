"""A server that answers like six vendors, streams included, with token counts that are known and all different."""

from __future__ import annotations

import json
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

OPENAI_USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 200,
    "total_tokens": 1200,
    "prompt_tokens_details": {"cached_tokens": 400, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 50},
}
RESPONSES_USAGE = {
    "input_tokens": 1000,
    "output_tokens": 200,
    "total_tokens": 1200,
    "input_tokens_details": {"cached_tokens": 400},
    "output_tokens_details": {"reasoning_tokens": 50},
}
ANTHROPIC_USAGE = {
    "input_tokens": 500,
    "output_tokens": 200,
    "cache_read_input_tokens": 400,
    "cache_creation_input_tokens": 100,
    "cache_creation": {"ephemeral_5m_input_tokens": 70, "ephemeral_1h_input_tokens": 30},
}
GOOGLE_USAGE = {
    "promptTokenCount": 950,
    "toolUsePromptTokenCount": 50,
    "cachedContentTokenCount": 400,
    "candidatesTokenCount": 150,
    "thoughtsTokenCount": 50,
    "totalTokenCount": 1200,
}
COHERE_USAGE = {
    "billed_units": {"input_tokens": 1000, "output_tokens": 200},
    "tokens": {"input_tokens": 1100, "output_tokens": 210},
    "cached_tokens": 400,
}
BEDROCK_USAGE = {
    "inputTokens": 500,
    "outputTokens": 200,
    "totalTokens": 1200,
    "cacheReadInputTokens": 400,
    "cacheWriteInputTokens": 100,
    "cacheDetails": [{"ttl": "5m", "inputTokens": 70}, {"ttl": "1h", "inputTokens": 30}],
}


def chat(finish: str | None = "stop", **words: Any) -> dict[str, Any]:
    """An OpenAI chat completion; Mistral's has the same shape."""
    message = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": "hi"}}
    return {"id": "chat-1", "object": "chat.completion", "created": 1, "model": "m-2026", "choices": [message], **words}


def response(**words: Any) -> dict[str, Any]:
    """An OpenAI response."""
    return {
        "id": "resp-1",
        "object": "response",
        "created_at": 1,
        "model": "m-2026",
        "status": "completed",
        "output": [],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        **words,
    }


def message(**words: Any) -> dict[str, Any]:
    """An Anthropic message."""
    return {
        "id": "msg-1",
        "type": "message",
        "role": "assistant",
        "model": "m-2026",
        "content": [{"type": "text", "text": "hi"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        **words,
    }


def google(**words: Any) -> dict[str, Any]:
    """A Google answer."""
    candidate = {"content": {"role": "model", "parts": [{"text": "hi"}]}, "finishReason": "STOP"}
    return {"candidates": [candidate], "modelVersion": "m-2026", "responseId": "goog-1", **words}


def _chat_stream(usage: bool) -> list[dict[str, Any]]:
    def piece(choices: list[Any], **words: Any) -> dict[str, Any]:
        return chat() | {"object": "chat.completion.chunk", "choices": choices} | words

    delta = {"index": 0, "delta": {"role": "assistant", "content": "hi"}, "finish_reason": None}
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    return [piece([delta]), piece([end]), *([piece([], usage=OPENAI_USAGE)] if usage else [])]


def _responses_stream() -> list[dict[str, Any]]:
    return [
        {"type": "response.created", "sequence_number": 0, "response": response(status="in_progress")},
        {"type": "response.completed", "sequence_number": 1, "response": response(usage=RESPONSES_USAGE)},
    ]


def _message_stream() -> list[dict[str, Any]]:
    start = {**ANTHROPIC_USAGE, "output_tokens": 1}
    return [
        {"type": "message_start", "message": message(content=[], stop_reason=None, usage=start)},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 200}},
        {"type": "message_stop"},
    ]


def _cohere_stream() -> list[dict[str, Any]]:
    return [
        {"type": "message-start", "id": "coh-1", "delta": {"message": {"role": "assistant", "content": []}}},
        {"type": "message-end", "id": "coh-1", "delta": {"finish_reason": "COMPLETE", "usage": COHERE_USAGE}},
    ]


def _event_stream(events: list[tuple[str, dict[str, Any]]]) -> bytes:
    """AWS's binary event stream (https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html)."""
    encoded = b""
    for name, content in events:
        headers = b""
        for key, value in ((":event-type", name), (":content-type", "application/json"), (":message-type", "event")):
            headers += bytes([len(key)]) + key.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        payload = json.dumps(content).encode()
        prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
        body = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
        encoded += body + struct.pack(">I", zlib.crc32(body))
    return encoded


def _answer(path: str, request: dict[str, Any]) -> tuple[str, bytes]:  # noqa: PLR0911 - one return for each vendor
    """The answer to a request: content type and body."""
    streamed = bool(request.get("stream"))
    if path.endswith("/chat/completions"):
        if streamed:
            return _sse(
                _chat_stream(
                    usage=bool((request.get("stream_options") or {"include_usage": True}).get("include_usage"))
                )
            )
        return _json(chat(usage=OPENAI_USAGE))
    if path.endswith("/embeddings"):
        data = [{"object": "embedding", "index": 0, "embedding": [0.5]}]
        return _json(
            {"object": "list", "model": "m-2026", "data": data, "usage": {"prompt_tokens": 9, "total_tokens": 9}}
        )
    if path.endswith("/responses"):
        return _sse(_responses_stream(), named=True) if streamed else _json(response(usage=RESPONSES_USAGE))
    if path.endswith("/messages"):
        return _sse(_message_stream(), named=True) if streamed else _json(message(usage=ANTHROPIC_USAGE))
    if "streamGenerateContent" in path:
        partial = {**GOOGLE_USAGE, "candidatesTokenCount": 1}
        return _sse([google(usageMetadata=partial), google(usageMetadata=GOOGLE_USAGE)], done=False)
    if "generateContent" in path:
        return _json(google(usageMetadata=GOOGLE_USAGE))
    if path.endswith("/v2/chat"):
        whole = {
            "id": "coh-1",
            "finish_reason": "COMPLETE",
            "message": {"role": "assistant", "content": [{"type": "text", "text": "hi"}]},
            "usage": COHERE_USAGE,
        }
        return _sse(_cohere_stream()) if streamed else _json(whole)
    if path.endswith("/converse-stream"):
        events = [
            ("messageStart", {"role": "assistant"}),
            ("messageStop", {"stopReason": "end_turn"}),
            ("metadata", {"usage": BEDROCK_USAGE, "metrics": {"latencyMs": 5}}),
        ]
        return "application/vnd.amazon.eventstream", _event_stream(events)
    assert path.endswith("/converse"), path
    output = {"message": {"role": "assistant", "content": [{"text": "hi"}]}}
    return _json({"output": output, "stopReason": "end_turn", "usage": BEDROCK_USAGE, "metrics": {"latencyMs": 5}})


def _json(content: dict[str, Any]) -> tuple[str, bytes]:
    return "application/json", json.dumps(content).encode()


def _sse(pieces: list[dict[str, Any]], *, named: bool = False, done: bool = True) -> tuple[str, bytes]:
    lines = [(f"event: {piece['type']}\n" if named else "") + f"data: {json.dumps(piece)}\n\n" for piece in pieces]
    return "text/event-stream", "".join([*lines, "data: [DONE]\n\n" if done and not named else ""]).encode()


@contextmanager
def serving() -> Iterator[str]:
    """Serve on a loopback port; yields the base URL. A request to /fail/ is answered with 500."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"] or 0)) or b"{}")
            failing = self.path.startswith("/fail/")
            kind, body = (
                _json({"error": {"message": "no"}}) if failing else _answer(self.path.partition("?")[0], request)
            )
            self.send_response(500 if failing else 200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.send_header("x-amzn-requestid", "aws-1")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
