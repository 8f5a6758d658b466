"""MLflow's own tracing: values are JSON, quotes included, and usage is one JSON object.

https://github.com/mlflow/mlflow, mlflow/tracing/constant.py
"""

from __future__ import annotations

from typing import Any

import orjson

from botanu_store.dialects.base import Reading, Role, json_object, provider_usage, usd
from botanu_store.dialects.vendors import vendor
from botanu_store.records import Category, Span

NAME = "mlflow"
KEYS = ("mlflow.spanType",)
SCOPES: tuple[str, ...] = ()

_CALLS: dict[str, Category] = {"CHAT_MODEL": "llm", "LLM": "llm", "COMPLETION": "llm", "EMBEDDING": "embedding", "RERANKER": "llm"}


def read(span: Span) -> Reading | None:
    """Read a span of MLflow: model types are calls; other types with usage repeat their children's."""
    said = span.attributes
    kind = _plain(said.get("mlflow.spanType"))
    if kind == "TOOL":
        return Reading(NAME, "tool", "execute_tool", response_model=span.name[:256])
    usage = provider_usage(json_object(said.get("mlflow.chat.tokenUsage")))
    role: Role = "call" if kind in _CALLS else "wrapper"
    if role == "wrapper" and not usage.said:
        return None
    request, response = _plain(said.get("model")), _plain(said.get("mlflow.llm.model"))
    category = _CALLS.get(kind, "llm")
    return Reading(
        dialect=NAME,
        category=category,
        operation="embeddings" if category == "embedding" else "chat",
        role=role,
        vendor=vendor(_plain(said.get("mlflow.llm.provider")), response or request),
        request_model=request or response,
        response_model=response,
        quantities=usage.meters(),
        reported=usage.said,
        free="count_tokens" in span.name,
        emitter_usd=usd(json_object(said.get("mlflow.llm.cost")), "total_cost", "total"),
    )


def _plain(value: str | None) -> str:
    if not value:
        return ""
    try:
        found: Any = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value[:256]
    return found[:256] if isinstance(found, str) else ""
