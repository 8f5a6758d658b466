"""Configuration: defaults, precedence for every field, and wrong values that name themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import botanu
from botanu import BotanuConfig
from botanu.sdk.bootstrap import get_config
from botanu.sdk.config import _interpolate_env_vars, otlp_protocol

DEFAULTS: dict[str, Any] = {
    "service_name": "unknown_service",
    "service_version": None,
    "service_namespace": None,
    "deployment_environment": "production",
    "auto_detect_resources": True,
    "otlp_endpoint": "http://localhost:4318/v1/traces",
    "otlp_headers": None,
    "max_export_batch_size": 512,
    "max_queue_size": 2048,
    "schedule_delay_millis": 5000,
    "trace_sample_rate": 1.0,
    "propagation_mode": "lean",
    "auto_instrument_packages": [
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
    ],
    "store": None,
    "store_max_bytes": 1 << 30,
    "flush_after_run": False,
}

# field, key in YAML, value there, variable, text there, value from there, value as an argument
FIELDS: list[tuple[str, str, Any, str | None, str, Any, Any]] = [
    ("service_name", "service.name", "y", "OTEL_SERVICE_NAME", "e", "e", "a"),
    ("service_version", "service.version", "1", "OTEL_SERVICE_VERSION", "2", "2", "3"),
    ("service_namespace", "service.namespace", "y", "OTEL_SERVICE_NAMESPACE", "e", "e", "a"),
    ("deployment_environment", "service.environment", "y", "OTEL_DEPLOYMENT_ENVIRONMENT", "e", "e", "a"),
    ("deployment_environment", "service.environment", "y", "BOTANU_ENVIRONMENT", "e", "e", "a"),
    ("deployment_environment", "service.environment", "y", "DEPLOYMENT_ENVIRONMENT", "e", "e", "a"),
    ("auto_detect_resources", "resource.auto_detect", False, "BOTANU_AUTO_DETECT_RESOURCES", "true", True, False),
    (
        "otlp_endpoint",
        "otlp.endpoint",
        "http://y/v1/traces",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "http://e/x",
        "http://e/x",
        "http://a/v1/traces",
    ),
    (
        "otlp_endpoint",
        "otlp.endpoint",
        "http://y/v1/traces",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "http://e/",
        "http://e/v1/traces",
        "http://a/v1/traces",
    ),
    (
        "otlp_headers",
        "otlp.headers",
        {"y": "1"},
        "OTEL_EXPORTER_OTLP_HEADERS",
        "e=2,f=a%20b",
        {"e": "2", "f": "a b"},
        {"a": "3"},
    ),
    ("max_export_batch_size", "export.batch_size", 10, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "20", 20, 30),
    ("max_queue_size", "export.queue_size", 1000, "OTEL_BSP_MAX_QUEUE_SIZE", "2000", 2000, 3000),
    ("schedule_delay_millis", "export.delay_ms", 10, "OTEL_BSP_SCHEDULE_DELAY", "20", 20, 30),
    ("trace_sample_rate", "sampling.rate", 0.1, "BOTANU_TRACE_SAMPLE_RATE", "0.2", 0.2, 0.3),
    ("propagation_mode", "propagation.mode", "full", "BOTANU_PROPAGATION_MODE", "lean", "lean", "full"),
    ("auto_instrument_packages", "auto_instrument_packages", ["y"], None, "", None, ["a"]),
    ("store", "store", "y.duckdb", "BOTANU_STORE", "e.duckdb", "e.duckdb", "a.duckdb"),
    ("store_max_bytes", "store_max_bytes", 10, "BOTANU_STORE_MAX_BYTES", "20", 20, 30),
    ("flush_after_run", "export.flush_after_run", True, "BOTANU_FLUSH_AFTER_RUN", "0", False, True),
]


def write_yaml(path: Path, key: str, value: Any) -> Path:
    """Write a configuration file with one setting."""
    section, _, name = key.rpartition(".")
    path.write_text(yaml.safe_dump({section: {name: value}} if section else {name: value}), "utf-8")
    return path


def test_defaults() -> None:
    """The defaults are those of the contract."""
    assert {name: getattr(BotanuConfig(), name) for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize(("field", "key", "in_yaml", "variable", "text", "in_env", "argument"), FIELDS)
def test_precedence(
    field: str,
    key: str,
    in_yaml: Any,
    variable: str | None,
    text: str,
    in_env: Any,
    argument: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Code argument, then environment, then YAML, then default: for every field, through every door."""
    file = write_yaml(tmp_path / "c.yaml", key, in_yaml)

    assert getattr(BotanuConfig.from_yaml(file), field) == in_yaml
    if variable is not None:
        monkeypatch.setenv(variable, text)
        assert getattr(BotanuConfig(), field) == in_env
        # Must not let YAML beat the environment ...
        assert getattr(BotanuConfig.from_yaml(file), field) == in_env
        assert getattr(BotanuConfig.from_file_or_env(file), field) == in_env
    # ... nor the environment beat an explicit argument.
    assert getattr(BotanuConfig(**{field: argument}), field) == argument
    botanu.enable(config_file=file, auto_instrument=False, **{field: argument})
    settled = get_config()
    assert settled is not None
    assert getattr(settled, field) == argument
    botanu.disable()
    botanu.enable(config=BotanuConfig(), auto_instrument=False, **{field: argument})
    settled = get_config()
    assert settled is not None
    assert getattr(settled, field) == argument


