"""Auto-instrumentation: the instrumentors that are installed, found by OpenTelemetry's own entry point."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from opentelemetry.trace import TracerProvider

_log = logging.getLogger("botanu")

GROUP = "opentelemetry_instrumentor"
"""The entry point group in which instrumentations register."""


def instrument(packages: Iterable[str], provider: TracerProvider | None = None) -> list[Any]:
    """Instrument those of `packages` that are installed and return the instrumentors; a broken one is one warning."""
    wanted = {_plain(name) for name in packages} - {
        _plain(name) for name in os.environ.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "").split(",")
    }
    used: list[Any] = []
    for point in entry_points(group=GROUP):
        if _plain(point.name) in wanted:
            instrumentor = _instrumented(point, provider)
            if instrumentor is not None:
                used.append(instrumentor)
    return used


def uninstrument(instrumentors: Iterable[Any]) -> None:
    """Undo `instrument`."""
    for instrumentor in instrumentors:
        try:
            instrumentor.uninstrument()
        except Exception as error:  # noqa: BLE001 - foreign code; the program goes on
            _log.warning("%s could not be un-instrumented: %s", type(instrumentor).__name__, error)


def _instrumented(point: EntryPoint, provider: TracerProvider | None) -> Any:
    """Return the instrumentor in use, or None when it has nothing to do or is broken."""
    try:
        instrumentor = point.load()()
        if getattr(instrumentor, "is_instrumented_by_opentelemetry", False) or not _is_needed(instrumentor):
            return None
        instrumentor.instrument(skip_dep_check=True, **({} if provider is None else {"tracer_provider": provider}))
    except Exception as error:  # noqa: BLE001 - foreign code; the program goes on without this instrumentation
        _log.warning("the instrumentation %s is broken and left out: %s: %s", point.name, type(error).__name__, error)
        return None
    return instrumentor


def _is_needed(instrumentor: Any) -> bool:
    """Whether the library that it instruments is installed in a version it knows."""
    from opentelemetry.instrumentation.dependencies import get_dependency_conflicts  # noqa: PLC0415 - optional package

    return get_dependency_conflicts(instrumentor.instrumentation_dependencies()) is None


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_")
