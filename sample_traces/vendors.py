"""A local server that answers like OpenAI and Anthropic and keeps its own bill, so that the samples' true usage is known.

It counts four characters as one token. A system prompt of 1,024 tokens or more that it has seen before is served from its cache, as both
vendors do: OpenAI's `prompt_tokens` include the cached ones, Anthropic's `input_tokens` do not. A prompt holding `[busy]` is refused once
with 429, one holding `[broken]` always with 500; neither is billed. An answer takes a millisecond a token.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CACHEABLE_TOKENS = 1024

bill: Counter[tuple[str, str]] = Counter()
"""Tokens that the vendors bill, by model and kind: fresh input, cache_read, cache_write, output."""

_seen: set[str] = set()
_refused: set[str] = set()
_ids = iter(range(1, 1_000_000))


@contextmanager
def serving() -> Iterator[str]:
    """Run the server on a free port of this machine while the block runs; yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def post(url: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Send JSON and return the JSON of the answer.

    Raises:
        VendorError: the vendor answered with an error.
    """
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise VendorError(f"{error.code} {error.reason}") from error


class VendorError(Exception):
    """The vendor refused or failed."""


def _tokens(text: str) -> int:
    return max(1, len(text) // 4)


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = json.dumps(body)
        if "[broken]" in text:
            self._send(500, {"error": {"message": "internal error"}})
        elif "[busy]" in text and text not in _refused:
            _refused.add(text)
            self._send(429, {"error": {"message": "rate limit"}})
        else:
            self._send(
                200,
                {"/v1/chat/completions": _chat, "/v1/messages": _message, "/v1/embeddings": _embed}[self.path](body),
            )

    def _send(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        return


def _read(body: dict[str, Any], system: str, messages: list[dict[str, str]]) -> tuple[int, int, bool]:
    """Tokens of the rest, tokens of a cacheable system prompt, and whether that was in the cache already."""
    rest = sum(_tokens(message["content"]) for message in messages)
    size = _tokens(system)
    if size < CACHEABLE_TOKENS:
        return rest + size, 0, False
    key = body["model"] + system
    hit = key in _seen
    _seen.add(key)
    return rest, size, hit


def _charge(model: str, **tokens: int) -> None:
    time.sleep(tokens.get("output", 20) / 1000)
    for kind, count in tokens.items():
        if count:
            bill[model, kind] += count


def _chat(body: dict[str, Any]) -> dict[str, Any]:
    system = "".join(m["content"] for m in body["messages"] if m["role"] == "system")
    fresh, prefix, hit = _read(body, system, [m for m in body["messages"] if m["role"] != "system"])
    cached = prefix if hit else 0
    output = min(20 + _tokens(body["messages"][-1]["content"]) // 4, 600)
    _charge(body["model"], input=fresh + prefix - cached, cache_read=cached, output=output)
    return {
        "id": f"chatcmpl-sample-{next(_ids):04d}",
        "object": "chat.completion",
        "model": body["model"],
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Done."}}],
        "usage": {
            "prompt_tokens": fresh + prefix,
            "completion_tokens": output,
            "total_tokens": fresh + prefix + output,
            "prompt_tokens_details": {"cached_tokens": cached},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }


def _message(body: dict[str, Any]) -> dict[str, Any]:
    fresh, prefix, hit = _read(body, body.get("system", ""), body["messages"])
    output = min(20 + _tokens(body["messages"][-1]["content"]) // 4, 600)
    _charge(
        body["model"], input=fresh, cache_read=prefix if hit else 0, cache_write=0 if hit else prefix, output=output
    )
    return {
        "id": f"msg_sample_{next(_ids):04d}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [{"type": "text", "text": "Done."}],
        "stop_reason": "end_turn",
        "usage": {
            "input_tokens": fresh,
            "cache_creation_input_tokens": 0 if hit else prefix,
            "cache_read_input_tokens": prefix if hit else 0,
            "output_tokens": output,
        },
    }


def _embed(body: dict[str, Any]) -> dict[str, Any]:
    tokens = sum(_tokens(text) for text in body["input"])
    _charge(body["model"], input=tokens)
    return {
        "object": "list",
        "model": body["model"],
        "data": [{"object": "embedding", "index": i, "embedding": [0.0]} for i in range(len(body["input"]))],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }
