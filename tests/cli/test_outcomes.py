"""Unit economics: the root run is the unit, cost is all cost, value is what the user says it is worth, and waste counts nothing twice."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Botanu
from tests.store.builders import START, Document, chat, document, run, trace_id, write

pytestmark = pytest.mark.usefixtures("begun")

CALL = Decimal("0.0035")
"""What one call of the builders costs: 1,000 tokens in at $2.50 a million, 100 out at $10."""
MINUTE = 60 * 10**9


def attempt(run_id: str, *, calls: int = 1, errors: int = 0, minute: int = 0, **said: Any) -> list[Document]:
    """A run with so many calls, some of them failed."""
    trace, top = trace_id(), f"{abs(hash(run_id)) % 16**16:016x}"
    start = START + minute * MINUTE
    inner = [chat(trace, top, start=start, status=2 if n < errors else 0, tokens=(1000, 100)) for n in range(calls)]
    return [run(trace, run_id, span_id=top, start=start, **said), *inner]


def ended(outcome: str, reason: str | None = None, **said: Any) -> dict[str, Any]:
    statuses = {"failed": "failure"}
    facts = {"botanu__outcome": outcome, "botanu__outcome__status": statuses.get(outcome, outcome), **said}
    return facts | ({"botanu__outcome__reason": reason} if reason else {})


def worth(kind: str, amount: float = 1) -> dict[str, Any]:
    return {"botanu__outcome__value_type": kind, "botanu__outcome__value_amount": amount}


def retry(of: str, root: str, number: int) -> dict[str, Any]:
    return {"botanu__root_run_id": root, "botanu__attempt": number, "botanu__retry_of_run_id": of}


def outcomes(botanu: Botanu, folder: Path, *runs: list[Document], arguments: tuple[str, ...] = ()) -> Any:
    botanu("ingest", str(write(folder / "a.jsonl", document(s for spans in runs for s in spans))))
    result = botanu("outcomes", "-f", "json", *arguments)
    assert result.code == 0
    return json.loads(result.out)


def said(path: Path, text: str) -> None:
    (path / "botanu.toml").write_text(text)


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_what_cannot_be_divided_is_empty_and_not_unpriced(botanu: Botanu, tmp_path: Path, form: str) -> None:
    """A use case without a success has no cost per outcome, whether its calls have a price or not; one with some whose calls have none is unpriced."""
    spans = list[Document]()
    for name, model, outcome in (
        ("a none", "gpt-4o", "failed"),
        ("b none", "in-house-7b", "failed"),
        ("c some", "in-house-7b", "success"),
    ):
        trace = trace_id()
        top = run(trace, f"{name} 1", name, span_id="00000000000000aa", **ended(outcome))
        spans += [top, chat(trace, "00000000000000aa", model=model)]
    botanu("ingest", str(write(tmp_path / "a.jsonl", document(spans))))

    lines = botanu("outcomes", "-f", form).out.splitlines()

    rows = {line.strip("| ")[:6]: line.count("unpriced") for line in reversed(lines)}
    # What they cost and what of that is waste; per outcome only the last.
    assert (rows["a none"], rows["b none"], rows["c some"]) == (0, 2, 3)


def test_attempts_of_one_root_run_are_one_outcome_and_all_of_them_are_its_cost(botanu: Botanu, tmp_path: Path) -> None:
    """Two failed attempts and a good third: one root run, one success, three attempts' cost, two of them wasted."""
    (row,) = outcomes(
        botanu,
        tmp_path,
        attempt("a1", botanu__root_run_id="a1", **ended("failed")),
        attempt("a2", minute=1, **retry("a1", "a1", 2), **ended("failed")),
        attempt("a3", minute=2, **retry("a2", "a1", 3), **ended("success")),
    )["rows"]

    assert (row["runs"], row["root_runs"], row["success"], row["failed"]) == (3, 1, 1, 0)
    assert Decimal(row["cost_usd"]) == Decimal(row["cost_per_outcome_usd"]) == 3 * CALL
    assert Decimal(row["waste_usd"]) == Decimal(row["retried_usd"]) == 2 * CALL
    assert row["waste_share"] == pytest.approx(2 / 3)


