"""Auto-instrumentation by the real entry points, and real clients counted exactly once."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, ClassVar

import pytest

from botanu.sdk import instrumentation
from tests.conftest import only_what_it_names
from tests.sdk import vendors
from tests.sdk.conftest import Store

Python = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def url() -> Iterator[str]:
    """A server that answers like the vendors."""
    with vendors.serving() as base:
        yield base


def test_what_is_installed_is_instrumented(python: Python, store: Store) -> None:
    """Each package of the list that is installed is instrumented by its entry point; the missing ones say nothing."""
    ended = python(
        "import botanu, logging\n"
        "from importlib.metadata import entry_points\n"
        f"botanu.enable('x', store={str(store.path)!r}, auto_instrument_packages="
        "['requests', 'httpx', 'urllib3', 'openai_v2', 'anthropic', 'logging', 'redis', 'pymongo', 'nonsense'])\n"
        "points = {p.name: p for p in entry_points(group='opentelemetry_instrumentor')}\n"
        "for name in ('requests', 'httpx', 'httpx2', 'urllib3', 'openai', 'anthropic', 'logging'):\n"
        "    print(name, points[name].load()().is_instrumented_by_opentelemetry)\n"
        "print('flask', points['flask'].load()().is_instrumented_by_opentelemetry)\n"
        "botanu.disable()\n"
        "print('off', any(points[n].load()().is_instrumented_by_opentelemetry for n in ('requests', 'openai')))\n",
        ANTHROPIC_OPEN_TELEMETRY="false",
    )

    assert ended.stderr == ""
    on = ["requests", "httpx", "httpx2", "urllib3", "openai", "anthropic", "logging"]
    assert ended.stdout.splitlines() == [*(f"{name} True" for name in on), "flask False", "off False"]


def test_a_client_that_reports_itself_is_not_instrumented(python: Python, store: Store) -> None:
    """Anthropic's client makes spans of its own; its instrumentation is used only where they are switched off."""
    program = (
        "import botanu\nfrom importlib.metadata import entry_points\n"
        f"botanu.enable('x', store={str(store.path)!r}, auto_instrument_packages=['anthropic'])\n"
        "[point] = [p for p in entry_points(group='opentelemetry_instrumentor') if p.name == 'anthropic']\n"
        "print(point.load()().is_instrumented_by_opentelemetry)"
    )

    assert python(program).stdout == "False\n"
    assert python(program, ANTHROPIC_OPEN_TELEMETRY="false").stdout == "True\n"


@pytest.mark.parametrize(
    ("found", "reports"),
    [
        ("1.14.0", True),
        ("2.0b1", True),
        ("1.14rc1", True),
        ("2", True),
        ("1.13.9", False),
        ("0.97", False),
        ("dev", False),
    ],
)
def test_any_version_of_a_client_can_be_read(monkeypatch: pytest.MonkeyPatch, found: str, reports: bool) -> None:
    """Suffixes and short versions do not disturb the program, which may be the first to meet them."""
    monkeypatch.delenv("ANTHROPIC_OPEN_TELEMETRY", raising=False)
    monkeypatch.setattr(instrumentation, "version", lambda _: found)

    assert instrumentation._anthropic_reports_itself() is reports


def test_a_program_without_django_settings_gets_none(python: Python, store: Store) -> None:
    """Where Django is merely installed its settings are not touched."""
    ended = python(
        f"import botanu\nbotanu.enable('x', store={str(store.path)!r}, auto_instrument_packages=['django'])\n"
        "from django.conf import settings\nprint(settings.configured)"
    )

    assert ended.stdout == "False\n"


def test_one_call_is_counted_once(python: Python, store: Store, url: str) -> None:
    """A real OpenAI and a real Anthropic call inside a run: exactly one span with tokens each, in the run."""
    ended = python(
        "import botanu, openai, anthropic\n"
        f"botanu.enable('x', store={str(store.path)!r}, auto_instrument_packages=['httpx', 'openai_v2', 'anthropic'])\n"
        "messages = [{'role': 'user', 'content': 'hi'}]\n"
        "with botanu.run('Ask'):\n"
        f"    openai.OpenAI(api_key='k', base_url='{url}/v1').chat.completions.create(model='m', messages=messages)\n"
        f"    anthropic.Anthropic(api_key='k', base_url='{url}').messages.create(model='m', max_tokens=9, messages=messages)\n"
    )

    assert ended.stderr == ""
    [run] = store.runs()
    counted = [span for span in store.spans if "gen_ai.usage.input_tokens" in span["attributes"]]
    providers = sorted(span["attributes"]["gen_ai.provider.name"] for span in counted)
    assert providers == ["anthropic", "openai"]
    assert {span["attributes"]["botanu.run_id"] for span in counted} == {run["botanu.run_id"]}
    assert {span["attributes"]["gen_ai.usage.input_tokens"] for span in counted} == {1000}


def test_an_http_call_carries_the_run(python: Python, store: Store) -> None:
    """With httpx and requests instrumented, the run travels without a line of code."""
    ended = python(
        "import botanu, http.server, threading, requests, httpx\n"
        "seen = []\n"
        "class Handler(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        seen.append(self.headers['baggage']); self.send_response(204); self.end_headers()\n"
        "    def log_message(self, *a): pass\n"
        "server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)\n"
        "threading.Thread(target=server.serve_forever, daemon=True).start()\n"
        "url = f'http://127.0.0.1:{server.server_port}/'\n"
        f"botanu.enable('x', store={str(store.path)!r}, auto_instrument_packages=['requests', 'httpx'])\n"
        "with botanu.run('S') as run:\n"
        "    requests.get(url); httpx.get(url)\n"
        "print(all(f'botanu.run_id={run.run_id}' in one for one in seen), len(seen))\n"
        "server.shutdown(); server.server_close()"
    )

    assert ended.stdout == "True 2\n"


class Good:
    """An instrumentor that notes what it was told."""

    is_instrumented_by_opentelemetry = False
    told: ClassVar[list[dict[str, Any]]] = []

    def instrument(self, **told: Any) -> None:
        """Note it."""
        self.told.append(told)

    def uninstrument(self) -> None:
        """Break on the way out."""
        raise RuntimeError("stuck")


class Broken(Good):
    """An instrumentor that breaks."""

    def instrument(self, **told: Any) -> None:
        """Break."""
        raise RuntimeError("broken")


def distribution(folder: Path, name: str, entry: str, target: str, requires: str = "") -> None:
    """Install a distribution with one instrumentation by its metadata alone, as pip leaves it."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    extra = f'Provides-Extra: instruments\nRequires-Dist: {requires}; extra == "instruments"\n' if requires else ""
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{extra}", "utf-8")
    (info / "entry_points.txt").write_text(f"[opentelemetry_instrumentor]\n{entry} = {target}\n", "utf-8")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path to install distributions in."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    Good.told.clear()
    return folder


def test_a_broken_one_is_one_warning(installed: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A broken instrumentation is one warning, and the others go on; one that cannot be undone is a warning too."""
    distribution(installed, "good", "good-one", f"{__name__}:Good")
    distribution(installed, "broken", "broken_one", f"{__name__}:Broken")
    distribution(installed, "gone", "gone", "no.such.module:Gone")
    used = instrumentation.instrument(["good_one", "broken_one", "gone"])
    instrumentation.uninstrument(used)

    assert [type(instrumentor).__name__ for instrumentor in used] == ["Good"]
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 3
    for name in ("broken_one", "gone", "Good"):
        assert caplog.text.count(name) >= 1


