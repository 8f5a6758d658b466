"""Starting and stopping: `enable`, `disable`, where spans go, and the manners both keep."""

from __future__ import annotations

import logging
import subprocess
import threading
from collections.abc import Callable

import pytest
from opentelemetry import propagate, trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

import botanu
from botanu.sdk.bootstrap import get_config
from botanu.tracking.data import track_db_operation
from botanu.tracking.llm import track_llm_call, track_tool_call
from tests.conftest import only_what_it_names
from tests.sdk.conftest import Collector, Store

Python = Callable[..., subprocess.CompletedProcess[str]]


def one_run() -> None:
    """One run with a call in it."""
    with botanu.run("Support"), track_llm_call("openai", "gpt-5") as call:
        call.set_tokens(10, 5)
        botanu.emit_outcome("success", value_type="tickets_resolved", value_amount=1)


def test_enable_and_disable(store: Store) -> None:
    """`enable` says whether it was this call that enabled; `disable` flushes and lets it be called again."""
    assert (botanu.is_enabled(), get_config()) == (False, None)
    assert botanu.enable("x", store=store.path, auto_instrument=False) is True
    assert botanu.is_enabled()
    config = get_config()
    assert config is not None
    assert (config.service_name, config.store) == ("x", str(store.path))
    one_run()
    botanu.disable()
    assert (botanu.is_enabled(), get_config()) == (False, None)
    assert {span["name"] for span in store.spans} == {"botanu.run/Support", "chat gpt-5"}

    assert botanu.init_botanu("x", store=store.path, auto_instrument=False) is True
    one_run()
    botanu.disable()
    assert len(store.runs()) == 2
    botanu.disable()


def test_runs_are_in_the_environment_that_was_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `enable` is told beats the environment's variables for runs too, also where it is the default's name."""
    monkeypatch.setenv("BOTANU_ENVIRONMENT", "staging")
    monkeypatch.setenv("DEPLOYMENT_ENVIRONMENT", "test")
    botanu.enable("x", store=store.path, auto_instrument=False, environment="production")
    one_run()
    botanu.disable()
    botanu.enable("x", store=store.path, auto_instrument=False)
    one_run()
    botanu.disable()

    runs = store.runs()
    assert sorted(run["botanu.environment"] for run in runs) == ["production", "staging"]


def test_called_twice(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Called twice: a warning, False, and no second pipeline."""
    botanu.enable("x", store=store.path, auto_instrument=False)
    assert botanu.enable("y", store=store.path, auto_instrument=False) is False
    one_run()
    botanu.disable()

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert len(store.runs()) == 1


