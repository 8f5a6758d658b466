"""A program that has never heard of botanu: plain OpenTelemetry spans as its conventions for generative AI have them.

Shows: spans of any instrumentation are useful as they are. Each trace is a run of its own, named after its first span.
"""

from __future__ import annotations

import os
from typing import Any

import vendors
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

from botanu.exporters.local import LocalStoreExporter

provider = TracerProvider(resource=Resource.create({"service.name": "legacy-chatbot"}))
provider.add_span_processor(BatchSpanProcessor(LocalStoreExporter(os.environ["BOTANU_STORE"])))
tracer = provider.get_tracer("legacy.chatbot")


def chat(vendor: str, model: str, question: str) -> None:
    """One call, as an instrumentation of the OpenAI client would record it."""
    request: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": model,
    }
    with tracer.start_as_current_span(f"chat {model}", kind=SpanKind.CLIENT, attributes=request) as span:
        body = {"model": model, "messages": [{"role": "user", "content": question}]}
        answer = vendors.post(f"{vendor}/v1/chat/completions", body)
        span.set_attribute("gen_ai.response.model", answer["model"])
        span.set_attribute("gen_ai.response.id", answer["id"])
        span.set_attribute("gen_ai.usage.input_tokens", answer["usage"]["prompt_tokens"])
        span.set_attribute("gen_ai.usage.output_tokens", answer["usage"]["completion_tokens"])


def handle(vendor: str, path: str, questions: tuple[str, ...]) -> None:
    """One web request of the chatbot."""
    with tracer.start_as_current_span(f"POST {path}", kind=SpanKind.SERVER) as span:
        for question in questions:
            try:
                chat(vendor, "gpt-4o-mini", question)
            except vendors.VendorError as error:
                span.set_status(Status(StatusCode.ERROR, str(error)))
        with tracer.start_as_current_span("render"):
            pass


def main() -> None:
    """Handle four requests, one of them while the vendor is down; then one call to a model that no price book knows."""
    with vendors.serving() as vendor:
        handle(vendor, "/chat", ("What are your opening hours?",))
        handle(vendor, "/chat", ("Do you ship to Norway?", "And how long does it take?"))
        handle(vendor, "/chat", ("[broken] Is the blue one in stock?",))
        handle(vendor, "/faq", ("Can I pay by invoice?",))
        with tracer.start_as_current_span("nightly summary"):
            chat(vendor, "in-house-7b", "Summarise today's chats.")
    provider.shutdown()


if __name__ == "__main__":
    main()
