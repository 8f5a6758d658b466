"""What every test gets: an environment without settings of its own, and a folder of its own to work in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from botanu_store import open_store
from botanu_store.engines import duckdb
from hypothesis import settings

# Speed is measured in benchmarks/, never in tests: a busy machine must not fail them.
settings.register_profile("botanu", deadline=None)
settings.load_profile("botanu")

REPOSITORY = Path(__file__).parents[1]
SAMPLES = REPOSITORY / "sample_traces"
_SLOW_TO_IMPORT = ("celery", "fastapi", "flask", "google_genai", "openai", "sqlalchemy")


def pytest_xdist_auto_num_workers() -> int:
    """Two workers for each core: half of what tests do is to wait, for processes and sockets."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(autouse=True)
def clean_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No setting from outside reaches a test, and nothing a test writes reaches the repository."""
    for name in list(os.environ):
        if name.startswith(("BOTANU_", "OTEL_")) or name in (
            "NO_COLOR",
            "FORCE_COLOR",
            "COLUMNS",
            "TRACEPARENT",
            "BAGGAGE",
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / ".data"))  # where newer prices would be
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the sample traces, made once; tests that write work on copies."""
    path = tmp_path_factory.mktemp("ingested") / "botanu.duckdb"
    with open_store(path) as store:
        store.ingest([SAMPLES])
    return path


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the price book and nothing else, made once."""
    path = tmp_path_factory.mktemp("blank") / "botanu.duckdb"
    with open_store(path) as store:
        store.ingest([], stdin=False)
    return path


@pytest.fixture(scope="module")
def ready_made(blank: Path) -> Iterator[None]:
    """Whatever store is new in this process begins as a copy of that one: for tests that are about what is taken in, and not about the making."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "_make", lambda path: shutil.copy(blank, path))
        yield


@pytest.fixture
def samples() -> Path:
    """The folder of sample traces."""
    return SAMPLES


def only_what_it_names(program: str) -> dict[str, str]:
    """The environment in which a program's SDK leaves libraries alone that are here for other tests: to import them takes a second."""
    idle = [name for name in _SLOW_TO_IMPORT if name not in program.replace(".", "_")]
    return {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": ",".join(idle)}
