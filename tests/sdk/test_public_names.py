"""The front door: the names of the contract, and what importing them costs."""

from __future__ import annotations

import importlib
import inspect
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

import botanu
from botanu.sdk.bootstrap import enable
from botanu.sdk.middleware import BotanuMiddleware
from botanu.tracking import data, llm

Python = Callable[..., subprocess.CompletedProcess[str]]

NAMES = {
    "botanu": "enable init_botanu disable is_enabled BotanuConfig botanu_use_case use_case botanu_outcome run step emit_outcome "
    "set_business_context get_run_id get_use_case get_baggage set_baggage get_current_span RunContext RunStatus RunOutcome "
    "__version__",
    "botanu.models.run_context": "RunContext RunStatus RunOutcome generate_run_id",
    "botanu.sdk.config": "BotanuConfig _interpolate_env_vars",
    "botanu.sdk.context": "get_run_id get_use_case get_workflow get_baggage set_baggage get_current_span get_current_run_context",
    "botanu.sdk.decorators": "botanu_use_case use_case botanu_outcome",
    "botanu.sdk.span_helpers": "emit_outcome set_business_context",
    "botanu.sdk.middleware": "BotanuMiddleware",
    "botanu.sdk.bootstrap": "enable disable is_enabled get_config",
    "botanu.processors.enricher": "RunContextEnricher",
    "botanu.processors": "RunContextEnricher",
    "botanu.tracking.llm": "track_llm_call track_tool_call LLMTracker ToolTracker ModelOperation GenAIAttributes "
    "BotanuAttributes LLM_PROVIDERS set_llm_attributes set_token_usage llm_instrumented",
    "botanu.tracking.data": "track_db_operation track_storage_operation track_messaging_operation DBTracker StorageTracker "
    "MessagingTracker DBOperation StorageOperation MessagingOperation set_data_metrics set_warehouse_metrics",
}


@pytest.mark.parametrize("module", NAMES)
def test_names(module: str) -> None:
    """Every name of the contract's first section is where it should be."""
    names = set(NAMES[module].split())

    assert names <= set(vars(importlib.import_module(module)))


def test_the_front_door_is_sorted_and_complete() -> None:
    """`__all__` is sorted and is exactly the contract's names."""
    assert list(botanu.__all__) == sorted(botanu.__all__)
    assert set(botanu.__all__) == set(NAMES["botanu"].split())
    assert botanu.init_botanu is botanu.enable
    assert botanu.use_case is botanu.botanu_use_case


