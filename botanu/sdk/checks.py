"""What configuration values may be: each check returns the value as it is used, or raises ValueError saying what is allowed."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit


def text(value: object) -> str:
    """Text that says something."""
    if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
        return str(value)
    raise ValueError("text that is not empty")


def optional_text(value: object) -> str | None:
    """Text or nothing."""
    return None if value is None else text(value)


def boolean(value: object) -> bool:
    """True or false, also in words."""
    if isinstance(value, bool):
        return value
    said = str(value).strip().lower()
    if said in ("true", "1", "yes", "on"):
        return True
    if said in ("false", "0", "no", "off"):
        return False
    raise ValueError("true or false")


def positive(value: object) -> int:
    """A whole number above 0."""
    try:
        number = int(str(value))
    except ValueError:
        number = 0
    if isinstance(value, bool) or number <= 0:
        raise ValueError("a whole number above 0")
    return number


def rate(value: object) -> float:
    """A number from 0 to 1."""
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if isinstance(value, bool) or not 0 <= number <= 1:
        raise ValueError("a number from 0 to 1")
    return number


def mode(value: object) -> str:
    """A propagation mode."""
    return _one_of(value, "lean", "full")


def protocol(value: object) -> str:
    """An OTLP protocol."""
    return _one_of(value, "http/protobuf", "grpc")


def url(value: object) -> str:
    """An HTTP URL; without a scheme, what OTLP over gRPC takes: host and port."""
    said = str(value).strip()
    try:
        parts = urlsplit(said if "://" in said else f"http://{said}")
        if (
            isinstance(value, str)
            and not re.search(r"\s", said)
            and parts.scheme in ("http", "https")
            and parts.hostname
            and (parts.port is None or parts.port)
        ):
            return said
    except ValueError:
        pass
    raise ValueError("a URL such as http://localhost:4318/v1/traces")


def headers(value: object) -> dict[str, str] | None:
    """A mapping, or `key=value,key=value` with URL-encoded values as OTEL_EXPORTER_OTLP_HEADERS has it."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {str(key): str(content) for key, content in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    pairs = [pair.partition("=") for pair in str(value).split(",") if pair.strip()]
    if not isinstance(value, str) or any(not equals or not key.strip() for key, equals, _ in pairs):
        raise ValueError("a mapping, or key=value pairs separated by commas")
    return {key.strip(): unquote(content.strip()) for key, _, content in pairs}


def names(value: object) -> list[str]:
    """A list of names."""
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        listed = list(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        if all(isinstance(name, str) and name for name in listed):  # pyright: ignore[reportUnknownVariableType]
            return listed  # pyright: ignore[reportUnknownVariableType]
    raise ValueError("a list of package names")


def store(value: object) -> str | None:
    """The path of a local store."""
    if value is None:
        return None
    if isinstance(value, str | os.PathLike):
        path = os.fspath(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        if isinstance(path, str) and path.strip() and "://" not in path:
            return path
    raise ValueError("the path of a local store; a server is reached through a collector and otlp_endpoint")


def _one_of(value: object, *allowed: str) -> str:
    said = str(value).strip().lower()
    if said not in allowed:
        raise ValueError(" or ".join(allowed))
    return said
