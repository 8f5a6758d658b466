"""The run context: ids, lineage, baggage, deadlines."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botanu.models.run_context import RunContext, RunOutcome, RunStatus, generate_run_id
from botanu.sdk.context import get_current_run_context, get_run_id

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=100)


def test_a_run_id_is_a_uuid_of_version_7() -> None:
    """A run id is a UUIDv7 of RFC 9562: version nibble 7, variant 10, its first 48 bits the time in milliseconds."""
    before = time.time_ns() // 1_000_000
    run_id = uuid.UUID(generate_run_id())
    after = time.time_ns() // 1_000_000

    assert run_id.version == 7
    assert run_id.variant == uuid.RFC_4122
    assert before <= run_id.int >> 80 <= after


def test_run_ids_sort_by_when_they_were_made() -> None:
    """Ids made later in one process sort later, without repeats."""
    ids = [generate_run_id() for _ in range(20_000)]

    assert ids == sorted(set(ids))


def test_run_ids_of_many_threads_sort_within_each_thread() -> None:
    """Threads that make ids at the same time get no id twice, and each sees its own rise."""
    made: list[list[str]] = []

    def make() -> None:
        made.append([generate_run_id() for _ in range(2000)])

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(ids == sorted(ids) for ids in made)
    assert len({run_id for ids in made for run_id in ids}) == 8000


def test_a_forked_child_makes_other_ids() -> None:
    """A child after fork does not repeat its parent's ids."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, generate_run_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(read, 100).decode()
    os.close(read)
    os.close(write)

    assert theirs[-17:] != generate_run_id()[-17:]