def test_missing_and_unfit_libraries(installed: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A library that is missing is skipped in silence; one of a version that is not known is one warning with both."""
    distribution(installed, "for-missing", "missing", f"{__name__}:Good", "no-such-library>=1")
    distribution(installed, "for-old", "old", f"{__name__}:Good", "pytest<1")

    assert instrumentation.instrument(["missing", "old"]) == []
    [warning] = caplog.records
    assert "for-old" in warning.getMessage()
    assert "pytest<1" in warning.getMessage()


def test_two_that_count_the_same_calls(installed: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Of two instrumentations of one library one is used, and the advice is given once."""
    distribution(installed, "zz-instrumentation", "thing", f"{__name__}:Broken")
    distribution(installed, "opentelemetry-instrumentation-genai-thing", "thing", f"{__name__}:Good")
    used = instrumentation.instrument(["thing"])

    assert [type(instrumentor).__name__ for instrumentor in used] == ["Good"]
    [advice] = caplog.records
    assert "opentelemetry-instrumentation-genai-thing is used" in advice.getMessage()


def test_a_framework_and_its_client(installed: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A framework and the client below it see the same calls: one piece of advice."""
    distribution(installed, "one", "langchain", f"{__name__}:Good")
    distribution(installed, "two", "google_genai", f"{__name__}:Good")
    points = [
        p for p in entry_points(group=instrumentation.GROUP) if p.dist is not None and p.dist.name in ("one", "two")
    ]
    assert len(points) == 2
    instrumentation._advise({"langchain", "google_genai", "requests"})
    instrumentation._advise({"langchain", "requests"})

    [advice] = caplog.records
    assert "langchain and google_genai see the same calls" in advice.getMessage()


def test_disabled_ones_are_left_out(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OTEL_PYTHON_DISABLED_INSTRUMENTATIONS is obeyed."""
    distribution(installed, "good", "good", f"{__name__}:Good")
    monkeypatch.setenv("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "other, good")

    assert instrumentation.instrument(["good"]) == []


def test_what_is_instrumented_already_is_left_alone(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An instrumentation that the program switched on itself is not switched on again, nor off by us."""
    distribution(installed, "good", "good", f"{__name__}:Good")
    monkeypatch.setattr(Good, "is_instrumented_by_opentelemetry", True)

    assert instrumentation.instrument(["good"]) == []


@pytest.mark.parametrize("server", ["django", "flask", "celery"])
def test_with_web_frameworks(server: str, python: Python, store: Store) -> None:
    """Enabled in a Django, Flask or Celery program, runs inside its handlers are children of the server's span."""
    bodies = {
        "flask": "import flask\napp = flask.Flask('a')\n@app.get('/')\ndef home():\n    work(); return 'ok'\n"
        "print(app.test_client().get('/').status_code)",
        "django": "import django\nfrom django.conf import settings\n"
        "settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=['*'], SECRET_KEY='x', MIDDLEWARE=[])\n"
        f"botanu.disable(); botanu.enable('x', store={str(store.path)!r}, auto_instrument_packages=['django'])\n"
        "from django.http import HttpResponse\nfrom django.urls import path\n"
        "def home(request):\n    work(); return HttpResponse('ok')\nurlpatterns = [path('', home)]\n"
        "django.setup()\nfrom django.test import Client\nprint(Client().get('/').status_code)",
        "celery": "from celery import Celery\napp = Celery(broker='memory://')\napp.conf.task_always_eager = True\n"
        "@app.task\ndef task():\n    work()\ntask.delay(); print(200)",
    }
    ended = python(
        "import botanu\n"
        f"botanu.enable('x', store={str(store.path)!r}, auto_instrument_packages=['{server}'])\n"
        "@botanu.use_case('Serve')\ndef work(): pass\n" + bodies[server]
    )

    assert ended.stdout == "200\n"
    assert len(store.runs()) == 1


def test_zero_code(python: Python, store: Store, tmp_path: Path) -> None:
    """`python -m botanu run app.py` and `-m module` run a program enabled, with its own arguments and exit code."""
    program = "import sys, botanu\nwith botanu.run('Zero'):\n    print(__name__, sys.argv[1:])\nsys.exit(3)"
    (tmp_path / "app.py").write_text(program, "utf-8")
    idle = only_what_it_names(program)  # the first one finds all that is installed
    by_file = python("", "-m", "botanu", "run", "--store", str(store.path), "app.py", "-x", "1", check=False)
    by_module = python(
        "", "-m", "botanu", "run", "--store", str(store.path), "-m", "app", "--store", "y", check=False, **idle
    )
    named = python(
        "", "-m", "botanu", "run", "--service-name", "mine", "app.py", check=False, BOTANU_STORE=str(store.path), **idle
    )

    assert (by_file.returncode, by_file.stdout) == (3, "__main__ ['-x', '1']\n")
    assert (by_module.returncode, by_module.stdout) == (3, "__main__ ['--store', 'y']\n")
    assert named.returncode == 3
    (tmp_path / "named.yaml").write_text("service: {name: of-the-file}", "utf-8")
    options = ("--store", str(store.path), "--config", "named.yaml")
    assert python("", "-m", "botanu", "run", *options, "app.py", check=False, **idle).returncode == 3
    said = idle | {"BOTANU_STORE": str(store.path), "OTEL_RESOURCE_ATTRIBUTES": "service.name=of-the-resource"}
    assert python("", "-m", "botanu", "run", "app.py", check=False, **said).returncode == 3
    services = [
        {a["key"]: a["value"] for a in document["resourceSpans"][0]["resource"]["attributes"]}["service.name"][
            "stringValue"
        ]
        for document in store.documents
    ]
    assert sorted(services) == ["app", "app", "mine", "of-the-file", "of-the-resource"]
    assert "PROGRAM" in python("", "-m", "botanu", "run", check=False).stderr


def test_under_opentelemetry_instrument(store: Store, tmp_path: Path) -> None:
    """A program that enables botanu joins the provider that `opentelemetry-instrument` set up, whose exporter goes on."""
    program = (
        "import botanu\nfrom opentelemetry import trace\n"
        "before = trace.get_tracer_provider()\n"
        f"botanu.enable('x', store={str(store.path)!r}, auto_instrument=False)\n"
        "with botanu.run('Z'): print(type(before).__module__, trace.get_tracer_provider() is before)"
    )
    (tmp_path / "joined.py").write_text(program, "utf-8")
    script = Path(sys.executable).with_name("opentelemetry-instrument")
    only_traces = {"OTEL_TRACES_EXPORTER": "console", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
    ended = subprocess.run(
        [script, sys.executable, "joined.py"],
        cwd=tmp_path,
        env={**os.environ, **only_traces, **only_what_it_names(program)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert ended.stdout.startswith("opentelemetry.sdk.trace True\n")
    assert '"name": "botanu.run/Z"' in ended.stdout
    assert len(store.runs()) == 1


def test_log_records_carry_the_trace(python: Python, store: Store) -> None:
    """The logging instrumentation adds trace ids to records and leaves the root logger's handlers to the program."""
    ended = python(
        "import logging, botanu\n"
        f"botanu.enable('x', store={str(store.path)!r}, auto_instrument_packages=['logging'])\n"
        "logging.basicConfig(format='%(otelTraceID)s %(message)s')\n"
        "with botanu.run('S'): logging.warning('hello')"
    )

    trace_id, message = ended.stderr.split()
    assert message == "hello"
    assert trace_id == store.spans[0]["traceId"]


def test_every_entry_point_known_is_spelled_right() -> None:
    """The names that packages of the default list register under are those we look for."""
    from botanu.sdk.config import DEFAULT_PACKAGES

    installed: dict[str, EntryPoint] = {p.name.replace("-", "_"): p for p in entry_points(group=instrumentation.GROUP)}
    looked_for = {entry for name in DEFAULT_PACKAGES for entry in instrumentation._ENTRY_NAMES.get(name, (name,))}
    assert {"openai", "anthropic", "requests", "httpx2", "grpc_client"} <= looked_for & set(installed)
    assert set(installed) - looked_for <= {"threading"}
    assert logging.root.manager is not None