def test_enable_from_several_threads(store: Store) -> None:
    """Of several threads that enable at once exactly one does."""
    barrier = threading.Barrier(8)
    said: list[bool] = []

    def enable() -> None:
        barrier.wait(10)
        said.append(botanu.enable("x", store=store.path, auto_instrument=False))

    threads = [threading.Thread(target=enable) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    one_run()
    botanu.disable()

    assert sorted(said) == [False] * 7 + [True]
    assert len(store.runs()) == 1


def test_every_span_in_the_run_carries_it(store: Store) -> None:
    """In the store every span of the run, also a foreign tracer's, has run_id and use_case."""
    botanu.enable("x", store=store.path, auto_instrument=False)
    with botanu.run("Support") as run, track_tool_call("t"), track_db_operation("pg", "SELECT"):
        trace.get_tracer("theirs").start_span("theirs").end()
    botanu.disable()

    assert {span["attributes"]["botanu.run_id"] for span in store.spans} == {run.run_id}
    assert {span["attributes"]["botanu.use_case"] for span in store.spans} == {"Support"}
    assert len(store.spans) == 4


def test_full_mode(store: Store) -> None:
    """In full mode every span also carries workflow, environment and tenant."""
    botanu.enable("x", store=store.path, propagation_mode="full", environment="staging", auto_instrument=False)
    with botanu.run("Support", "flow", tenant_id="acme"), track_tool_call("t"):
        pass
    botanu.disable()

    tool = store.spans[0]["attributes"]
    assert (tool["botanu.workflow"], tool["botanu.environment"], tool["botanu.tenant_id"]) == (
        "flow",
        "staging",
        "acme",
    )


def test_the_environment_of_runs(store: Store) -> None:
    """`environment=` is that of the resource and of every run."""
    botanu.enable("x", store=store.path, environment="staging", auto_instrument=False)
    one_run()
    botanu.disable()
    with botanu.run("later") as later:
        pass

    assert store.runs()[0]["botanu.environment"] == "staging"
    assert later.environment == "production"


def test_the_resource(store: Store) -> None:
    """Name, version, namespace and environment are on the resource; what can be detected too, if asked for."""
    fields = {"service_version": "2", "service_namespace": "ns"}
    botanu.enable("x", store=store.path, environment="e", auto_instrument=False, **fields)
    one_run()
    botanu.disable()
    botanu.enable("x", store=store.path, auto_detect_resources=False, auto_instrument=False)
    one_run()
    botanu.disable()

    detected, bare = (
        {a["key"]: a["value"] for a in document["resourceSpans"][0]["resource"]["attributes"]}
        for document in store.documents
    )
    for key, value in {
        "service.name": "x",
        "service.version": "2",
        "service.namespace": "ns",
        "deployment.environment": "e",
        "deployment.environment.name": "e",
    }.items():
        assert detected[key] == {"stringValue": value}
    assert "host.name" in detected
    assert "host.name" not in bare


@pytest.mark.parametrize(("said", "name"), [(None, "shop"), ("x", "x")])
def test_the_resource_that_the_environment_says(
    said: str | None, name: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OTEL_RESOURCE_ATTRIBUTES adds to the resource, and names the service and where it runs where the configuration does not."""
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=shop,team=blue,deployment.environment=staging")
    botanu.enable(said, store=store.path, auto_instrument=False, environment=said)
    one_run()
    botanu.disable()

    resource = {a["key"]: a["value"] for a in store.documents[0]["resourceSpans"][0]["resource"]["attributes"]}
    assert (resource["service.name"], resource["team"]) == ({"stringValue": name}, {"stringValue": "blue"})
    assert resource["deployment.environment.name"] == {"stringValue": said or "staging"}


def test_spans_arrive_at_the_endpoint(collector: Collector) -> None:
    """With an endpoint spans arrive there, as OTLP over HTTP, with the headers configured."""
    botanu.enable("x", collector.endpoint, otlp_headers={"x-key": "secret"}, auto_instrument=False)
    one_run()
    botanu.disable()

    assert collector.names == {"botanu.run/Support", "chat gpt-5"}
    headers, request = collector.requests[0]
    assert headers["x-key"] == "secret"
    assert {a.key: a.value.string_value for a in request.resource_spans[0].resource.attributes}["service.name"] == "x"


def test_store_and_endpoint(store: Store, collector: Collector) -> None:
    """With both named the same spans go to both."""
    botanu.enable("x", collector.endpoint, store=store.path, auto_instrument=False)
    one_run()
    botanu.disable()

    assert {span.span_id.hex() for span in collector.spans} == {span["spanId"] for span in store.spans}
    assert len(store.spans) == 2


@pytest.mark.parametrize("door", ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT", "yaml"])
def test_an_endpoint_named_anywhere_is_used(
    door: str, store: Store, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a store, an endpoint in the environment or in YAML is used as one in code is."""
    if door == "yaml":
        (store.path.parent / "botanu.yaml").write_text(f"otlp: {{endpoint: '{collector.endpoint}'}}", "utf-8")
    else:
        base = collector.endpoint.removesuffix("/v1/traces")
        monkeypatch.setenv(door, base if door == "OTEL_EXPORTER_OTLP_ENDPOINT" else collector.endpoint)
    botanu.enable("x", store=store.path, auto_instrument=False)
    one_run()
    botanu.disable()

    assert len(collector.spans) == len(store.spans) == 2


def test_a_store_and_nothing_else_sends_nothing(store: Store, python: Python) -> None:
    """With a store and no endpoint named, no connection is tried and nothing is said."""
    ended = python(
        "import socket\n"
        "socket.socket.connect = lambda *a: (_ for _ in ()).throw(SystemExit('connected'))\n"
        "import botanu\n"
        f"botanu.enable('x', store={str(store.path)!r}, auto_instrument_packages=['requests', 'logging'])\n"
        "with botanu.run('Support'): pass\n"
    )

    assert (ended.stdout, ended.stderr) == ("", "")
    assert len(store.runs()) == 1


def test_the_store_may_be_named_by_the_environment(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """BOTANU_STORE names the store."""
    monkeypatch.setenv("BOTANU_STORE", str(store.path))
    botanu.enable(auto_instrument=False)
    one_run()
    botanu.disable()

    assert len(store.runs()) == 1


def test_the_interpreters_exit_flushes(store: Store, python: Python) -> None:
    """A program that simply ends leaves all its spans."""
    python(
        f"import botanu\nbotanu.enable('x', store={str(store.path)!r})\nfor _ in range(700):\n  with botanu.run('S'): pass",
        **only_what_it_names(""),
    )

    assert len(store.runs()) == 700


def test_visible_while_running_and_after_a_kill(store: Store, python: Python) -> None:
    """What was flushed is in the store while the program runs, and after it was killed."""
    ended = (
        python(
            "import botanu, os, signal, time\n"
            f"botanu.enable('x', store={str(store.path)!r}, schedule_delay_millis=50)\n"
            "with botanu.run('S'): pass\n"
            "while not [n for n in os.listdir('botanu.duckdb.spool') if n.endswith('.jsonl') and n[0] != '.']: time.sleep(0.01)\n"
            "os.kill(os.getpid(), signal.SIGKILL)",
            check=False,
            PYTHONPATH="",
            **only_what_it_names(""),
        )
        if store.spool.mkdir() is None
        else None
    )

    assert ended is not None
    assert ended.returncode == -9
    assert len(store.runs()) == 1


def test_flush_after_run(store: Store) -> None:
    """With `flush_after_run` a run's spans are out when the run is over, before any freeze."""
    botanu.enable("x", store=store.path, flush_after_run=True, auto_instrument=False)
    one_run()

    assert len(store.runs()) == 1


def test_sampling(store: Store) -> None:
    """`trace_sample_rate` takes effect, whole traces at a time, and each run says the rate."""
    botanu.enable("x", store=store.path, trace_sample_rate=0.3, auto_instrument=False)
    for _ in range(400):
        one_run()
    botanu.disable()

    assert 60 < len(store.runs()) < 180
    assert len(store.spans) == 2 * len(store.runs())
    assert {run["botanu.sample_rate"] for run in store.runs()} == {0.3}


def test_all_is_recorded_whatever_the_caller_sampled(store: Store) -> None:
    """At rate 1 a remote parent that was not sampled does not make costs disappear."""
    botanu.enable("x", store=store.path, auto_instrument=False)
    parent = trace.SpanContext(1, 2, is_remote=True, trace_flags=trace.TraceFlags(0))
    with trace.use_span(trace.NonRecordingSpan(parent)):
        one_run()
    botanu.disable()

    assert len(store.runs()) == 1
    assert "botanu.sample_rate" not in store.runs()[0]


def test_propagators(store: Store) -> None:
    """Trace context and baggage travel while enabled, beside whatever the program set; afterwards it is as before."""
    mine = TraceContextTextMapPropagator()
    propagate.set_global_textmap(mine)
    botanu.enable("x", store=store.path, auto_instrument=False)
    carrier: dict[str, str] = {}
    with botanu.run("S"):
        propagate.inject(carrier)
    fields = propagate.get_global_textmap().fields
    botanu.disable()

    assert set(carrier) == {"traceparent", "baggage"}
    assert fields >= W3CBaggagePropagator().fields | mine.fields
    assert propagate.get_global_textmap() is mine


def test_logging_is_left_alone(python: Python, store: Store) -> None:
    """It must not call `logging.basicConfig`: the root logger has no handlers and no level of ours."""
    ended = python(
        "import logging, botanu\n"
        f"botanu.enable('x', store={str(store.path)!r})\n"
        "with botanu.run('S'): pass\n"
        "print(logging.root.handlers, logging.root.level == logging.WARNING)"
    )

    assert ended.stdout == "[] True\n"


def test_without_the_sdk(python: Python) -> None:
    """Without the OpenTelemetry SDK: one clear error that names the extra, False, and the program goes on."""
    ended = python(
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.startswith('opentelemetry.sdk'): raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "import botanu\n"
        "print(botanu.enable('x'))\n"
        "with botanu.run('S'): print('went on')"
    )

    assert ended.stdout == "False\nwent on\n"
    assert ended.stderr.count("\n") == 1
    assert "pip install 'botanu[sdk]'" in ended.stderr


@pytest.mark.parametrize("missing", ["orjson", "opentelemetry.exporter.otlp.proto.grpc"])
def test_a_part_that_is_missing(missing: str, python: Python, store: Store) -> None:
    """A missing part of the extra is one clear error too, and nothing is left half started."""
    ended = python(
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.startswith({missing!r}): raise ModuleNotFoundError(f'No module named {{name!r}}')\n"
        "sys.meta_path.insert(0, Missing())\n"
        "import botanu\nfrom opentelemetry import trace\n"
        f"print(botanu.enable('x', 'http://localhost:1', store={str(store.path)!r}), botanu.is_enabled())\n"
        "print(type(trace.get_tracer_provider()).__name__)",
        OTEL_EXPORTER_OTLP_PROTOCOL="grpc",
    )

    assert ended.stdout == "False False\nProxyTracerProvider\n"
    assert ended.stderr.count("\n") == 1
    assert "pip install" in ended.stderr


def test_a_wrong_argument_is_named() -> None:
    """An argument that is no field is a TypeError with the closest one; a wrong value is a ValueError."""
    with pytest.raises(TypeError, match="did you mean trace_sample_rate"):
        botanu.enable(trace_sample_rat=1)
    with pytest.raises(ValueError, match="propagation_mode is 'medium'"):
        botanu.enable(propagation_mode="medium")
    assert not botanu.is_enabled()


def test_nothing_is_logged_on_a_good_day(store: Store, collector: Collector, caplog: pytest.LogCaptureFixture) -> None:
    """Recording, exporting and stopping say nothing at all, at any level of ours."""
    caplog.set_level(logging.DEBUG, "botanu")
    caplog.set_level(logging.DEBUG, "opentelemetry")
    botanu.enable("x", collector.endpoint, store=store.path, auto_instrument=False)
    one_run()
    botanu.disable()

    assert [record.getMessage() for record in caplog.records] == []