def test_cost_per_outcome_carries_the_failures_and_return_is_exact(botanu: Botanu, tmp_path: Path) -> None:
    """Two resolved tickets bear the cost of a third that failed; value times price, less cost, over cost, is the return."""
    said(tmp_path, "[values]\ntickets_resolved = 4.50\n")

    whole = outcomes(
        botanu,
        tmp_path,
        attempt("a", **ended("success"), **worth("tickets_resolved")),
        attempt("b", **ended("success"), **worth("tickets_resolved", 2)),
        attempt("c", calls=2, **ended("failed", "no order found")),
    )

    (row,) = whole["rows"]
    assert row["value_type"] == "tickets_resolved"
    assert Decimal(row["cost_per_outcome_usd"]) == 4 * CALL / 2
    assert Decimal(row["value_usd"]) == Decimal("13.50")
    assert Decimal(row["value_per_outcome_usd"]) == Decimal("6.75")
    assert row["roi"] == pytest.approx(float((Decimal("13.50") - 4 * CALL) / (4 * CALL)))
    assert Decimal(row["failed_runs_usd"]) == Decimal(row["waste_usd"]) == 2 * CALL
    assert row["reasons"] == [{"reason": "no order found", "root_runs": 1, "cost_usd": "0.007000000000"}]
    assert Decimal(whole["totals"]["waste_usd"]) == 2 * CALL


def test_value_and_cost_are_of_the_same_outcomes(botanu: Botanu, tmp_path: Path) -> None:
    """A partial outcome brings value and costs; both are borne by the success, so that the two figures beside each other are the return."""
    said(tmp_path, "[values]\ntickets = 2\n")

    whole = outcomes(
        botanu,
        tmp_path,
        attempt("a", **ended("success"), **worth("tickets")),
        attempt("b", **ended("partial"), **worth("tickets")),
    )

    (row,) = whole["rows"]
    value, cost = Decimal(row["value_per_outcome_usd"]), Decimal(row["cost_per_outcome_usd"])
    assert (row["success"], row["partial"]) == (1, 1)
    assert (value, cost) == (4, 2 * CALL)
    assert row["roi"] == pytest.approx(float((value - cost) / cost))


def test_a_value_in_dollars_is_worth_itself_and_an_unknown_one_is_worth_nothing_known(
    botanu: Botanu, tmp_path: Path
) -> None:
    """`revenue_usd` needs no entry; `leads` without one has an amount but no value and no return, and neither has the total."""
    whole = outcomes(
        botanu,
        tmp_path,
        attempt("a", botanu__use_case="Sales", **ended("success"), **worth("revenue_usd", 12.25)),
        attempt("b", botanu__use_case="Leads", **ended("success"), **worth("leads", 3)),
    )

    rows = {row["use_case"]: row for row in whole["rows"]}
    assert Decimal(rows["Sales"]["value_usd"]) == Decimal("12.25")
    assert (rows["Leads"]["value_amount"], rows["Leads"]["value_usd"], rows["Leads"]["roi"]) == ("3.000000", None, None)
    assert whole["totals"]["value_usd"] is None


def test_nothing_is_wasted_twice(botanu: Botanu, tmp_path: Path) -> None:
    """A failed call of a superseded attempt of a failed root run is one call's waste."""
    whole = outcomes(
        botanu,
        tmp_path,
        attempt("a1", calls=2, errors=1, **ended("failed")),
        attempt("a2", minute=1, calls=2, errors=1, **retry("a1", "a1", 2), **ended("failed")),
        attempt("b", calls=3, errors=1, **ended("success")),
        attempt("c", calls=1, **ended("partial")),
    )["totals"]

    parts = [Decimal(whole[name]) for name in ("failed_runs_usd", "retried_usd", "failed_calls_usd")]
    assert sum(parts) == Decimal(whole["waste_usd"]) <= Decimal(whole["cost_usd"])
    assert (whole["success"], whole["partial"], whole["failed"]) == (1, 1, 1)
    assert whole["success_rate"] == pytest.approx(1 / 3)


def test_rows_add_up_to_what_cost_says_of_each_use_case(botanu: Botanu, filled: Path) -> None:
    """The same money as `botanu cost`, by use case and in total, in JSON and CSV, filtered or not."""
    for filters in ([], ["--vendor", "anthropic"], ["--use-case", "Customer*"]):
        cost = json.loads(botanu("cost", "-f", "json", *filters).out)
        whole = json.loads(botanu("outcomes", "-f", "json", *filters).out)
        table = list(csv.DictReader(io.StringIO(botanu("outcomes", "-f", "csv", *filters).out)))

        by_use_case = {row["use_case"]: row["cost_usd"] for row in cost["rows"]}
        assert {row["use_case"]: row["cost_usd"] for row in whole["rows"]} == by_use_case
        assert {row["use_case"]: row["cost_usd"] or None for row in table} == by_use_case
        assert whole["totals"]["cost_usd"] == cost["totals"]["cost_usd"]


