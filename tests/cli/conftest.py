"""The command as its users run it, in this process: arguments in, exit code and both streams out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest
from botanu_cli.app import run
from botanu_store.store import Store


@dataclass(frozen=True)
class Result:
    """What one command line did."""

    code: int
    out: str
    err: str


Botanu = Callable[..., Result]


@pytest.fixture
def botanu(capfd: pytest.CaptureFixture[str]) -> Botanu:
    """Run `botanu` with these arguments."""

    def call(*arguments: str) -> Result:
        capfd.readouterr()
        code = run([str(a) for a in arguments])
        out, err = capfd.readouterr()
        return Result(int(code), out, err)

    return call


@pytest.fixture
def filled(ingested: Path, tmp_path: Path) -> Path:
    """A store filled with the sample traces, as ./botanu.duckdb."""
    return Path(shutil.copy(ingested, tmp_path / "botanu.duckdb"))


class Open:
    """A store that many commands read one after the other: opened once, for its prices take longer than most reports."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        """Everything is the store's own."""
        return getattr(self._store, name)

    def __enter__(self) -> Self:
        """It is open."""
        return self

    def __exit__(self, *_: object) -> None:
        """It stays so."""

    def serves(self, patch: pytest.MonkeyPatch) -> None:
        """Let every command of this test read this store; none may write."""
        patch.setattr("botanu_store.open_store", lambda *_, **__: self)


@pytest.fixture
def begun(blank: Path, tmp_path: Path) -> Path:
    """An empty store with prices as ./botanu.duckdb, for tests that are about what is taken in and not about its making."""
    return Path(shutil.copy(blank, tmp_path / "botanu.duckdb"))
