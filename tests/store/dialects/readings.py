"""What is read in one span, and usage in several spellings."""

from __future__ import annotations

import json

from botanu_store.dialects import read
from botanu_store.dialects.common.reading import Reading

from tests.store.captures import Trace, is_candidate

ANTHROPIC = {
    "input_tokens": 3011,
    "output_tokens": 303,
    "cache_read_input_tokens": 1207,
    "cache_creation_input_tokens": 452,
}
OPENAI = {
    "prompt_tokens": 3011,
    "completion_tokens": 303,
    "prompt_tokens_details": {"cached_tokens": 1207, "audio_tokens": 91},
}
SPLIT = {
    "input_tokens": 3011,
    "cache_read_tokens": 1207,
    "cache_write_tokens": 452,
    "output_tokens": 303,
    "requests": 1,
}
"""What a call of 3011 fresh, 1207 read and 452 written input tokens comes to, however it was counted."""
CACHED = {"cache_read__input_tokens": 1207, "cache_creation__input_tokens": 452}


def reading(said: dict[str, object], *, scope: str = "app", name: str = "chat", kind: str = "CLIENT") -> Reading:
    """Return what is read in one span that the store would look at."""
    span = Trace().span(said, scope=scope, name=name, kind=kind)
    assert is_candidate(span)
    found = read(span)
    assert found is not None
    return found


def gen_ai(tokens: int, output: int, **details: int) -> dict[str, object]:
    """Return usage in the conventions' names."""
    said: dict[str, object] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": tokens,
        "gen_ai.usage.output_tokens": output,
    }
    return said | {f"gen_ai.usage.{key.replace('__', '.')}": value for key, value in details.items()}


def as_map(document: dict[str, object]) -> str:
    """Return a document as the store keeps an attribute that is a map: as OTLP writes it."""
    return json.dumps(_map(document))


def _map(document: dict[str, object]) -> dict[str, object]:
    pairs = document.items()
    return {
        "values": [
            {"key": key, "value": {"kvlistValue": _map(value)} if isinstance(value, dict) else {"intValue": str(value)}}
            for key, value in pairs
        ]
    }
