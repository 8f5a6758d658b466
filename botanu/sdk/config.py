"""Configuration: one table says for every field where it may come from and what it may be.

Code argument beats environment beats YAML beats default, for every field. A wrong value is a ValueError that names the key,
the value and what is allowed.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from botanu.sdk import checks

DEFAULT_PACKAGES = (
    "requests",
    "httpx",
    "urllib3",
    "aiohttp_client",
    "fastapi",
    "flask",
    "django",
    "starlette",
    "sqlalchemy",
    "psycopg2",
    "asyncpg",
    "pymongo",
    "redis",
    "celery",
    "kafka_python",
    "grpc",
    "openai_v2",
    "anthropic",
    "vertexai",
    "google_genai",
    "langchain",
    "logging",
)
"""What auto-instrumentation covers by default, as far as it is installed."""

SEARCHED_FILES = ("botanu.yaml", "botanu.yml", "config/botanu.yaml", "config/botanu.yml")
"""Where a configuration file is looked for when none is named."""


UNNAMED = "unknown_service"
"""The service of a program that nobody named."""


class DefaultEndpoint(str):  # noqa: SLOT000 - one instance
    """The endpoint that nobody asked for: it gives way to a local store."""


DEFAULT_ENDPOINT = DefaultEndpoint("http://localhost:4318/v1/traces")
"""A collector on this machine."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Setting:
    """Where one field may come from and what it may be."""

    yaml: str
    check: Callable[[object], object]
    environment: tuple[str, ...] = ()
    from_text: Callable[[str, str], object] = lambda _variable, text: text


def otlp_protocol() -> str:
    """Return the protocol spans are sent with, which OpenTelemetry's own variables decide: http/protobuf or grpc."""
    for variable in ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        if said := os.environ.get(variable):
            return str(_checked(variable, said, checks.protocol))
    return "http/protobuf"


def _checked(name: str, value: object, check: Callable[[object], object]) -> object:
    try:
        return check(value)
    except ValueError as error:
        raise ValueError(f"{name} is {value!r}; allowed: {error}") from None


def _endpoint(variable: str, text: str) -> str:
    if variable == "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" or otlp_protocol() == "grpc":
        return text
    return text.rstrip("/") + "/v1/traces"


