"""One call told of in two traces: counted once, where it belongs, whatever came first."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from botanu_store import open_store
from botanu_store.filters import Filters
from botanu_store.store import Store
from botanu_store.times import moment

from tests.store.builders import START, Document, chat, document, log_document, run, span, spool
from tests.store.clickhouse import local
from tests.store.test_logs import TRACING, api_request, llm_request
from tests.store.told_twice import (
    ALONE,
    APP,
    SECOND,
    any_world,
    app,
    by_client,
    by_gateway,
    client,
    each_beginning_a_trace,
    gateway,
    linked_by_a_gateway,
    linked_by_another_call,
    losing_its_place,
    many,
    of_two_autologs,
    other_gateway,
    placed_by_its_run,
    sharing_a_scope,
    sharing_one_name,
    told,
    told_three_times,
    waiting_first,
    without_names,
    without_service,
)

pytestmark = pytest.mark.usefixtures("ready_made")


def counted(store: Store) -> list[tuple[str, str, int]]:
    """Span, run and input tokens of every call that counts."""
    rows = store.query("select span_id, run_id, input_tokens from calls where counted order by all")
    return [(row["span_id"], row["run_id"], row["input_tokens"]) for row in rows]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("together", [True, False])
def test_a_call_in_two_traces_counts_once(tmp_path: Path, order: tuple[int, ...], together: bool) -> None:
    """In the larger of the two, and the other says of which span it is a repeat; in whatever order they come, and if they come again."""
    path = tmp_path / "s.duckdb"
    parts = [app(), by_client(client()), by_gateway(gateway())]
    for part in order:
        spool(path, parts[part])
        if not together:
            open_store(path).close()
    spool(path, parts[order[0]])

    with open_store(path) as store:
        assert counted(store) == [("1" * 16, APP, 1000)]
        (other,) = store.query("select * from calls where not counted")
        assert other["duplicate_of"] == "1" * 16
        assert store.cost(Filters()).totals["calls"] == 1


def test_the_call_belongs_to_the_run_that_is_named(tmp_path: Path) -> None:
    """Though the span that counts is in a trace without a run; the run's tree shows it, and adds up to what the run costs."""
    path = tmp_path / "s.duckdb"
    spool(path, *placed_by_its_run())

    with open_store(path) as store:
        assert counted(store) == [("1" * 16, "run-1", 600)]
        (row,) = [row for row in store.runs(Filters()).rows if row["run_id"] == "run-1"]
        detail = store.run("run-1")
        (root,) = detail.roots
        assert root.total_usd == row["cost_usd"] == Decimal("0.003")
        assert [node.span_id for node in root.children[0].children] == ["1" * 16]
        assert store.run(APP).run["cost_usd"] == 0


@pytest.mark.parametrize(
    "parts",
    [
        [
            by_client(client("r1")),
            document(
                [chat(ALONE, llm__model_name="gpt-4o", gen_ai__response__id="r2", millis=1000)],
                "shop",
                "openinference.x",
            ),
        ],
        [
            by_client(client("")),
            document([chat(ALONE, llm__model_name="gpt-4o", millis=1000)], "shop", "openinference.x"),
        ],
        [by_client(client("")), document([gateway("")], "till", "litellm")],
        [by_gateway(gateway()), by_gateway(other_gateway())],
        [by_client(client()), by_gateway(gateway(start=START + 4 * SECOND))],
        [by_client(client()), by_gateway(gateway(tokens=(77, 9)))],
    ],
    ids=[
        "another answer",
        "no answer named",
        "of another service",
        "by one instrumentation",
        "seconds apart",
        "of other size",
    ],
)
def test_calls_that_may_be_two_count_twice(tmp_path: Path, parts: list[Document]) -> None:
    """A name alone says nothing: test servers and replayed answers give the same to many."""
    path = tmp_path / "s.duckdb"
    spool(path, *parts)

    with open_store(path) as store:
        assert len(counted(store)) == 2