SIGNATURES: dict[Any, str] = {
    botanu.botanu_use_case: "name, workflow=None, *, environment=None, tenant_id=None, auto_outcome_on_success=True, span_kind=SERVER",
    botanu.run: "name, workflow=None, *, environment=None, tenant_id=None, auto_outcome_on_success=True, span_kind=SERVER",
    botanu.botanu_outcome: "success=None, partial=None, failed=None",
    botanu.emit_outcome: "status, *, value_type=None, value_amount=None, confidence=None, reason=None",
    botanu.set_business_context: "*, customer_id=None, team=None, cost_center=None, region=None",
    botanu.step: "name",
    enable: "service_name=None, otlp_endpoint=None, config=None, auto_instrument=True, auto_instrument_packages=None, "
    "propagation_mode=None, *, environment=None, store=None, config_file=None, **config_fields",
    BotanuMiddleware: "app, *, use_case, workflow=None, auto_generate_run_id=True",
    botanu.RunContext.create: "use_case, workflow=None, workflow_version=None, environment=None, tenant_id=None, "
    "parent_run_id=None, root_run_id=None, attempt=1, retry_of_run_id=None, deadline_seconds=None",
    botanu.RunContext.complete: "self, status, reason_code=None, error_class=None, value_type=None, value_amount=None, "
    "confidence=None",
    botanu.RunContext.request_cancellation: "self, reason=user",
    botanu.RunContext.to_baggage_dict: "self, lean_mode=None",
    llm.track_llm_call: "provider, model, operation=chat, client_request_id=None, **attributes",
    llm.track_tool_call: "tool_name, tool_call_id=None, provider=None, **attributes",
    llm.LLMTracker.set_tokens: "self, input_tokens=0, output_tokens=0, cached_tokens=0, cache_read_tokens=0, "
    "cache_write_tokens=0, reasoning_tokens=0",
    llm.LLMTracker.set_request_id: "self, provider_request_id=None, client_request_id=None",
    llm.ToolTracker.set_result: "self, success=True, items_returned=0, bytes_processed=0",
    llm.llm_instrumented: "provider, model_param=model, tokens_from_response=True",
    llm.set_llm_attributes: "provider, model, operation=chat, input_tokens=0, output_tokens=0, cached_tokens=0, streaming=False, "
    "provider_request_id=None, span=None",
    llm.set_token_usage: "input_tokens, output_tokens, cached_tokens=0, span=None",
    data.track_db_operation: "system, operation, database=None, **attributes",
    data.track_storage_operation: "system, operation, **attributes",
    data.track_messaging_operation: "system, operation, destination, **attributes",
    data.DBTracker.set_result: "self, rows_returned=0, rows_affected=0, bytes_read=0, bytes_written=0",
    data.DBTracker.set_table: "self, name, schema=None",
    data.StorageTracker.set_result: "self, objects_count=0, bytes_read=0, bytes_written=0",
    data.MessagingTracker.set_result: "self, message_count=0, bytes_transferred=0",
    data.set_warehouse_metrics: "query_id, bytes_scanned, rows_returned=0, partitions_scanned=0, span=None",
}


@pytest.mark.parametrize("function", SIGNATURES, ids=lambda function: getattr(function, "__qualname__", "?"))
def test_signatures(function: Any) -> None:
    """Names, order and defaults of parameters are those of the contract."""
    shown = []
    for parameter in inspect.signature(function).parameters.values():
        plain = parameter.replace(annotation=inspect.Parameter.empty)
        default = (
            "" if plain.default is inspect.Parameter.empty else f"={getattr(plain.default, 'name', plain.default)}"
        )
        prefix = "**" if plain.kind is inspect.Parameter.VAR_KEYWORD else ""
        if plain.kind is inspect.Parameter.KEYWORD_ONLY and "*" not in shown:
            shown.append("*")
        shown.append(f"{prefix}{plain.name.rstrip('_')}{default}")

    assert ", ".join(shown) == SIGNATURES[function]


def test_importing_botanu_is_light(python: Python) -> None:
    """`import botanu` imports opentelemetry's API and nothing else: no SDK, exporter, instrumentation, store, CLI or YAML, no asyncio."""
    ended = python(
        "import sys, botanu\n"
        "heavy = ('opentelemetry.sdk', 'opentelemetry.exporter', 'opentelemetry.instrumentation', 'botanu_store', 'botanu_cli',"
        " 'botanu.exporters', 'botanu.processors', 'yaml', 'orjson', 'duckdb', 'requests', 'typer', 'asyncio', 'multiprocessing')\n"
        "print([name for name in sys.modules if name.startswith(heavy)])\n"
        "import botanu.tracking.llm, botanu.tracking.data, botanu.sdk.middleware, botanu.integrations.tenacity\n"
        "print([name for name in sys.modules if name.startswith(heavy)])"
    )

    assert ended.stdout == "[]\n[]\n"


def test_attribute_keys_are_unique_and_explained() -> None:
    """Every key is declared once, and has a sentence under it."""
    import ast
    from pathlib import Path

    from botanu import attributes

    keys = [value for name, value in vars(attributes).items() if name.isupper()]
    body = ast.parse(Path(attributes.__file__).read_text("utf-8")).body
    declared = [index for index, node in enumerate(body) if isinstance(node, ast.AnnAssign)]

    assert len(keys) == len(set(keys)) == len(declared)
    for index in declared:
        explanation = body[index + 1]
        assert isinstance(explanation, ast.Expr)
        assert isinstance(explanation.value, ast.Constant)
        assert str(explanation.value.value).endswith(".")