def test_a_new_run_is_its_own_root() -> None:
    """`create` gives a new id, attempt 1, its own id as root, an aware start time, and no outcome."""
    run = RunContext.create("Support", workflow="answer", tenant_id="acme")

    assert run.root_run_id == run.run_id
    assert (run.attempt, run.use_case, run.workflow, run.tenant_id) == (1, "Support", "answer", "acme")
    assert run.start_time.tzinfo is UTC
    assert abs((datetime.now(UTC) - run.start_time).total_seconds()) < 5
    assert run.outcome is None
    assert run.duration_ms is None


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "production"),
        ({"DEPLOYMENT_ENVIRONMENT": "test"}, "test"),
        ({"DEPLOYMENT_ENVIRONMENT": "test", "BOTANU_ENVIRONMENT": "staging"}, "staging"),
    ],
)
def test_the_environment_falls_back(variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is what the caller says, else BOTANU_ENVIRONMENT, else DEPLOYMENT_ENVIRONMENT, else production."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert RunContext.create("Support").environment == expected
    assert RunContext.create("Support", environment="mine").environment == "mine"


def test_a_retry_names_what_it_repeats() -> None:
    """`create_retry`: a new id, one attempt more, the previous run's id, the root kept."""
    first = RunContext.create("Support", workflow="answer", workflow_version="v:1", tenant_id="acme")
    second = RunContext.create_retry(first)
    third = RunContext.create_retry(second)

    assert len({first.run_id, second.run_id, third.run_id}) == 3
    assert (third.attempt, third.retry_of_run_id, third.root_run_id) == (3, second.run_id, first.run_id)
    assert (third.use_case, third.workflow, third.workflow_version, third.tenant_id) == (
        "Support",
        "answer",
        "v:1",
        "acme",
    )


@given(
    use_case=TEXT,
    workflow=TEXT,
    environment=TEXT,
    tenant=TEXT,
    attempt=st.integers(1, 99),
    seconds=st.none() | st.floats(1, 1e6),
)
def test_full_baggage_brings_the_run_back(
    use_case: str, workflow: str, environment: str, tenant: str, attempt: int, seconds: float | None
) -> None:
    """What full baggage carries is what `from_baggage` gives back."""
    run = RunContext.create(
        use_case,
        workflow,
        environment=environment,
        tenant_id=tenant,
        parent_run_id="p",
        root_run_id="r",
        attempt=attempt,
        retry_of_run_id="o",
        deadline_seconds=seconds,
    )
    back = RunContext.from_baggage(run.to_baggage_dict(lean_mode=False))

    assert back is not None
    assert back.deadline == pytest.approx(run.deadline, abs=0.001)
    back.deadline, back.start_time, back.workflow_version = run.deadline, run.start_time, run.workflow_version
    assert back == run


def test_lean_baggage_is_two_entries() -> None:
    """Lean baggage is the run's id and use case; full adds only what says something."""
    run = RunContext.create("Support")

    assert run.to_baggage_dict(lean_mode=True) == {"botanu.run_id": run.run_id, "botanu.use_case": "Support"}
    assert set(run.to_baggage_dict(lean_mode=False)) == {"botanu.run_id", "botanu.use_case", "botanu.environment"}


def test_the_environment_decides_between_lean_and_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a mode said, BOTANU_PROPAGATION_MODE decides, and lean is the default."""
    run = RunContext.create("Support", workflow="answer")

    assert "botanu.workflow" not in run.to_baggage_dict()
    monkeypatch.setenv("BOTANU_PROPAGATION_MODE", "full")
    assert run.to_baggage_dict()["botanu.workflow"] == "answer"


@pytest.mark.parametrize("missing", ["botanu.run_id", "botanu.use_case"])
def test_baggage_without_id_or_use_case_is_no_run(missing: str) -> None:
    """Without run_id or use_case there is no run."""
    carried = RunContext.create("Support").to_baggage_dict(lean_mode=True)
    del carried[missing]

    assert RunContext.from_baggage(carried) is None


GARBAGE = st.one_of(st.text(max_size=2000), st.integers(), st.none(), st.binary(max_size=20), st.lists(st.text()))


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "botanu.attempt",
                "botanu.deadline",
                "botanu.cancelled",
                "botanu.workflow",
                "botanu.root_run_id",
                "botanu.x",
            ]
        ),
        GARBAGE,
    )
)
def test_garbage_in_optional_baggage_is_ignored(garbage: dict[str, object]) -> None:
    """Whatever the optional keys hold, the run is there, with a sensible attempt and deadline."""
    run = RunContext.from_baggage({"botanu.run_id": "r", "botanu.use_case": "u", **garbage})

    assert run is not None
    assert run.attempt >= 1
    assert run.deadline is None or run.deadline >= 0
    assert run.workflow is None or len(run.workflow) <= 512
    assert run.to_span_attributes()["botanu.run_id"] == "r"


def test_oversized_baggage_is_no_run() -> None:
    """A run id longer than any of ours is not believed."""
    assert RunContext.from_baggage({"botanu.run_id": "x" * 10_000, "botanu.use_case": "u"}) is None


def test_deadline_and_remaining_time() -> None:
    """A deadline passes; the time left is never negative, and None without a deadline."""
    open_end, ahead, past = (RunContext.create("x", deadline_seconds=seconds) for seconds in (None, 60, -1))

    assert (open_end.remaining_time_seconds(), open_end.is_past_deadline()) == (None, False)
    assert 50 < (ahead.remaining_time_seconds() or 0) <= 60
    assert not ahead.is_cancelled()
    assert (past.remaining_time_seconds(), past.is_past_deadline(), past.is_cancelled()) == (0.0, True, True)


def test_cancellation() -> None:
    """A cancelled run says so and when, and its baggage carries it."""
    run = RunContext.create("x")
    run.request_cancellation()

    assert run.is_cancelled()
    assert run.cancelled_at == pytest.approx(time.time(), abs=5)
    assert run.to_baggage_dict(lean_mode=False)["botanu.cancelled"] == "true"
    assert run.to_span_attributes()["botanu.run.cancelled"] is True


def test_completion() -> None:
    """`complete` sets the outcome and stops the clock."""
    run = RunContext.create("x")
    run.complete(RunStatus.PARTIAL, reason_code="half", value_type="pages", value_amount=2, confidence=0.5)

    assert run.outcome == RunOutcome(RunStatus.PARTIAL, "half", None, "pages", 2, 0.5)
    assert run.duration_ms is not None
    assert run.duration_ms >= 0
    attributes = run.to_span_attributes()
    assert attributes["botanu.outcome.status"] == "partial"
    assert attributes["botanu.outcome.reason_code"] == "half"
    assert attributes["botanu.run.duration_ms"] == run.duration_ms


def test_a_signal_while_an_id_is_made(python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """A signal's handler that makes an id, while the program is in the middle of making one, does not wait for it for ever."""
    said = python(
        """
import signal, time
from botanu.models import run_context

ids, clock = [], time.time_ns
signal.signal(signal.SIGUSR1, lambda *_: ids.append(run_context.generate_run_id()))

def interrupted():
    time.time_ns = clock
    signal.raise_signal(signal.SIGUSR1)
    return clock()

time.time_ns = interrupted
signal.alarm(10)
ids.append(run_context.generate_run_id())
print(len(set(ids)), ids == sorted(ids))
"""
    )

    assert said.stdout == "2 True\n"


def test_a_clock_that_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run takes as long as it takes, whatever the clock on the wall says meanwhile."""
    run = RunContext.create("x")
    monkeypatch.setattr("botanu.models.run_context._now", lambda: run.start_time - timedelta(hours=1))

    assert 0 <= run.end() < 1000
    run.complete(RunStatus.SUCCESS)
    assert run.duration_ms is not None
    assert 0 <= run.duration_ms < 1000


def test_span_attributes_leave_out_what_is_not_known() -> None:
    """A plain run's attributes are those that say something."""
    run = RunContext.create("x")

    assert set(run.to_span_attributes()) == {
        "botanu.run_id",
        "botanu.use_case",
        "botanu.environment",
        "botanu.root_run_id",
        "botanu.attempt",
        "botanu.run.start_time",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*\+00:00", str(run.to_span_attributes()["botanu.run.start_time"]))


def test_as_current_takes_the_run_over_a_queue() -> None:
    """On the far side of a queue the run is current inside the block and gone after it."""
    message = RunContext.create("Support", tenant_id="acme").to_baggage_dict(lean_mode=False)

    run = RunContext.from_baggage(message)
    assert run is not None
    with run.as_current() as current:
        assert get_run_id() == message["botanu.run_id"]
        assert get_current_run_context() is current
    assert get_run_id() is None
    assert get_current_run_context() is None


def test_statuses_are_their_words() -> None:
    """The five statuses are plain words."""
    assert [status.value for status in RunStatus] == ["success", "failure", "partial", "timeout", "canceled"]
    assert RunStatus.SUCCESS == "success"