def test_a_gateway_that_names_no_answer_is_found_by_time_and_tokens(tmp_path: Path) -> None:
    """Of instrumentations that are known to tell of calls in traces of their own; also where the other does not know the tokens."""
    path = tmp_path / "s.duckdb"
    spool(path, *without_names())

    with open_store(path) as store:
        assert [tokens for *_, tokens in counted(store)] == [1000, 50]
        assert {run_id for _, run_id, _ in counted(store)} == {APP}


def test_a_gateways_call_that_began_long_before_the_clients_is_found_by_its_tokens(tmp_path: Path) -> None:
    """As the first one does, while its library loads; a program of another name makes calls of its own."""
    path = tmp_path / "s.duckdb"
    spool(path, *waiting_first())

    with open_store(path) as store:
        assert [tokens for *_, tokens in counted(store)] == [1000, 1000]
        assert {run_id for _, run_id, _ in counted(store)} == {APP, "d" * 32}


def test_a_provider_that_names_no_service_may_be_any(tmp_path: Path) -> None:
    """MLflow's own says none of its spans'."""
    path = tmp_path / "s.duckdb"
    spool(path, *without_service())

    with open_store(path) as store:
        assert [tokens for *_, tokens in counted(store)] == [1000]
        assert store.cost(Filters()).totals["calls"] == 1


def test_in_linked_traces_a_call_without_a_name_is_found_too(tmp_path: Path) -> None:
    """A stream's span that lost the answer's name is told by its time and tokens, as within one trace."""
    path = tmp_path / "s.duckdb"
    spool(path, *linked_by_another_call())

    with open_store(path) as store:
        assert [tokens for *_, tokens in counted(store)] == [1000, 50]


@pytest.mark.parametrize("seed", range(4))
def test_any_split_and_order_gives_the_same_calls(tmp_path: Path, seed: int) -> None:
    """And what runs come to is added up to the same."""
    chance = random.Random(seed)
    parts = many()
    parts += chance.sample(parts, 5)
    chance.shuffle(parts)
    path = tmp_path / "s.duckdb"
    while parts:
        size = chance.randint(1, 8)
        spool(path, *parts[:size])
        del parts[:size]
        open_store(path).close()

    with open_store(path) as store:
        assert sorted(tokens for *_, tokens in counted(store)) == list(range(1000, 1012))
        assert {run_id for _, run_id, _ in counted(store)} == {APP}
        before = store.cost(Filters(), ["run"]).rows
        store.rebuild()
    with open_store(path) as store:
        assert store.cost(Filters(), ["run"]).rows == before


def test_of_three_that_tell_of_a_call_the_one_in_a_named_run_places_it(tmp_path: Path) -> None:
    """Though another lies in a trace with a parent too, and a third is the one that counts."""
    path = tmp_path / "s.duckdb"
    spool(path, *told_three_times())

    with open_store(path) as store:
        assert [run_id for _, run_id, _ in counted(store)] == ["run-1"]


def test_traces_that_tell_of_one_call_are_forgotten_together(tmp_path: Path) -> None:
    """Else the one that stays would repeat a span that is gone."""
    path = tmp_path / "s.duckdb"
    late = span(ALONE, "2" * 16, name="log", start=START + 100 * SECOND)
    spool(path, app(), by_client(client()), by_gateway(gateway(), late))

    with open_store(path) as store:
        before = counted(store)
        store.prune(moment(START + 50 * SECOND))
        assert counted(store) == before
        store.prune(moment(START + 200 * SECOND))
        assert counted(store) == []


def test_traces_linked_by_one_call_share_no_other(tmp_path: Path) -> None:
    """Two clients' calls at one time are two, whatever gateway lies between their traces."""
    path = tmp_path / "s.duckdb"
    spool(path, *linked_by_a_gateway())

    with open_store(path) as store:
        assert sorted(tokens for *_, tokens in counted(store)) == [50, 50, 70, 1000]


