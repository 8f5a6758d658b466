"""What everything in the store speaks of: a span as received, a call, and the meters of a call.

Pure data: no database, no file, no price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

PICO_USD = Decimal("1e-12")
"""The finest amount that is kept."""

Category = Literal["llm", "embedding", "tool", "database", "storage", "messaging", "compute", "other"]

Signal = Literal["traces", "logs", "metrics"]
"""The kinds of messages of OTLP."""

UsageState = Literal["reported", "none", "free"]
"""What is known of a call's usage: reported by its span; not recorded by anybody; or billed at nothing by its vendor."""

METERS: dict[str, str] = {
    "input_tokens": "fresh input tokens, without those read from or written to a cache and without those metered apart below",
    "cache_read_tokens": "input tokens served from the vendor's prompt cache",
    "cache_write_tokens": "input tokens written to the vendor's prompt cache for its usual time (Anthropic: 5 minutes)",
    "cache_write_1h_tokens": "input tokens written to the vendor's prompt cache for one hour",
    "output_tokens": "output tokens, reasoning included, without those metered apart below",
    "reasoning_tokens": "output tokens spent on reasoning, as far as they are told; they are in output_tokens too",
    "input_audio_tokens": "fresh audio input tokens",
    "cache_read_audio_tokens": "audio input tokens served from the prompt cache",
    "output_audio_tokens": "audio output tokens",
    "input_image_tokens": "fresh image input tokens",
    "cache_read_image_tokens": "image input tokens served from the prompt cache",
    "output_image_tokens": "image output tokens",
    "input_video_tokens": "fresh video input tokens",
    "output_video_tokens": "video output tokens",
    "requests": "billed requests or operations",
    "web_searches": "web searches that a model's vendor ran for the call",
    "storage_searches": "file or vector-store searches that a model's vendor ran for the call",
    "pages": "document pages read",
    "characters": "input characters",
    "seconds": "seconds of audio or of compute",
    "bytes_read": "bytes read",
    "bytes_written": "bytes written",
    "bytes_scanned": "bytes that a warehouse scanned",
    "bytes_transferred": "bytes sent or received",
    "rows": "rows returned or affected",
    "messages": "messages published or received",
    "objects": "objects read, written or listed",
}
"""Each meter and what one unit of it is. Meters of one call are disjoint, but for `PART_METERS`: their sum counts nothing twice."""

PART_METERS: tuple[str, ...] = ("reasoning_tokens",)
"""The meters that tell a part of another one; billed apart only by vendors with a price of their own for that part."""

INPUT_METERS: tuple[str, ...] = tuple(name for name in METERS if name.startswith(("input_", "cache_")))
"""The meters that together are a call's input tokens."""

OUTPUT_METERS: tuple[str, ...] = tuple(name for name in METERS if name.startswith("output_"))
"""The meters that together are a call's output tokens."""


@dataclass(slots=True)
class Span:
    """One span as received; attribute values are text, arrays and maps are JSON text, times are Unix nanoseconds."""

    trace_id: str
    span_id: str
    parent_id: str
    """Empty for a root."""
    name: str
    kind: str
    """INTERNAL, SERVER, CLIENT, PRODUCER or CONSUMER."""
    start_ns: int
    end_ns: int
    status: str
    """unset, ok or error."""
    service: str
    scope: str
    """Name of the instrumentation scope."""
    attributes: Mapping[str, str]
    scope_version: str = ""
    """Version of the instrumentation, where it says."""
    begun: bool = False
    """Whether its instrumentation began the trace too; looked for only where traces are looked at together."""


@dataclass(slots=True)
class Call:
    """One operation that may cost money, counted or, with the reason, not counted."""

    trace_id: str
    span_id: str
    category: Category
    vendor: str
    """As normalised for prices and reports (`openai`, `anthropic`, `aws.bedrock`, `bigquery`, ...); empty when unknown."""
    model: str
    """The model or product billed: the response's model where known, else the request's; empty when there is none."""
    operation: str
    start_ns: int
    end_ns: int
    error: bool
    quantities: dict[str, int]
    """Units by meter (keys of `METERS`), only those above zero."""
    usage: UsageState
    request_model: str = ""
    response_id: str = ""
    request_id: str = ""
    attempt: int = 1
    emitter_usd: Decimal | None = None
    """What the emitter says the call cost, in USD."""
    counted: bool = True
    not_counted_reason: str = ""
    duplicate_of: str = ""
    """Span id of the call in whose favour this one is not counted."""
    dialect: str = ""
    """Name of the dialect that read the span."""
