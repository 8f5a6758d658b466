r"""Starting and stopping: `enable` puts the pipeline together, `disable` takes it apart.

    spans -> enricher -> batches -> local store (when `store` names a file)
                      \-> batches -> OTLP endpoint (when one is named, or when there is no store)

With a store and no endpoint named in code, environment or YAML nothing is sent anywhere, so that a program without a
collector runs in silence.
"""

from __future__ import annotations

import atexit
import dataclasses
import difflib
import logging
import threading
from typing import TYPE_CHECKING, Any

from botanu.models.run_context import configure_process
from botanu.sdk.config import BotanuConfig, field_names, file_values
from botanu.sdk.runs import configure_runs

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from botanu.sdk.pipeline import Pipeline

_log = logging.getLogger("botanu")


class _State:
    """What is running in this process."""

    lock = threading.RLock()
    pipeline: Pipeline | None = None


def enable(
    service_name: str | None = None,
    otlp_endpoint: str | None = None,
    config: BotanuConfig | None = None,
    auto_instrument: bool = True,
    auto_instrument_packages: Iterable[str] | None = None,
    propagation_mode: str | None = None,
    *,
    environment: str | None = None,
    store: str | os.PathLike[str] | None = None,
    config_file: str | os.PathLike[str] | None = None,
    **config_fields: Any,
) -> bool:
    """Start recording; returns True when it was this call that started it.

    Arguments beat `config`, which beats the environment, which beats the configuration file. Raises ValueError when one of
    them is wrong and never on account of a collector or disk that fails; without the OpenTelemetry SDK it logs one error
    that names the extra, and returns False.
    """
    arguments = {
        "service_name": service_name,
        "otlp_endpoint": otlp_endpoint,
        "auto_instrument_packages": auto_instrument_packages,
        "propagation_mode": propagation_mode,
        "deployment_environment": environment,
        "store": store,
    }
    said = {name: value for name, value in arguments.items() if value is not None} | _known_fields(config_fields)
    with _State.lock:
        if _State.pipeline is not None:
            _log.warning("botanu is enabled already; this call changes nothing")
            return False
        settled = _settle(config, config_file, said)
        try:
            from botanu.sdk.pipeline import Pipeline  # noqa: PLC0415 - needs the OpenTelemetry SDK, which is an extra

            pipeline = Pipeline(settled, auto_instrument=auto_instrument)
        except ImportError as missing:
            way_out = "" if "pip install" in str(missing) else ". Install it: pip install 'botanu[sdk]'"
            _log.error("botanu records nothing: %s%s", missing, way_out)
            return False
        _State.pipeline = pipeline
        configure_process(propagation_mode=settled.propagation_mode, environment=settled.deployment_environment)
        configure_runs(pipeline.sample_rate, pipeline.flush if settled.flush_after_run else None)
        atexit.register(disable)
        _flush_in_children()
        return True


def disable() -> None:
    """Flush within a bounded time, stop recording and leave everything as it was; `enable` may be called again."""
    with _State.lock:
        pipeline, _State.pipeline = _State.pipeline, None
        if pipeline is None:
            return
        atexit.unregister(disable)
        configure_runs()
        configure_process()
        pipeline.stop()


def is_enabled() -> bool:
    """Whether botanu is recording."""
    return _State.pipeline is not None


def get_config() -> BotanuConfig | None:
    """Return the configuration in effect; None while botanu is not enabled."""
    return _State.pipeline.config if _State.pipeline is not None else None


def _flush_in_children() -> None:
    """Children of `multiprocessing` end without atexit; their own finalizers they do run."""
    from multiprocessing import util  # noqa: PLC0415 - takes as long as a third of `import botanu`, for who enables it only

    util.register_after_fork(_State, lambda _state: util.Finalize(None, disable, exitpriority=0))


def _settle(
    config: BotanuConfig | None, config_file: str | os.PathLike[str] | None, said: dict[str, Any]
) -> BotanuConfig:
    """Put arguments above everything else."""
    if config is None:
        return BotanuConfig(**(file_values(config_file) | said))
    return dataclasses.replace(config, **said)


def _known_fields(fields: dict[str, Any]) -> dict[str, Any]:
    for name in fields:
        if name not in field_names():
            close = difflib.get_close_matches(name, field_names(), n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise TypeError(f"enable() got an unexpected argument {name!r}{hint}")
    return fields
