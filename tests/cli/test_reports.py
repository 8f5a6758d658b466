"""Reports say the same exact numbers in every format."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Botanu
from tests.store.builders import START, chat, document, run, span, trace_id, write

pytestmark = pytest.mark.usefixtures("ready_made")


def document_of(botanu: Botanu, *arguments: str) -> Any:
    result = botanu(*arguments, "--format", "json")
    assert result.code == 0
    return json.loads(result.out)


def money(rows: list[dict[str, Any]]) -> Decimal:
    return sum((Decimal(row["cost_usd"]) for row in rows if row["cost_usd"] not in (None, "")), Decimal(0))


@pytest.mark.parametrize(
    "report",
    [["cost"], ["cost", "-g", "vendor,model"], ["cost", "-g", "meter"], ["runs", "list"], ["calls", "list"]],
    ids=" ".join,
)
def test_every_format_adds_up_to_the_same_total(botanu: Botanu, filled: Path, report: list[str]) -> None:
    """Rows of JSON, JSON lines and CSV sum to JSON's total, and that is the total of every other report, to the last digit."""
    whole = document_of(botanu, *report)
    lines = [json.loads(line) for line in botanu(*report, "-f", "jsonl").out.splitlines()]
    table = list(csv.DictReader(io.StringIO(botanu(*report, "-f", "csv").out)))

    total = Decimal(whole["totals"]["cost_usd"])

    assert money(whole["rows"]) == money(lines) == money(table) == total
    assert total == Decimal(document_of(botanu, "cost")["totals"]["cost_usd"]) > 0
    assert lines == whole["rows"]


@pytest.mark.parametrize("limit", [[], ["--limit", "2"]])
def test_a_call_is_one_in_the_total_however_many_meters_it_has(botanu: Botanu, filled: Path, limit: list[str]) -> None:
    """By meter a call is in several rows; the total counts it, and its lack of a price, once."""
    by_meter, by_use_case = (
        json.loads(botanu("cost", "-g", by, "-f", "json", *limit).out) for by in ("meter", "use_case")
    )

    assert by_meter["totals"] == by_use_case["totals"]
    assert by_meter["totals"]["calls"] == by_meter["coverage"]["calls_counted"] > 0
    assert by_meter["totals"]["unpriced_calls"] == 1


def test_json_has_the_frame_that_the_contract_names(botanu: Botanu, filled: Path) -> None:
    """Schema, interval, filters, rows, totals and coverage; money as text, counts as integers."""
    whole = document_of(
        botanu, "cost", "--use-case", "Customer Support", "--since", "2026-01-01", "--tz", "Europe/Berlin"
    )

    assert set(whole) == {"schema", "generated_at", "interval", "filters", "rows", "totals", "coverage"}
    assert whole["schema"] == "botanu.cost/1"
    assert whole["interval"] == {"since": "2025-12-31T23:00:00.000000Z", "until": None, "tz": "Europe/Berlin"}
    assert whole["filters"] == {"use_case": ["Customer Support"]}
    assert set(whole["coverage"]) == {
        "calls_counted",
        "calls_unpriced",
        "unpriced_models",
        "duplicates_excluded",
        "sampled",
        "segments_pending",
    }
    (row,) = whole["rows"]
    assert re.fullmatch(r"\d+\.\d{12}", row["cost_usd"])
    assert isinstance(row["runs"], int)


def test_an_unknown_price_is_null_and_unpriced_never_zero(botanu: Botanu, tmp_path: Path) -> None:
    """A model that no book knows has no cost: null in JSON, empty in CSV, `unpriced` on the screen, and is named under the table."""
    botanu("ingest", str(write(tmp_path / "a.jsonl", document([chat(trace_id(), model="in-house-7b")]))))

    whole = document_of(botanu, "cost")
    table = botanu("cost")

    assert whole["rows"][0]["cost_usd"] is None
    assert whole["totals"]["cost_usd"] is None
    assert whole["coverage"]["unpriced_models"] == ["in-house-7b"]
    assert "unpriced" in table.out
    assert "$0" not in table.out
    assert "1 unpriced (in-house-7b)" in table.out