def test_a_run_without_an_outcome_is_neither_success_nor_waste(botanu: Botanu, tmp_path: Path) -> None:
    """Nobody said how it ended, so it counts in the cost and as unknown."""
    (row,) = outcomes(botanu, tmp_path, [chat(trace_id())])["rows"]

    assert (row["unknown"], row["success"], row["failed"], row["success_rate"]) == (1, 0, 0, None)
    assert Decimal(row["waste_usd"]) == 0
    assert row["cost_per_outcome_usd"] is None


def test_hostile_amounts_and_links_do_no_harm(botanu: Botanu, tmp_path: Path) -> None:
    """A value beyond all numbers is no value; a run that retries itself, and two that retry each other, end the report nevertheless."""
    whole = outcomes(
        botanu,
        tmp_path,
        attempt("a", **ended("success"), **worth("revenue_usd", 1e300)),
        attempt("b", **retry("b", "b", 1), **ended("success")),
        attempt("c", **retry("d", "c", 2), **ended("success")),
        attempt("d", **retry("c", "c", 2), **ended("success")),
    )

    assert Decimal(whole["totals"]["cost_usd"]) == 4 * CALL
    assert whole["totals"]["value_usd"] is None


def test_the_page_names_why_runs_failed(botanu: Botanu, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the table stand the reasons with their cost, in the table and in Markdown."""
    monkeypatch.setenv("COLUMNS", "100")

    for form in ("table", "markdown"):
        page = botanu("outcomes", "-f", form).out
        assert "Why runs failed" in page
        assert "VendorError" in page


DOCUMENTS = "documents_processed"


@pytest.mark.parametrize(
    ("file", "text", "notes"),
    [
        ("botanu.toml", "", [f"No worth is set for {DOCUMENTS}: add it under [values] in botanu.toml."]),
        ("botanu.toml", f"[values]\n{DOCUMENTS} = 2\n", []),
        ("botanu.toml", f"[values]\n{DOCUMENTS} = 0\n", []),
        (
            "botanu.toml",
            "[values]\ndocumentsprocessed = 2\n",
            [
                f"No worth is set for {DOCUMENTS}: add it under [values] in botanu.toml.",
                f"No value type documentsprocessed in the store, though [values] names it. Nearest known: {DOCUMENTS}.",
            ],
        ),
        (
            "pyproject.toml",
            "[tool.botanu.discounts]\nopenai = 0.1\n",
            [f"No worth is set for {DOCUMENTS}: add it under [tool.botanu.values] in pyproject.toml."],
        ),
        (
            "pyproject.toml",
            "[project]\nname = 'x'\n",
            [f"No worth is set for {DOCUMENTS}: add it under [values] in botanu.toml."],
        ),
    ],
)
def test_a_value_type_without_a_worth_is_named_and_so_is_a_worth_without_a_value_type(
    botanu: Botanu, tmp_path: Path, file: str, text: str, notes: list[str]
) -> None:
    """On stderr, with where to set it or the nearest type that the store has; amounts in USD and runs without an amount need none."""
    (tmp_path / file).write_text(text)
    outcomes(
        botanu,
        tmp_path,
        attempt("a", botanu__use_case="Documents", **ended("success"), **worth(DOCUMENTS)),
        attempt("b", botanu__use_case="Sales", **ended("success"), **worth("revenue_usd", 3)),
        attempt("c", botanu__use_case="Leads", **ended("success"), botanu__outcome__value_type="leads"),
    )

    assert botanu("outcomes").err.splitlines() == notes
    assert botanu("outcomes", "--quiet").err == ""
    assert botanu("outcomes", "--use-case", "Sales").err.splitlines() == [
        note for note in notes if "worth is" not in note
    ]


def test_many_value_types_without_a_worth_are_one_note_that_does_nothing_to_a_terminal(
    botanu: Botanu, tmp_path: Path
) -> None:
    """Three are named, the rest counted, and an escape sequence in a name is written out."""
    kinds = ["a\x1b[2J", "b", "c", "d", "e"]
    outcomes(
        botanu,
        tmp_path,
        *(attempt(kind, botanu__use_case=kind, **ended("success"), **worth(kind)) for kind in kinds),
    )

    assert botanu("outcomes").err == (
        "No worth is set for a\\x1b[2J, b, c and 2 more: add them under [values] in botanu.toml.\n"
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[values]\ntickets = "many"\n', "botanu.toml, line 2: values.tickets"),
        ("[values]\ntickets = 0.0000002\n", "values.tickets is 2E-7. Give USD per unit"),
        ("values = 3\n", "values must be a table"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(botanu: Botanu, tmp_path: Path, text: str, named: str) -> None:
    """Exit code 2, the file and the key, and what to write instead."""
    said(tmp_path, text)

    result = botanu("outcomes")

    assert result.code == 2
    assert "botanu.toml" in result.err
    assert named in result.err