def test_two_answers_of_one_vendor_are_two(tmp_path: Path) -> None:
    """A gateway passes the vendor's names on, where there are any."""
    path = tmp_path / "s.duckdb"
    spool(path, by_client(client("chatcmpl-1")), by_gateway(gateway("chatcmpl-2")))

    with open_store(path) as store:
        assert len(counted(store)) == 2


def test_a_name_that_all_answers_share_names_none(tmp_path: Path) -> None:
    """A test server's; who looked at all pairs would look at millions."""
    path = tmp_path / "s.duckdb"
    spool(path, *sharing_one_name())

    with open_store(path) as store:
        assert len(counted(store)) == 998


def test_times_at_the_end_of_time_stop_nothing(tmp_path: Path) -> None:
    """A span that says it ends in 2262 beside one that is told of in two traces."""
    path = tmp_path / "s.duckdb"
    endless = client() | {"endTimeUnixNano": str(2**63 - 1)}
    spool(path, app(), by_client(endless))
    open_store(path).close()
    spool(path, by_gateway(gateway()))

    with open_store(path) as store:
        assert store.drained.rejected_count == 0
        assert len(counted(store)) == 1


def test_a_coding_agents_trace_keeps_to_its_session(tmp_path: Path) -> None:
    """Its calls are in log records too, which a gateway's trace must not part it from."""
    path = tmp_path / "s.duckdb"
    turn = span(APP, name="claude_code.interaction", span_id="a" * 16, millis=2000, session__id="s-1")
    agent = document([turn, llm_request(APP, "a" * 16, "b" * 16)], "claude-code", TRACING)
    told = log_document([api_request(start=START + 1_300_000_000)])
    parts = [agent, told, by_gateway(gateway()), by_client(client())]
    for order in list(itertools.permutations(parts))[::4]:
        path = tmp_path / f"{hash(str(order))}.duckdb"
        for part in order:
            spool(path, part)
            open_store(path).close()
        with open_store(path) as store:
            assert len([row for row in counted(store) if row[2] == 1011]) == 1


def test_two_that_each_begin_a_trace_tell_of_one_call(tmp_path: Path) -> None:
    """A program without a span around its calls; of each instrumentation's two that run in parallel both count."""
    path = tmp_path / "s.duckdb"
    spool(path, *each_beginning_a_trace())

    with open_store(path) as store:
        assert [tokens for *_, tokens in counted(store)] == [1000, 1000]


@pytest.mark.parametrize(
    ("after", "millis", "tokens"),
    [(60, 200, (1000, 100)), (1, 100, (1570, 101))],
    ids=["who began first ended first", "one left the cache out, the other added one"],
)
def test_two_that_begin_traces_may_differ(tmp_path: Path, after: int, millis: int, tokens: tuple[int, int]) -> None:
    """As handlers of one framework do in time, and as old versions do in what they count of one stream."""
    path = tmp_path / "s.duckdb"
    counts: dict[str, Any] = {"gen_ai__usage__input_tokens": tokens[0], "gen_ai__usage__output_tokens": tokens[1]}
    second = client(**counts, gen_ai__response__id="", start=START + after * 1_000_000, millis=millis)
    spool(path, by_client(second | {"parentSpanId": ""}))
    spool(path, document([told(ALONE, "3" * 16, millis=199)], "shop", "openinference.instrumentation.langchain"))

    with open_store(path) as store:
        assert [tokens for _, _, tokens in counted(store)] == [max(tokens[0], 1000)]


