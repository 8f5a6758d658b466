"""The command as its users run it, in this process: arguments in, exit code and both streams out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from botanu_cli.app import run


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