_SETTINGS: dict[str, _Setting] = {
    "service_name": _Setting("service.name", checks.text, ("OTEL_SERVICE_NAME",)),
    "service_version": _Setting("service.version", checks.optional_text, ("OTEL_SERVICE_VERSION",)),
    "service_namespace": _Setting("service.namespace", checks.optional_text, ("OTEL_SERVICE_NAMESPACE",)),
    "deployment_environment": _Setting(
        "service.environment",
        checks.text,
        ("OTEL_DEPLOYMENT_ENVIRONMENT", "BOTANU_ENVIRONMENT", "DEPLOYMENT_ENVIRONMENT"),
    ),
    "auto_detect_resources": _Setting("resource.auto_detect", checks.boolean, ("BOTANU_AUTO_DETECT_RESOURCES",)),
    "otlp_endpoint": _Setting(
        "otlp.endpoint",
        checks.url,
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        _endpoint,
    ),
    "otlp_headers": _Setting("otlp.headers", checks.headers, ("OTEL_EXPORTER_OTLP_HEADERS",)),
    "max_export_batch_size": _Setting("export.batch_size", checks.positive, ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE",)),
    "max_queue_size": _Setting("export.queue_size", checks.positive, ("OTEL_BSP_MAX_QUEUE_SIZE",)),
    "schedule_delay_millis": _Setting("export.delay_ms", checks.positive, ("OTEL_BSP_SCHEDULE_DELAY",)),
    "trace_sample_rate": _Setting("sampling.rate", checks.rate, ("BOTANU_TRACE_SAMPLE_RATE",)),
    "propagation_mode": _Setting("propagation.mode", checks.mode, ("BOTANU_PROPAGATION_MODE",)),
    "auto_instrument_packages": _Setting("auto_instrument_packages", checks.names),
    "store": _Setting("store", checks.store, ("BOTANU_STORE",)),
    "store_max_bytes": _Setting("store_max_bytes", checks.positive, ("BOTANU_STORE_MAX_BYTES",)),
    "flush_after_run": _Setting("export.flush_after_run", checks.boolean, ("BOTANU_FLUSH_AFTER_RUN",)),
}


def _setting(name: str, default: Any) -> Any:
    """A field that is what the environment says, else the default; what is passed to the constructor beats both."""

    def value() -> Any:
        said = _from_environment(name)
        return default if said is None else said

    return dataclasses.field(default_factory=value)


@dataclasses.dataclass
class BotanuConfig:
    """Everything that can be configured."""

    service_name: str = _setting("service_name", UNNAMED)
    """The program's name."""
    service_version: str | None = _setting("service_version", None)
    """The program's version."""
    service_namespace: str | None = _setting("service_namespace", None)
    """What the program is a part of."""
    deployment_environment: str = dataclasses.field(
        default_factory=lambda: str(
            _from_environment("deployment_environment")
            or said_of_resource("deployment.environment.name", "deployment.environment")
            or "production"
        )
    )
    """Where the program runs."""
    auto_detect_resources: bool = _setting("auto_detect_resources", True)
    """Whether host, process, container and cloud are named on the resource."""
    otlp_endpoint: str = _setting("otlp_endpoint", DEFAULT_ENDPOINT)
    """Where spans are sent: a whole URL for HTTP. The default gives way when there is a local store."""
    otlp_headers: dict[str, str] | None = dataclasses.field(
        default_factory=lambda: cast("dict[str, str] | None", _from_environment("otlp_headers")), repr=False
    )
    """Headers sent with the spans, such as an API key; left out of the repr."""
    max_export_batch_size: int = _setting("max_export_batch_size", 512)
    """The most spans sent at once."""
    max_queue_size: int = _setting("max_queue_size", 2048)
    """The most spans waiting; more are dropped."""
    schedule_delay_millis: int = _setting("schedule_delay_millis", 5000)
    """How long spans wait for company, in milliseconds."""
    trace_sample_rate: float = _setting("trace_sample_rate", 1.0)
    """The share of traces recorded. Below 1 costs are estimates, and say so."""
    propagation_mode: str = _setting("propagation_mode", "lean")
    """How much of a run travels in baggage: lean or full."""
    auto_instrument_packages: list[str] = _setting("auto_instrument_packages", DEFAULT_PACKAGES)  # noqa: RUF009 - a field
    """Which libraries are instrumented, as far as they are installed."""
    store: str | None = _setting("store", None)
    """The local store that spans are written beside."""
    store_max_bytes: int = _setting("store_max_bytes", 1 << 30)
    """The most bytes that may wait beside the local store; more are dropped and counted."""
    flush_after_run: bool = _setting("flush_after_run", False)
    """Whether each run waits until its spans are out, for platforms that freeze the process between runs."""

    def __post_init__(self) -> None:
        for name, setting in _SETTINGS.items():
            value = getattr(self, name)
            if value is not DEFAULT_ENDPOINT:
                setattr(self, name, _checked(name, value, setting.check))
        if self.max_export_batch_size > self.max_queue_size:
            raise ValueError(
                f"max_export_batch_size is {self.max_export_batch_size}; allowed is at most max_queue_size, which is {self.max_queue_size}"
            )

    @property
    def endpoint_is_default(self) -> bool:
        """Whether nobody named an endpoint."""
        return self.otlp_endpoint is DEFAULT_ENDPOINT

    @classmethod
    def from_yaml(cls, path: str | os.PathLike[str]) -> BotanuConfig:
        """Read a YAML file; what the environment says goes before it.

        Raises FileNotFoundError, ValueError for a file that is malformed or says something wrong, and ImportError when the
        extra that reads YAML is missing.
        """
        return cls(**_yaml_values(Path(path)))

    @classmethod
    def from_file_or_env(cls, path: str | os.PathLike[str] | None = None) -> BotanuConfig:
        """Read the file at `path`, else BOTANU_CONFIG_FILE, else the first of the searched files, else the environment alone."""
        return cls(**file_values(path))

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration in the shape of the YAML file."""
        nested: dict[str, Any] = {}
        for name, setting in _SETTINGS.items():
            value = getattr(self, name)
            section, _, key = setting.yaml.rpartition(".")
            target = nested.setdefault(section, {}) if section else nested
            target[key] = str(value) if isinstance(value, DefaultEndpoint) else value
        return nested


def file_values(path: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """Return the fields that the configuration file decides: the one at `path`, or the one that is found."""
    found = path or os.environ.get("BOTANU_CONFIG_FILE") or next((p for p in SEARCHED_FILES if Path(p).is_file()), None)
    return _yaml_values(Path(found)) if found else {}


def field_names() -> tuple[str, ...]:
    """Return the names of all fields."""
    return tuple(_SETTINGS)


def _from_environment(name: str) -> object | None:
    setting = _SETTINGS[name]
    for variable in setting.environment:
        if said := os.environ.get(variable):
            return _checked(variable, setting.from_text(variable, said), setting.check)
    return None


def said_of_resource(*names: str) -> str | None:
    """Return what OTEL_RESOURCE_ATTRIBUTES says under the first of these names that it has; None where it says nothing, or without the OpenTelemetry SDK."""
    if not os.environ.get("OTEL_RESOURCE_ATTRIBUTES"):
        return None
    try:
        from opentelemetry.sdk.resources import OTELResourceDetector  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    said = OTELResourceDetector().detect().attributes
    return next((str(said[name]) for name in names if said.get(name)), None)


def _yaml_values(path: Path) -> dict[str, Any]:
    """Return the fields that the file decides: what it says and the environment does not."""
    try:
        import yaml  # noqa: PLC0415 - only who reads YAML needs it
    except ImportError:
        raise ImportError("reading a YAML configuration needs PyYAML: pip install 'botanu[sdk]'") from None
    if not path.is_file():
        raise FileNotFoundError(f"no configuration file at {path}")
    try:
        said = yaml.safe_load(_interpolate_env_vars(path.read_text("utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no valid YAML: {error}") from error
    if not isinstance(said, dict | None):
        raise ValueError(f"{path} holds {type(said).__name__}; allowed: a mapping of sections")  # noqa: TRY004 - the contract
    by_yaml = {setting.yaml: name for name, setting in _SETTINGS.items()}
    values: dict[str, Any] = {}
    for key, value in _flattened(cast("Mapping[object, object]", said or {}), by_yaml).items():
        name = by_yaml[key]
        checked = _checked(f"{key} in {path}", value, _SETTINGS[name].check)
        if _from_environment(name) is None and value is not None:
            values[name] = checked
    return values


def _flattened(said: Mapping[object, object], known: Mapping[str, str]) -> dict[str, object]:
    sections = {key.partition(".")[0] for key in known if "." in key}
    flat: dict[str, object] = {}
    for key, value in said.items():
        if key in sections and value is None:
            continue
        if key in sections and isinstance(value, dict):
            inner = cast("dict[object, object]", value)
            flat |= {f"{key}.{name}": content for name, content in inner.items()}
        else:
            flat[str(key)] = value
    for key in flat:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            raise ValueError(f"{key} is no configuration key{hint}; allowed: {', '.join(known)}")
    return flat


_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def _interpolate_env_vars(text: str) -> str:
    """Fill in `${VAR}` and `${VAR:-default}`; an unset `${VAR}` stays as written."""

    def fill(match: re.Match[str]) -> str:
        said, default = os.environ.get(match[1]), match[2]
        if default is not None:
            return said or default
        return match[0] if said is None else said

    return _VARIABLE.sub(fill, text)