def test_a_call_that_does_not_count_lacks_no_price(botanu: Botanu, tmp_path: Path) -> None:
    """A repeat of another call has no cost of its own, and the list leaves that empty."""
    trace = trace_id()
    agent = chat(trace, gen_ai__operation__name="invoke_agent", span_id="a" * 16)
    botanu("ingest", str(write(tmp_path / "a.jsonl", document([agent, chat(trace, "a" * 16)]))))

    listed = botanu("calls", "list", "--not-counted").out
    assert "repeats its descendants" in listed
    assert "unpriced" not in listed


def test_a_total_beside_unpriced_calls_is_marked_as_a_lower_bound(botanu: Botanu, tmp_path: Path) -> None:
    """A known part next to calls without a price is shown with a sign that there is more."""
    trace = trace_id()
    botanu("ingest", str(write(tmp_path / "a.jsonl", document([chat(trace), chat(trace, model="in-house-7b")]))))

    assert "≥$" in botanu("cost").out
    assert botanu("cost", "--strict").code == 3


def test_a_least_cost_means_the_same_runs_everywhere(botanu: Botanu, filled: Path) -> None:
    """Only runs that cost at least so much, with all their calls, are in any report; below zero there is no amount."""
    reports = [["cost", "-g", by] for by in ("use_case", "run", "vendor", "meter")]
    reports += [["runs", "list"], ["outcomes"], ["vendors"], ["calls", "list"]]
    totals = [document_of(botanu, *report, "--min-cost", "0.01")["totals"]["cost_usd"] for report in reports]

    assert set(totals) == {totals[0]}
    assert 0 < Decimal(totals[0]) < Decimal(document_of(botanu, "cost")["totals"]["cost_usd"])
    assert botanu("cost", "--min-cost", "-1").code == 2


@pytest.mark.parametrize("report", [["cost"], ["runs", "list"], ["outcomes"]], ids=" ".join)
def test_what_is_below_the_least_cost_is_not_counted_but_its_unknown_prices_are_named(
    botanu: Botanu, tmp_path: Path, report: list[str]
) -> None:
    """With --min-cost the note counts the calls of the rows shown, and still says what may be missing for want of a price."""
    dear, unknown = trace_id(), trace_id()
    of_dear = [run(dear, "dear", "Dear", span_id=dear[16:]), chat(dear, dear[16:], tokens=(1_000_000, 0))]
    of_unknown = [run(unknown, "own", span_id=unknown[16:]), chat(unknown, unknown[16:], model="in-house-7b")]
    botanu("ingest", str(write(tmp_path / "a.jsonl", document([*of_dear, *of_unknown]))))

    whole = document_of(botanu, *report, "--min-cost", "0.01")

    assert [row["use_case"] for row in whole["rows"]] == ["Dear"]
    assert whole["coverage"]["calls_counted"] == 1
    assert whole["coverage"]["unpriced_models"] == ["in-house-7b"]


def test_filters_combine_and_may_hold_a_star(botanu: Botanu, filled: Path) -> None:
    """Values of one kind are alternatives, kinds narrow each other, a star stands for anything."""
    both = document_of(botanu, "cost", "--use-case", "Customer*", "--use-case", "Research")
    narrowed = document_of(botanu, "cost", "--use-case", "Customer*", "--vendor", "anthropic")

    assert {row["use_case"] for row in both["rows"]} == {"Customer Support", "Research"}
    assert narrowed["rows"] == []


def test_a_value_that_matches_nothing_names_the_nearest(botanu: Botanu, filled: Path) -> None:
    """A typing slip in a filter is answered with what the store knows."""
    result = botanu("cost", "--use-case", "Custmer Support")

    assert "Customer Support" in result.err
    assert result.code == 0