def test_the_more_specific_variable_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The traces endpoint beats the general one, OTEL_DEPLOYMENT_ENVIRONMENT beats BOTANU_ENVIRONMENT, and that DEPLOYMENT_ENVIRONMENT."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t/whole")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://g")
    monkeypatch.setenv("OTEL_DEPLOYMENT_ENVIRONMENT", "o")
    monkeypatch.setenv("BOTANU_ENVIRONMENT", "b")
    monkeypatch.setenv("DEPLOYMENT_ENVIRONMENT", "d")

    assert BotanuConfig().otlp_endpoint == "http://t/whole"
    assert BotanuConfig().deployment_environment == "o"
    monkeypatch.delenv("OTEL_DEPLOYMENT_ENVIRONMENT")
    assert BotanuConfig().deployment_environment == "b"


def test_grpc_endpoints_have_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """With gRPC the general endpoint is taken as it is; another protocol is refused by name."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://g:4317")
    assert (BotanuConfig().otlp_endpoint, otlp_protocol()) == ("http://g:4317", "grpc")

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
    with pytest.raises(ValueError, match=r"OTEL_EXPORTER_OTLP_PROTOCOL is 'http/json'; allowed: http/protobuf or grpc"):
        BotanuConfig()


WRONG: list[tuple[str, Any, str]] = [
    ("service_name", "", "text"),
    ("service_name", None, "text"),
    ("trace_sample_rate", 1.5, "from 0 to 1"),
    ("trace_sample_rate", -0.1, "from 0 to 1"),
    ("trace_sample_rate", "nan", "from 0 to 1"),
    ("trace_sample_rate", True, "from 0 to 1"),
    ("propagation_mode", "medium", "lean or full"),
    ("max_queue_size", -1, "above 0"),
    ("max_queue_size", 0, "above 0"),
    ("max_export_batch_size", "many", "above 0"),
    ("max_export_batch_size", 4096, "at most max_queue_size"),
    ("schedule_delay_millis", 1.5, "above 0"),
    ("auto_detect_resources", "perhaps", "true or false"),
    ("otlp_endpoint", "not a url", "http://localhost:4318/v1/traces"),
    ("otlp_endpoint", "ftp://host", "http://localhost:4318/v1/traces"),
    ("otlp_endpoint", "http://host:port", "http://localhost:4318/v1/traces"),
    ("otlp_headers", "no pairs", "key=value"),
    ("otlp_headers", 5, "key=value"),
    ("auto_instrument_packages", "requests", "a list"),
    ("auto_instrument_packages", [1], "a list"),
    ("store", "clickhouse://host", "local store"),
    ("store", 5, "local store"),
]


@pytest.mark.parametrize(("field", "value", "allowed"), WRONG)
def test_a_wrong_value_names_itself(field: str, value: Any, allowed: str) -> None:
    """A wrong value is a ValueError that names key, value and what is allowed."""
    with pytest.raises(ValueError, match=allowed) as wrong:
        BotanuConfig(**{field: value})

    assert field in str(wrong.value)
    assert str(value) in str(wrong.value)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("BOTANU_TRACE_SAMPLE_RATE", "lots"),
        ("BOTANU_PROPAGATION_MODE", "medium"),
        ("BOTANU_AUTO_DETECT_RESOURCES", "perhaps"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "nonsense"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "-1"),
    ],
)
def test_a_wrong_variable_names_itself(variable: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong environment variable is named, not the field it fills."""
    monkeypatch.setenv(variable, text)

    with pytest.raises(ValueError, match=variable) as wrong:
        BotanuConfig()
    assert text in str(wrong.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("sampling: {rate: 2}", "sampling.rate"),
        ("propagation: {mode: medium}", "propagation.mode"),
        ("sampling: {ratio: 0.5}", r"sampling.ratio.*did you mean sampling.rate"),
        ("servce: {name: x}", "servce"),
        ("service: x", "service"),
        ("- a\n- b", "list"),
        ("a: [", "no valid YAML"),
        ("export: {batch_size: -5}", r"export.batch_size.*-5"),
    ],
)
def test_a_wrong_file_names_the_key(text: str, named: str, tmp_path: Path) -> None:
    """A malformed file, a wrong value or an unknown key is a ValueError that says where."""
    file = tmp_path / "c.yaml"
    file.write_text(text, "utf-8")

    with pytest.raises(ValueError, match=named):
        BotanuConfig.from_yaml(file)