@pytest.mark.parametrize(("model", "tokens"), [("openai/gpt-4o", (1000, 100)), ("gpt-4o", (0, 0))])
def test_two_that_begin_traces_may_know_less(tmp_path: Path, model: str, tokens: tuple[int, int]) -> None:
    """One names the vendor before the model, as LiteLLM does, or knows nothing of the usage, as Langfuse in JavaScript of embeddings."""
    path = tmp_path / "s.duckdb"
    counts: dict[str, Any] = {"gen_ai__usage__input_tokens": tokens[0], "gen_ai__usage__output_tokens": tokens[1]}
    first = client(**counts, gen_ai__response__id="", gen_ai__request__model=model, model=model, millis=200)
    spool(path, by_client(first | {"parentSpanId": ""}))
    spool(path, document([told(ALONE, "3" * 16, millis=199)], "shop", "openinference.instrumentation.langchain"))

    with open_store(path) as store:
        assert [tokens for _, _, tokens in counted(store)] == [1000]


def test_two_frameworks_that_each_begin_a_trace_tell_of_the_calls_in_it(tmp_path: Path) -> None:
    """An agent without a span of the program's around it, of which two instrumentations tell, each from its own root on."""
    path = tmp_path / "s.duckdb"
    for trace, scope in (
        (APP, "openinference.instrumentation.langchain"),
        (ALONE, "openinference.instrumentation.other"),
    ):
        chain = span(trace, span_id=trace[:16], name="agent", millis=4000, openinference__span__kind="CHAIN")
        inside = [
            told(trace, f"{trace[:15]}{n}", trace[:16], millis=900)
            | {
                "startTimeUnixNano": str(START + n * SECOND),
                "endTimeUnixNano": str(START + n * SECOND + 9 * SECOND // 10),
            }
            for n in (1, 2)
        ]
        spool(path, document([chain, *inside], "shop", scope))

    with open_store(path) as store:
        assert [tokens for *_, tokens in counted(store)] == [1000, 1000]


@pytest.mark.parametrize("told_twice", [sharing_a_scope, of_two_autologs])
def test_what_shares_a_scope_is_told_apart_by_name(tmp_path: Path, told_twice: Callable[[], list[Document]]) -> None:
    """Langfuse's handler for LangChain and its client, or two autologs of MLflow, each with a trace of its own."""
    path = tmp_path / "s.duckdb"
    spool(path, *told_twice())

    with open_store(path) as store:
        assert len(counted(store)) == 1


@pytest.mark.parametrize("scope", ["com.anthropic.sdk.python", "strands.telemetry.tracer"])
def test_what_loses_its_place_in_a_trace_is_found_in_another(tmp_path: Path, scope: str) -> None:
    """The Anthropic SDK writes a stream beside the span that other instrumentations make of it, Strands runs its agents in threads of their own."""
    path = tmp_path / "s.duckdb"
    spool(path, *losing_its_place(scope))

    with open_store(path) as store:
        assert len(counted(store)) == 1


@pytest.mark.parametrize("seed", range(8))
def test_programs_told_of_in_any_pieces_come_to_the_same_calls_and_runs(tmp_path: Path, seed: int) -> None:
    """However few spans at a time, in any order: as if all had come at once."""
    chance = random.Random(seed)
    world = any_world(chance)
    wanted = local.concluded(local.fill(tmp_path / "all.duckdb", world))
    chance.shuffle(world)

    while world:
        taken = chance.randint(1, 5)
        spool(tmp_path / "s.duckdb", *world[:taken])
        open_store(tmp_path / "s.duckdb").close()
        del world[:taken]

    assert local.concluded(tmp_path / "s.duckdb") == wanted


def test_a_trace_that_came_before_its_run_was_named_is_no_run_beside_it(tmp_path: Path) -> None:
    """A service that passes on no run id sends its call first, and is a run of its own until the program's own span says whose it is."""
    path = tmp_path / "s.duckdb"
    spool(path, by_client(client()))
    with open_store(path) as store:
        (before,) = store.runs(Filters()).rows
    spool(path, document([run(APP, "named", span_id="a" * 16)]))

    with open_store(path) as store:
        (after,) = store.runs(Filters()).rows

    assert (before["run_id"], before["calls"]) == (APP, 1)
    assert (after["run_id"], after["calls"]) == ("named", 1)