def test_a_pattern_or_a_run_id_that_matches_nothing_names_the_nearest(botanu: Botanu, filled: Path) -> None:
    """As a plain value does; one that matches is answered without a word."""
    run_id = document_of(botanu, "runs", "list")["rows"][0]["run_id"]

    assert "No vendor 'opn*' in the store. Nearest known: openai" in botanu("cost", "--vendor", "opn*").err
    assert f"No run {run_id[:11]}z" in (said := botanu("cost", "--run-id", f"{run_id[:11]}z").err.replace("'", ""))
    assert run_id in said
    assert botanu("cost", "--vendor", "open*", "--run-id", run_id[:11]).err == ""


def test_an_interval_without_runs_says_when_they_were(botanu: Botanu, tmp_path: Path) -> None:
    """The first and the last run of the store, in the zone asked for; nothing where the interval holds a run."""
    botanu(
        "ingest", str(write(tmp_path / "a.jsonl", document([chat(trace_id()), chat(trace_id(), start=START + 10**12)])))
    )

    empty = botanu("cost", "--until", "2020-01-01", "--tz", "Europe/Berlin").err

    assert "Runs in this store are from 2026-11-18 12:06 to 2026-11-18 12:23 (Europe/Berlin)." in empty
    assert botanu("cost", "--since", "2026-11-01").err == ""


def test_a_value_among_thousands_is_found(botanu: Botanu, tmp_path: Path) -> None:
    """However many values there are, only one that no run has is said to be missing."""
    traces = [trace_id() for _ in range(1100)]
    spans = [run(t, f"run-{n}", botanu__customer_id=f"customer {n:04}") for n, t in enumerate(traces)]
    botanu("ingest", str(write(tmp_path / "a.jsonl", document(spans))))

    assert botanu("cost", "--customer", "customer 1099").err == ""
    assert "No customer 'customer 9999' in the store" in botanu("cost", "--customer", "customer 9999").err


def test_a_run_without_calls_has_a_service(botanu: Botanu, tmp_path: Path) -> None:
    """No note says that the store lacks the service of a run that called nothing; a slip in its name is answered with it."""
    trace = trace_id()
    botanu("ingest", str(write(tmp_path / "a.jsonl", document([run(trace, "quiet")], service="quiet-service"))))

    assert botanu("runs", "list", "--service", "quiet-service").err == ""
    assert "Nearest known: quiet-service." in botanu("runs", "list", "--service", "quit-service").err


def test_runs_list_sorts_and_limits_and_the_total_is_of_all(botanu: Botanu, filled: Path) -> None:
    """A page shows the costliest first; the total under it is over every run, and the page says how many there are."""
    everything = document_of(botanu, "runs", "list", "--sort", "cost")
    costs = [Decimal(row["cost_usd"]) for row in everything["rows"] if row["cost_usd"]]

    page = botanu("runs", "list", "--sort", "cost", "--limit", "2")

    assert costs == sorted(costs, reverse=True)
    assert f"2 of {len(everything['rows'])} runs shown" in page.out
    assert "Total" in page.out


def test_groups_are_limited_as_lists_are(botanu: Botanu, filled: Path) -> None:
    """A table says how many it shows; machines get all unless a limit is given, and the total stays that of all."""
    whole = document_of(botanu, "cost", "-g", "run")
    three = document_of(botanu, "cost", "-g", "run", "--limit", "3")

    assert three["rows"] == whole["rows"][:3]
    assert three["totals"] == whole["totals"]
    assert "3 of 24 groups shown" in botanu("cost", "-g", "run", "--limit", "3").out
    assert "2 of 12 vendors and models shown" in botanu("vendors", "--limit", "2").out
    assert "1 of 7 use cases shown" in botanu("outcomes", "--limit", "1").out


def test_repeated_dimensions_are_one(botanu: Botanu, filled: Path) -> None:
    """Naming one twice changes nothing."""
    assert botanu("cost", "-g", "vendor,vendor").out == botanu("cost", "-g", "vendor").out