def test_a_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that somebody named must be there, wherever it was named."""
    with pytest.raises(FileNotFoundError, match=r"gone\.yaml"):
        BotanuConfig.from_yaml(tmp_path / "gone.yaml")
    monkeypatch.setenv("BOTANU_CONFIG_FILE", "gone.yaml")
    with pytest.raises(FileNotFoundError, match=r"gone\.yaml"):
        BotanuConfig.from_file_or_env()


@pytest.mark.parametrize("text", ["", "# nothing\n", "service:\notlp:\n", "store: null"])
def test_an_empty_file_is_the_defaults(text: str, tmp_path: Path) -> None:
    """A file, or a section, that says nothing changes nothing."""
    file = tmp_path / "c.yaml"
    file.write_text(text, "utf-8")

    assert BotanuConfig.from_yaml(file) == BotanuConfig()


def test_the_search_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Argument, BOTANU_CONFIG_FILE, ./botanu.yaml, ./botanu.yml, ./config/botanu.yaml, ./config/botanu.yml, environment."""
    (tmp_path / "config").mkdir()
    assert BotanuConfig.from_file_or_env().service_name == "unknown_service"
    for place in (
        "config/botanu.yml",
        "config/botanu.yaml",
        "botanu.yml",
        "botanu.yaml",
        "named.yaml",
        "argument.yaml",
    ):
        write_yaml(tmp_path / place, "service.name", place)
        if place == "named.yaml":
            monkeypatch.setenv("BOTANU_CONFIG_FILE", str(tmp_path / place))
        argument = place if place == "argument.yaml" else None
        assert BotanuConfig.from_file_or_env(argument).service_name == place


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${HOME_OF}", "here"),
        ("a ${HOME_OF} b ${HOME_OF}", "a here b here"),
        ("${UNSET_ONE}", "${UNSET_ONE}"),
        ("${UNSET_ONE:-there}", "there"),
        ("${HOME_OF:-there}", "here"),
        ("${EMPTY_ONE:-there}", "there"),
        ("${UNSET_ONE:-}", ""),
        ("${UNSET_ONE:-http://x:1/y}", "http://x:1/y"),
        ("$HOME_OF", "$HOME_OF"),
        ("${not a name}", "${not a name}"),
    ],
)
def test_interpolation(text: str, filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`${VAR}` and `${VAR:-default}` are filled in; an unset `${VAR}` stays as written."""
    monkeypatch.setenv("HOME_OF", "here")
    monkeypatch.setenv("EMPTY_ONE", "")

    assert _interpolate_env_vars(text) == filled


@given(st.text().filter(lambda text: "${" not in text))
def test_interpolation_leaves_everything_else(text: str) -> None:
    """Text without `${` stays as it is."""
    assert _interpolate_env_vars(text) == text


def test_interpolation_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file may take its values from the environment."""
    monkeypatch.setenv("TEAM_KEY", "secret")
    file = tmp_path / "c.yaml"
    file.write_text("service: {name: '${TEAM:-blue}'}\notlp: {headers: {x-key: '${TEAM_KEY}'}}", "utf-8")
    config = BotanuConfig.from_yaml(file)

    assert (config.service_name, config.otlp_headers) == ("blue", {"x-key": "secret"})
    assert "secret" not in repr(config)


def test_to_dict_is_the_file(tmp_path: Path) -> None:
    """`to_dict` has the shape of the YAML file, and reading it back gives the same configuration."""
    config = BotanuConfig(service_name="x", otlp_headers={"a": "b"}, trace_sample_rate=0.5, store="s.duckdb")
    said = config.to_dict()
    file = tmp_path / "c.yaml"
    file.write_text(yaml.safe_dump(said), "utf-8")

    assert said["service"] == {"name": "x", "version": None, "namespace": None, "environment": "production"}
    assert said["sampling"] == {"rate": 0.5}
    assert BotanuConfig.from_yaml(file) == config
