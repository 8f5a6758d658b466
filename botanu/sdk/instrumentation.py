"""Auto-instrumentation: the instrumentors that are installed, found by OpenTelemetry's own entry point.

What is not installed is skipped in silence, what is broken or does not fit is one warning, and of two that would count the
same calls one is used. Of the default list only what sees model calls is worth a warning when it does not fit.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from typing import Any

from opentelemetry.trace import TracerProvider

from botanu.sdk.config import DEFAULT_PACKAGES

_log = logging.getLogger("botanu")

GROUP = "opentelemetry_instrumentor"
"""The entry point group in which instrumentations register."""

_ENTRY_NAMES = {
    "grpc": ("grpc_client", "grpc_server", "grpc_aio_client", "grpc_aio_server"),
    "httpx": ("httpx", "httpx2"),
    "kafka_python": ("kafka",),
    "openai_v2": ("openai",),
    "vertexai": ("vertexai", "google_cloud_aiplatform"),
}
"""Entry point names of the packages whose name they do not share; both http clients by the name httpx, since the newer
release line of the same library is another distribution."""

_ARGUMENTS: dict[str, dict[str, Any]] = {
    # Trace ids on log records; but neither `logging.basicConfig`, which is the program's to call, nor a handler on the
    # root logger, which would make the program's own call of it do nothing.
    "logging": {
        "enable_log_auto_instrumentation": False,
        "inject_trace_context": True,
        "set_logging_format": False,
    },
}
"""What an instrumentation is to be told."""

_FRAMEWORKS = frozenset({"langchain"})
_CLIENTS = frozenset({"anthropic", "google_genai", "openai", "vertexai"})
"""Instrumentations that see the same calls when the framework uses the client."""


def instrument(packages: Sequence[str], provider: TracerProvider | None = None) -> list[Any]:
    """Instrument those of `packages` that are installed, and return the instrumentors in use."""
    wanted = {entry for name in packages for entry in _ENTRY_NAMES.get(_plain(name), (_plain(name),))}
    wanted -= {_plain(name) for name in os.environ.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "").split(",")}
    if provider is None and _anthropic_reports_itself():
        wanted.discard("anthropic")
    if not _django_is_set_up():
        wanted.discard("django")
    used: dict[str, Any] = {}
    asked = set[str]() if tuple(packages) == DEFAULT_PACKAGES else wanted
    for point in _one_for_each_library([p for p in entry_points(group=GROUP) if _plain(p.name) in wanted]):
        instrumentor = _instrumented(point, provider, missed=_plain(point.name) in asked | _CLIENTS | _FRAMEWORKS)
        if instrumentor is not None:
            used[_plain(point.name)] = instrumentor
    _advise(set(used))
    return list(used.values())


def uninstrument(instrumentors: Iterable[Any]) -> None:
    """Undo `instrument`."""
    for instrumentor in instrumentors:
        try:
            instrumentor.uninstrument()
        except Exception as error:  # noqa: BLE001 - foreign code; the program goes on
            _log.warning("%s could not be un-instrumented: %s", type(instrumentor).__name__, error)


def _anthropic_reports_itself() -> bool:
    """Whether Anthropic's client makes spans of its own (since 1.14), which an instrumentation would only repeat.

    It makes them with the global provider; beside a foreign one the instrumentation is what reaches ours.
    """
    if os.environ.get("ANTHROPIC_OPEN_TELEMETRY", "").lower() == "false":
        return False
    try:
        # A suffix, as in 2.0b1, changes nothing; of what is no version at all nothing is known.
        release = re.match(r"(\d+)(?:\.(\d+))?", version("anthropic") or "")
    except PackageNotFoundError:
        return False
    return release is not None and (int(release[1]), int(release[2] or 0)) >= (1, 14)


def _django_is_set_up() -> bool:
    """Whether this is a Django program whose settings can be read: else its instrumentation would make empty ones."""
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    return "DJANGO_SETTINGS_MODULE" in os.environ or bool(getattr(settings, "configured", False))


def _one_for_each_library(points: list[EntryPoint]) -> list[EntryPoint]:
    """Of several distributions under one name keep the one closest to OpenTelemetry, and say so."""
    kept: dict[str, EntryPoint] = {}
    for point in sorted(points, key=_preference):
        first = kept.setdefault(_plain(point.name), point)
        if _distribution(first) != _distribution(point):
            _log.warning(
                "%s and %s both count calls of %s; %s is used. Uninstall the other",
                _distribution(first),
                _distribution(point),
                point.name,
                _distribution(first),
            )
    return list(kept.values())


def _preference(point: EntryPoint) -> tuple[bool, bool, str]:
    name = _distribution(point)
    return "-genai-" not in name, not name.endswith("-v2"), name


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value


def _instrumented(point: EntryPoint, provider: TracerProvider | None, *, missed: bool) -> Any:
    """Return the instrumentor in use, or None when it has nothing to do, is broken, or does not fit.

    That one does not fit is a warning where it is missed: because it was asked for, or because calls that cost go unseen.
    """
    from opentelemetry.instrumentation.dependencies import (  # noqa: PLC0415 - comes with the instrumentations
        get_dist_dependency_conflicts,
    )

    try:
        conflict = get_dist_dependency_conflicts(point.dist) if point.dist is not None else None
        if conflict is not None:
            if conflict.found or conflict.found_any:
                _log.log(
                    logging.WARNING if missed else logging.INFO,
                    "%s is left out: it knows %s, installed is %s",
                    _distribution(point),
                    str(conflict.required or conflict.required_any).partition(";")[0],
                    conflict.found or conflict.found_any,
                )
            return None
        instrumentor = point.load()()
        if instrumentor.is_instrumented_by_opentelemetry:
            return None
        told = _ARGUMENTS.get(_plain(point.name), {}) | ({} if provider is None else {"tracer_provider": provider})
        instrumentor.instrument(skip_dep_check=True, **told)
    except Exception as error:  # noqa: BLE001 - foreign code; the program goes on without this instrumentation
        _log.warning("the instrumentation %s is broken and left out: %s: %s", point.name, type(error).__name__, error)
        return None
    return instrumentor


def _advise(used: set[str]) -> None:
    """Say which instrumentations see the same calls."""
    frameworks, clients = used & _FRAMEWORKS, used & _CLIENTS
    if frameworks and clients:
        _log.warning(
            "%s and %s see the same calls. The local store counts each once; elsewhere leave one of them out of "
            "auto_instrument_packages",
            " and ".join(sorted(frameworks)),
            " and ".join(sorted(clients)),
        )


def _plain(name: str) -> str:
    return re.sub(r"[-.]", "_", name.strip().lower())