def test_a_command_to_type_is_never_cut(botanu: Botanu, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no room for it in the table it stands below, whole."""
    monkeypatch.setenv("COLUMNS", "80")

    assert "\n  botanu prices set openai/in-house-7b input=USD output=USD\n" in botanu("prices", "unpriced").out


def test_the_short_id_of_a_run_opens_it(botanu: Botanu, filled: Path) -> None:
    """What the list shows is enough for `runs show`."""
    listed = botanu("runs", "list", "--all").out.splitlines()[2:]
    ids = [line.split()[0] for line in listed if re.match(r"[0-9a-f]{8}", line)]

    assert len(ids) == len(document_of(botanu, "runs", "list")["rows"])
    assert all(botanu("runs", "show", run_id).code == 0 for run_id in ids[::5])


def test_a_run_shows_its_tree_with_own_and_cumulative_cost(botanu: Botanu, filled: Path) -> None:
    """The tree's root carries the run's cost; JSON has the same tree."""
    row = document_of(botanu, "runs", "list", "--use-case", "Research", "--sort", "cost")["rows"][0]

    page = botanu("runs", "show", row["run_id"])
    whole = json.loads(botanu("runs", "show", row["run_id"], "-f", "json").out)

    assert "botanu.run/Research" in page.out
    assert Decimal(whole["spans"][0]["total_usd"]) == Decimal(row["cost_usd"])
    assert botanu("runs", "show", row["run_id"], "--calls").out.count("anthropic") >= 1


def test_an_ambiguous_beginning_of_a_run_id_lists_the_candidates(botanu: Botanu, filled: Path) -> None:
    """More than one match is an error that names some of them."""
    result = botanu("runs", "show", "0")

    assert result.code == 2
    assert "More than one run" in result.err or "No run" in result.err


def test_days_begin_in_the_zone_asked_for(botanu: Botanu, tmp_path: Path) -> None:
    """The same run belongs to one day in UTC and to the next in Tokyo."""
    late = START - START % (86_400 * 10**9) + 20 * 3600 * 10**9
    botanu("ingest", str(write(tmp_path / "a.jsonl", document([chat(trace_id(), start=late)]))))

    (in_utc,) = document_of(botanu, "cost", "-g", "time:day", "--tz", "UTC")["rows"]
    (in_tokyo,) = document_of(botanu, "cost", "-g", "time:day", "--tz", "Asia/Tokyo")["rows"]

    assert (in_utc["time"], in_tokyo["time"]) == ("2026-11-18", "2026-11-19")


HOSTILE = "\x1b[31mred\x1b[0m [bold]x[/bold] \u202eevil\u202c =1+1 | `x` \x07"


def test_hostile_names_are_harmless_everywhere(botanu: Botanu, tmp_path: Path) -> None:
    """Control sequences, markup, bidi overrides and formulas of a span's names do nothing in any format."""
    trace = trace_id()
    spans = [
        run(trace, "run-1", use_case=f"={HOSTILE}", span_id="1" * 16),
        span(trace, "1" * 16, name=HOSTILE),
        chat(trace, "1" * 16, model=HOSTILE),
    ]
    botanu("ingest", str(write(tmp_path / "a.jsonl", document(spans, service=HOSTILE))))

    shown = [botanu("cost", "-f", form).out for form in ("table", "markdown")]
    shown += [botanu("runs", "list").out, botanu("runs", "show", "run-1").out, botanu("calls", "list").out]
    cells = next(csv.DictReader(io.StringIO(botanu("cost", "-f", "csv").out)))

    for page in shown:
        assert not set("\x1b\x07\u202e\u202c") & set(page)
        assert "x" in page
    assert cells["use_case"].startswith("'=")


@pytest.mark.parametrize("width", ["60", "80", "200"])
def test_a_table_fits_the_terminal_and_says_what_it_left_out(
    botanu: Botanu, filled: Path, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    """No line is wider than the terminal, numbers are whole, and dropped columns are named."""
    monkeypatch.setenv("COLUMNS", width)

    page = botanu("runs", "list").out

    table = [line for line in page.splitlines() if "─" in line or "$" in line]
    assert max(map(len, table)) <= int(width)
    assert ("Not shown for want of room" in page) == (width != "200")
    assert "$" in page


def test_names_of_any_script_keep_the_columns_aligned(botanu: Botanu, tmp_path: Path) -> None:
    """Wide characters and emoji take two cells; the cost still ends in one column."""
    from rich.cells import cell_len

    names = ("客户支持工单处理", "دعم العملاء", "🎫 tickets", "plain")
    for number, name in enumerate(names, 1):
        trace = trace_id()
        spans = [run(trace, f"run-{number}", use_case=name, span_id="1" * 16), chat(trace, "1" * 16)]
        botanu("ingest", str(write(tmp_path / "a.jsonl", document(spans))))

    lines = [line for line in botanu("cost").out.splitlines() if "$" in line]

    assert len({cell_len(line[: line.index("$")]) for line in lines[:-1]}) == 1


def test_the_total_is_named_under_the_narrowest_column(botanu: Botanu, tmp_path: Path) -> None:
    """Where no name is as long as its word, the column is."""
    for team in ("a", "b"):
        trace = trace_id()
        spans = [run(trace, f"run-{team}", span_id="1" * 16, botanu__team=team), chat(trace, "1" * 16)]
        botanu("ingest", str(write(tmp_path / "a.jsonl", document(spans))))

    assert "\nTotal  " in botanu("cost", "-g", "team").out


def test_output_goes_to_a_file_and_the_talk_to_stderr(botanu: Botanu, filled: Path, tmp_path: Path) -> None:
    """`--output` leaves stdout empty; the file holds what stdout would have had."""
    result = botanu("cost", "-f", "csv", "-o", "cost.csv")

    assert result.out == ""
    assert "cost.csv" in result.err
    assert (tmp_path / "cost.csv").read_text() == botanu("cost", "-f", "csv").out


def test_what_was_rejected_is_named_alike_in_every_format(botanu: Botanu, tmp_path: Path) -> None:
    """The parts with their reasons, and how many they are, under the same names in JSON, JSON lines and CSV."""
    (tmp_path / "bad.jsonl").write_bytes(b"{torn")

    whole, line = (json.loads(botanu("ingest", "bad.jsonl", "-f", form).out) for form in ("json", "jsonl"))
    cells = next(csv.DictReader(io.StringIO(botanu("ingest", "bad.jsonl", "-f", "csv").out)))

    assert whole["rejected"] == line["rejected"] == json.loads(cells["rejected"])
    assert (whole["rejected_count"], line["rejected_count"], cells["rejected_count"]) == (1, 1, "1")


def test_a_run_is_written_as_every_report_is(botanu: Botanu, filled: Path, tmp_path: Path) -> None:
    """To a file where one is named, its calls as a flat list where these are asked for, days in the zone asked for."""
    run_id = document_of(botanu, "runs", "list")["rows"][0]["run_id"]

    assert botanu("runs", "show", run_id, "-o", "run.txt").out == ""
    assert (tmp_path / "run.txt").read_text() == botanu("runs", "show", run_id).out
    assert botanu("runs", "show", run_id, "-f", "json", "-o", "run.json").out == ""
    assert json.loads((tmp_path / "run.json").read_text())["rows"][0]["run_id"] == run_id
    assert document_of(botanu, "runs", "show", run_id, "--tz", "Asia/Tokyo")["interval"]["tz"] == "Asia/Tokyo"
    flat, listed = (
        document_of(botanu, "runs", "show", run_id, "--calls"),
        document_of(botanu, "calls", "list", "--run-id", run_id),
    )
    assert (flat["schema"], flat["rows"]) == ("botanu.calls/1", listed["rows"])


@pytest.mark.usefixtures("begun")
@pytest.mark.parametrize("report", ["cost", "outcomes", "vendors", "runs list", "calls list", "prices unpriced"])
def test_no_rows_are_no_lines(botanu: Botanu, tmp_path: Path, report: str) -> None:
    """Of JSON lines each is a row, so an empty report has none, on stdout as in a file."""
    result = botanu(*report.split(), "-f", "jsonl")
    botanu(*report.split(), "-f", "jsonl", "-o", "rows.jsonl")

    assert (result.code, result.out, (tmp_path / "rows.jsonl").read_bytes()) == (0, "", b"")


@pytest.mark.parametrize("store", ["begun", "filled"])
@pytest.mark.parametrize(
    "report",
    ["cost", "cost --compare --since 2026-11-18 --until 2026-12-01", "outcomes", "vendors", "runs list", "calls list"],
)
def test_no_money_is_written_in_one_way(
    botanu: Botanu, request: pytest.FixtureRequest, store: str, report: str
) -> None:
    """Zero has the twelve decimals of every other amount, whether it is a sum, of no rows, or of an interval without runs."""
    request.getfixturevalue(store)

    said = botanu(*report.split(), "-f", "json").out

    assert set(re.findall(r'_usd": "(0(?:\.0*)?)"', said)) <= {"0.000000000000"}


def test_years_have_four_digits(botanu: Botanu, filled: Path) -> None:
    """The first ones of the calendar too."""
    assert "\n0001-01-01 00:00 to now (UTC)\n" in botanu("cost", "--since", "0001-01-01", "--tz", "UTC").out


def test_a_comparison_names_the_interval_compared_with(botanu: Botanu, filled: Path) -> None:
    """As long as the one asked for, up to its beginning; JSON has it beside that."""
    days = ["--since", "2026-11-20", "--until", "2026-11-27", "--tz", "UTC"]

    assert document_of(botanu, "cost", "--compare", *days)["before"] == {
        "since": "2026-11-13T00:00:00.000000Z", "until": "2026-11-20T00:00:00.000000Z", "tz": "UTC",
    }  # fmt: skip
    assert "before" not in document_of(botanu, "cost", *days)


def test_one_of_a_thing_is_not_called_many(botanu: Botanu, tmp_path: Path) -> None:
    """In what is written to files, and in what is said of prices and budgets."""
    botanu("ingest", str(write(tmp_path / "a.jsonl", document([chat(trace_id(), model="in-house-7b")]))))

    assert "Wrote 1 group to cost.csv." in botanu("cost", "-f", "csv", "-o", "cost.csv").err
    assert "Wrote 1 vendor or model to v.csv." in botanu("vendors", "-f", "csv", "-o", "v.csv").err
    assert "as before: 1 call." in botanu("prices", "set", "other", "input=1").err
    assert (
        "1 of 1 call without a price has one now." in botanu("prices", "set", "in-house-7b", "input=1", "output=1").err
    )
    botanu("budget", "init", "--config", "own.toml")
    assert "p95 of 1 run was" in (tmp_path / "own.toml").read_text()


def test_a_run_and_an_ingest_speak_every_format(botanu: Botanu, samples: Path, tmp_path: Path) -> None:
    """`runs show` gives its calls as rows, `ingest` its counts; a format that is none is named."""
    counted = json.loads(botanu("ingest", str(samples), "-f", "json").out)
    row = document_of(botanu, "runs", "list", "--use-case", "Research", "--sort", "cost")["rows"][0]

    lines = [json.loads(line) for line in botanu("runs", "show", row["run_id"], "-f", "jsonl").out.splitlines()]
    cells = list(csv.DictReader(io.StringIO(botanu("runs", "show", row["run_id"], "-f", "csv").out)))
    again = next(csv.DictReader(io.StringIO(botanu("ingest", str(samples), "-f", "csv").out)))

    assert money(lines) == money(cells) == Decimal(row["cost_usd"])
    assert (counted["schema"], counted["spans"], counted["rejected"]) == ("botanu.ingest/1", 116, [])
    assert (again["new"], again["duplicates"]) == ("0", "116")
    assert (again["rejected"], again["rejected_count"]) == ("[]", "0")
    assert botanu("runs", "show", row["run_id"], "-f", "xml").code == 2
