"""LiteLLM's OpenTelemetry callback, where it does not follow the conventions: the raw copy of a call below its span.

https://github.com/BerriAI/litellm, litellm/integrations/opentelemetry.py. Without `USE_OTEL_LITELLM_REQUEST_SPAN` calls overwrite each
other on the application's own span, and these copies alone keep them all.
"""

from __future__ import annotations

from botanu_store.dialects.base import Reading, provider_usage, python_object, text
from botanu_store.dialects.vendors import vendor
from botanu_store.records import Span

NAME = "litellm"
KEYS: tuple[str, ...] = ()
SCOPES = ("litellm",)
RAW = "raw_gen_ai_request"


def read(span: Span) -> Reading | None:
    """Read the raw copy: the provider's own usage in Python's notation under `llm.<provider>.usage`."""
    if span.name != RAW:
        return None
    said = span.attributes
    provider = next((key.split(".")[1] for key in said if key.startswith("llm.") and key.endswith((".usage", ".usageMetadata"))), "")
    usage = python_object(said.get(f"llm.{provider}.usage"))
    tokens = provider_usage(usage)
    tokens.excludes_cache = "prompt_tokens" not in usage and "cache_read_input_tokens" in usage
    if not tokens.said:
        return None
    model = text(said, f"llm.{provider}.model")
    return Reading(
        dialect=NAME,
        category="llm",
        operation="chat",
        role="raw",
        vendor=vendor(provider, model),
        request_model=model,
        response_model=model,
        quantities=tokens.meters(),
        reported=True,
        response_id=text(said, f"llm.{provider}.id"),
    )
