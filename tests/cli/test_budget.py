"""`botanu budget check`: every limit, unit and output, what is said when one breaks, and what is wrong in the file."""

from __future__ import annotations

import json
import random
import shlex
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from botanu_store import Store, open_store
from botanu_store.filters import Filters
from botanu_store.reports.samples import Per, Samples

from tests.cli.conftest import Botanu
from tests.store.builders import Document, chat, document, run, trace_id, write

pytestmark = pytest.mark.usefixtures("begun")


def runs(tokens: Iterable[int], use_case: str = "Support", **said: Any) -> list[Document]:
    """Runs of one call each, with so many input tokens; a thousand cost $0.0025 and the answer $0.001."""
    spans: list[Document] = []
    for count in tokens:
        trace = trace_id()
        top = trace[-16:]
        spans += [run(trace, f"run-{trace}", use_case, span_id=top, **said), chat(trace, top, tokens=(count, 100))]
    return spans


def fill(botanu: Botanu, folder: Path, *spans: list[Document], store: str = "botanu.duckdb") -> None:
    path = write(folder / "a.jsonl", document(span for group in spans for span in group))
    assert botanu("ingest", str(path), "--store", store).code == 0


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one run for $0.0035 that achieved its outcome and one for $0.006 that failed, only read."""
    failed = {"botanu__outcome": "failed", "botanu__outcome__status": "failure"}
    folder = tmp_path_factory.mktemp("two")
    with open_store(folder / "botanu.duckdb") as store:
        store.ingest([write(folder / "a.jsonl", document([*runs([1000]), *runs([2000], **failed)]))])
    return folder / "botanu.duckdb"


def budgets(folder: Path, text: str) -> None:
    (folder / "botanu.toml").write_text(text)


def checked(botanu: Botanu, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    result = botanu("budget", "check", "-f", "json", *arguments)
    return result.code, json.loads(result.out)["rows"]


@pytest.mark.parametrize(
    ("flags", "measured", "code"),
    [
        ("--max-usd 0.006", Decimal("0.00475"), 0),
        ("--max-usd 0.004", Decimal("0.00475"), 1),
        ("--max-usd 0.005 --metric p50", Decimal("0.00475"), 0),
        ("--max-usd 0.005 --metric max", Decimal("0.0060"), 1),
        ("--max-usd 0.010 --per total", Decimal("0.0095"), 0),
        ("--max-usd 0.009 --per total", Decimal("0.0095"), 1),
        ("--max-usd 0.009 --per day", Decimal("0.0095"), 1),
        ("--max-usd 0.009 --per outcome", Decimal("0.0095"), 1),
        ("--max-usd 0.006 --per root_run", Decimal("0.00475"), 0),
        ("--max-usd 0.006 --per call --metric max", Decimal("0.0060"), 0),
        ("--max-tokens 1600", Decimal(1600), 0),
        ("--max-tokens 1599", Decimal(1600), 1),
        ("--max-llm-calls 1 --per run --metric max", Decimal(1), 0),
        ("--max-unpriced-calls 0", Decimal(0), 0),
        ("--min-success-rate 50%", Decimal("0.5"), 0),
        ("--min-success-rate 0.51", Decimal("0.5"), 1),
    ],
)
def test_each_limit_is_measured_exactly(
    botanu: Botanu, two_runs: Path, flags: str, measured: Decimal, code: int
) -> None:
    """One run for $0.0035 that achieved its outcome and one for $0.006 that failed: each figure is what arithmetic says."""
    got, (row,) = checked(botanu, *flags.split(), "--store", str(two_runs))

    assert Decimal(str(row["measured"])) == measured
    assert got == code
    assert row["status"] == ("fail" if code else row["status"])


def test_return_is_value_over_cost(botanu: Botanu, tmp_path: Path) -> None:
    """A ticket worth a cent that cost $0.0035 returns 186 %."""
    budgets(tmp_path, '[values]\ntickets = 0.01\n[[budgets]]\nname = "worth it"\nmin_roi = "150%"\n')
    fill(botanu, tmp_path, runs([1000], botanu__outcome__value_type="tickets", botanu__outcome__value_amount=1))

    code, (row,) = checked(botanu)

    assert code == 0
    assert float(row["measured"]) == pytest.approx((0.01 - 0.0035) / 0.0035)


@pytest.mark.parametrize("least", ["-0.5", '"-50%"'])
def test_a_return_may_be_a_loss_however_it_is_written(botanu: Botanu, tmp_path: Path, least: str) -> None:
    """A budget may allow to lose half, as a number and in percent."""
    budgets(tmp_path, f'[values]\ntickets = 0.002\n[[budgets]]\nname = "half"\nmin_roi = {least}\n')
    fill(botanu, tmp_path, runs([1000], botanu__outcome__value_type="tickets", botanu__outcome__value_amount=1))

    code, (row,) = checked(botanu)

    assert (code, row["allowed"], row["status"]) == (0, "-0.5", "pass")


@pytest.mark.parametrize("form", ["table", "markdown", "github", "junit"])
def test_a_budget_may_be_called_anything(botanu: Botanu, tmp_path: Path, form: str) -> None:
    """In CI the file is whoever's asks for a change: its names neither obey a terminal nor begin a line of their own."""
    budgets(tmp_path, '[[budgets]]\nname = "a\\u001b[31m\\n::warning::b"\nmax_usd = 0.000001\n')
    fill(botanu, tmp_path, runs([1000]))

    result = botanu("budget", "check", "-f", form)

    assert result.code == 1
    assert "\x1b" not in result.out
    assert not any(line.startswith("::warning") for line in result.out.splitlines())


def test_filters_and_windows_choose_the_runs(botanu: Botanu, tmp_path: Path) -> None:
    """A budget is about its own filters and window; flags narrow it further and replace its window."""
    budgets(
        tmp_path,
        '[[budgets]]\nname = "support"\nuse_case = ["Support", "Help*"]\nwindow = "30d"\nmax_usd = 1\n',
    )
    fill(botanu, tmp_path, runs([1000, 1000]), runs([1000], "Helpdesk"), runs([1000], "Research"))

    assert checked(botanu, "--since", "2020-01-01")[1][0]["samples"] == 3
    assert checked(botanu, "--since", "2020-01-01", "--use-case", "Research")[1][0]["samples"] == 3
    assert checked(botanu, "--since", "2020-01-01", "--run-id", "nothing")[1][0]["status"] == "no data"
    assert checked(botanu, "--until", "2020-01-01")[1][0]["status"] == "no data"


def test_budgets_about_the_same_runs_read_them_once(
    botanu: Botanu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though another stands between them; results are in the order of the file all the same."""
    fill(botanu, tmp_path, runs([1000]), runs([2000], "Research"))
    everything = "[[budgets]]\nname = '{}'\n{} = 1\n"
    between = "[[budgets]]\nname = 'between'\nuse_case = 'Research'\nmax_usd = 1\n"
    budgets(tmp_path, everything.format("first", "max_usd") + between + everything.format("last", "max_llm_calls"))
    asked, read = [], Store.samples

    def counted(store: Store, filters: Filters, per: Per) -> Samples:
        asked.append(filters.use_case)
        return read(store, filters, per)

    monkeypatch.setattr(Store, "samples", counted)
    code, rows = checked(botanu)

    assert asked == [(), ("Research",)]
    assert (code, [row["budget"] for row in rows]) == (0, ["first", "between", "last"])


def test_a_warning_comes_before_a_break(botanu: Botanu, tmp_path: Path) -> None:
    """From `warn_at` of the limit on, the result is a warning and the exit code 0."""
    fill(botanu, tmp_path, runs([1000]))
    for warn_at, status in (("0.95", "pass"), ('"80%"', "warn")):
        budgets(tmp_path, f'[[budgets]]\nname = "a"\nmax_usd = 0.004\nwarn_at = {warn_at}\n')

        code, (row,) = checked(botanu)

        assert (code, row["status"]) == (0, status)
        assert row["used"] == pytest.approx(0.875)


def test_too_few_samples_are_no_data(botanu: Botanu, tmp_path: Path) -> None:
    """Below `min_samples` nothing is judged, unless the budget says that missing data fails."""
    fill(botanu, tmp_path, runs([9000] * 3))
    text = '[[budgets]]\nname = "a"\nmax_usd = 0.001\nmin_samples = 20\n'
    budgets(tmp_path, text)
    assert (checked(botanu)[0], checked(botanu)[1][0]["status"]) == (0, "no data")
    assert "not enough data: 3 of 20 samples" in botanu("budget", "check").out

    budgets(tmp_path, text + 'on_missing = "fail"\n')
    assert (checked(botanu)[0], checked(botanu)[1][0]["status"]) == (1, "fail")


def test_nothing_that_was_measured_is_no_lower_bound(botanu: Botanu, tmp_path: Path) -> None:
    """Where no call has a price there is no figure, and no sign beside one."""
    trace = trace_id()
    root = run(trace, "r1")
    fill(botanu, tmp_path, [root, chat(trace, root["spanId"], model="nobody-7b")])
    budgets(tmp_path, '[[budgets]]\nname = "a"\nper = "total"\nmax_usd = 1\n')

    assert "≥" not in botanu("budget", "check").out


def test_a_broken_budget_names_its_costliest_runs_and_how_to_look_at_them(botanu: Botanu, tmp_path: Path) -> None:
    """The commands that it prints run as they stand and show the runs it named."""
    budgets(tmp_path, '[[budgets]]\nname = "ticket"\nuse_case = "Customer \'1\'"\nmetric = "max"\nmax_usd = 0.004\n')
    fill(botanu, tmp_path, runs([1000, 5000, 2000, 1000], "Customer '1'"))

    result = botanu("budget", "check")

    commands = [line[line.index("botanu ") :] for line in result.out.splitlines() if ": botanu " in line]
    assert result.code == 1
    assert "max cost per run is $0.01, which breaks the limit of $0.0040" in result.out
    assert len(commands) == 5
    shown = [botanu(*shlex.split(command)[1:]) for command in commands]
    assert [page.code for page in shown] == [0] * 5
    assert "$0.01" in shown[0].out
    assert "Customer '1'" in shown[3].out


def ended(outcome: str, reason: str) -> dict[str, Any]:
    statuses = {"failed": "failure"}
    facts = {"botanu__outcome": outcome, "botanu__outcome__status": statuses.get(outcome, outcome)}
    return facts | ({"botanu__outcome__reason": reason} if reason else {})


def test_a_broken_limit_on_quality_names_why_runs_were_no_success(botanu: Botanu, tmp_path: Path) -> None:
    """Failed and partial runs by reason, the most frequent first, and commands that show them; not what runs cost by model."""
    budgets(tmp_path, '[[budgets]]\nname = "good"\nuse_case = "Support"\nmin_success_rate = "90%"\n')
    fill(
        botanu,
        tmp_path,
        runs([1000] * 2),
        runs([1000] * 2, **ended("failed", "no order found")),
        runs([1000], **ended("partial", "half an answer")),
        runs([1000], **ended("timeout", "")),
        runs([1000] * 3, "Research", **ended("failed", "elsewhere")),
    )

    result = botanu("budget", "check")

    lines = [line.strip() for line in result.out.splitlines()]
    begin = lines.index("2 root runs  Support, failed: no order found, $0.0070")
    assert lines[begin + 1 : begin + 5] == [
        "1 root run  Support, partial: half an answer, $0.0035",
        "1 root run  Support, timeout, $0.0035",
        "These runs: botanu runs list --outcome failed --outcome partial --outcome timeout --use-case Support",
        "By outcome: botanu outcomes --use-case Support",
    ]
    assert "By model" not in result.out
    listed, outcomes = (botanu(*shlex.split(line.partition("botanu ")[2])) for line in lines[begin + 3 : begin + 5])
    assert (listed.code, outcomes.code) == (0, 0)
    assert "Total" in listed.out
    assert "no order found" in outcomes.out
    (row,) = checked(botanu)[1]
    assert row["costliest"] == []
    assert [(found["outcome"], found["root_runs"]) for found in row["unsuccessful"]] == [
        ("failed", 2),
        ("partial", 1),
        ("timeout", 1),
    ]


def test_a_return_that_is_low_though_all_succeeded_is_a_matter_of_cost(botanu: Botanu, tmp_path: Path) -> None:
    """Then the costliest runs are named, and outcomes pointed to; a limit on cost beside one on quality names both."""
    low = '[values]\ntickets = 0.001\n[[budgets]]\nname = "a"\nmin_roi = 0\n'
    budgets(tmp_path, low)
    ticket = {"botanu__outcome__value_type": "tickets", "botanu__outcome__value_amount": 1}
    fill(botanu, tmp_path, runs([1000], **ticket))
    out = botanu("budget", "check").out
    assert "By model: botanu cost" in out
    assert "By outcome: botanu outcomes" in out

    budgets(tmp_path, low + "max_usd = 0.001\n")
    fill(botanu, tmp_path, runs([1000], **ended("failed", "lost")))
    out = botanu("budget", "check").out
    assert "By model: botanu cost" in out
    assert "1 root run  Support, failed: lost" in out


def noisy(seed: int, factor: float = 1.0, count: int = 200) -> list[Document]:
    chance = random.Random(seed)
    return runs(int(4000 * factor * chance.lognormvariate(0, 0.25)) for _ in range(count))


INCREASE = '[[budgets]]\nname = "ticket"\nuse_case = "Support"\nmax_increase = "10%"\nmin_samples = 20\n'


@pytest.mark.parametrize("kind", ["file", "store"])
def test_an_increase_breaks_the_build_and_noise_does_not(botanu: Botanu, tmp_path: Path, kind: str) -> None:
    """Against a saved file or another store: the same distribution passes, a quarter more fails and says what rose."""
    budgets(tmp_path, INCREASE)
    fill(botanu, tmp_path, noisy(1), store="main.duckdb")
    fill(botanu, tmp_path, noisy(2), store="same.duckdb")
    fill(botanu, tmp_path, noisy(3, 1.4), store="more.duckdb")
    baseline = "main.json" if kind == "file" else "main.duckdb"
    botanu("budget", "check", "--store", "main.duckdb", "--save-baseline", "main.json")

    same = checked(botanu, "--store", "same.duckdb", "--baseline", baseline)
    code, (row,) = checked(botanu, "--store", "more.duckdb", "--baseline", baseline)

    assert same[0] == 0
    assert code == 1
    assert Decimal(row["interval_low"]) > Decimal("0.10")
    assert any("tokens on average" in change for change in row["changes"])


@pytest.mark.parametrize("metric", ["total", "max", "mean", "p99"])
def test_a_baseline_of_many_runs_is_the_same_as_itself(botanu: Botanu, tmp_path: Path, metric: str) -> None:
    """A file keeps some samples of many; what is all of them together, or the largest, has not risen for that."""
    budgets(tmp_path, f'[[budgets]]\nname = "a"\nmetric = "{metric}"\nmax_increase = "10%"\n')
    fill(botanu, tmp_path, runs(range(10_000, 10_000 + 4_100)), runs([100_000]))
    assert botanu("budget", "check", "--save-baseline", "main.json").code == 0

    code, (row,) = checked(botanu, "--baseline", "main.json")

    assert (code, row["status"]) == (0, "pass")
    assert abs(float(row["measured"])) < 0.01


def test_a_budget_from_flags_can_fail_for_want_of_data(botanu: Botanu, tmp_path: Path) -> None:
    """As one of a file can, in the same words: a use case that no run has passes unless it is said to fail."""
    fill(botanu, tmp_path, runs([1000] * 20))
    flags = ["budget", "check", "--max-usd", "1", "--use-case", "Suport"]

    assert [botanu(*flags, *said).code for said in ([], ["--on-missing", "pass"], ["--on-missing", "fail"])] == [
        0,
        0,
        1,
    ]
    assert "--on-missing is 'skip'. Choose from pass, fail." in botanu(*flags, "--on-missing", "skip").err


def test_without_a_baseline_an_increase_is_no_data(botanu: Botanu, tmp_path: Path) -> None:
    """The first build has nothing to compare with, and passes."""
    budgets(tmp_path, INCREASE)
    fill(botanu, tmp_path, runs([1000] * 20))

    code, (row,) = checked(botanu)

    assert (code, row["status"]) == (0, "no data")
    assert "--save-baseline" in row["why"]


@pytest.mark.parametrize(
    "content", ["", "{}", '{"schema": "else"}', '{"schema": "botanu.baseline/1", "budgets": {"a": 1}}']
)
def test_a_baseline_that_is_none_is_refused(botanu: Botanu, tmp_path: Path, content: str) -> None:
    """Exit code 2, and how to make one."""
    budgets(tmp_path, INCREASE)
    (tmp_path / "main.json").write_text(content)

    result = botanu("budget", "check", "--baseline", "main.json")

    assert result.code == 2
    assert "--save-baseline" in result.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[budgets]]\nname = "a"\nmax_usd = "much"\n', "line 3: max_usd is 'much'"),
        ('[[budgets]]\nname = "a"\nmax_usd = 1\n\n[[budgets]]\nname = "b"\nmax_usd = -1\n', "line 7: max_usd is -1"),
        (
            '[[budgets]]\nname = "a"\nmax_uds = 1\n',
            "line 3: max_uds is nothing that a budget can say. Did you mean max_usd?",
        ),
        ('[[budgets]]\nname = "a"\nmax_usd = 1\nper = "runs"\n', "line 4: per is 'runs'. Did you mean run?"),
        ('[[budgets]]\nname = "a"\n', "line 2: name is a budget without a limit"),
        ('[[budgets]]\nname = "a"\nmax_usd = 1\n[[budgets]]\nname = "a"\nmax_usd = 1\n', "line 5: name 'a' is another"),
        ('[[budgets]]\nmax_usd = 1\nwindow = "7d"\nsince = "today"\n', "line 3: window stands beside"),
        ("[[budgets]]\nmax_usd = 1\nuse_case = 7\n", "line 3: use_case is 7"),
        ('[[budgets]]\nmax_usd = 1\nper = "total"\nmetric = "p95"\n', "line 4: metric is 'p95'"),
        ("[[budgets]]\nmax_usd = true\n", "line 2: max_usd is True"),
        ('[[budgets]]\nmax_usd = 1\nwindow = "7 days"\n', "line 3: window '7 days' is no time"),
        (
            '[[budgets]]\nname = "a"\nmax_usd = 1\nsince = "2026-02-01"\nuntil = 2026-01-01\n',
            "Budget 'a': until '2026-01-01' is not after since '2026-02-01'.",
        ),
        ("[[budgets]]\nmax_usd = 1e400\n", "line 2: max_usd is 1E+400, which no figure comes near"),
        ("[[budgets]]\nmax_tokens = 1e-400\n", "line 2: max_tokens is 1E-400, which no figure comes near"),
        ("[[budgets]]\nmin_roi = -1.5\n", "line 2: min_roi is -1.5. Give a number of -1 or more"),
        ("[[budgets]]\nmax_usd = 1\nuse_case = []\n", "line 3: use_case is an empty list"),
        ('[[budgets]]\nmax_usd = 1\n"max\\u001b[31m" = 1\n', "max\\x1b[31m is nothing that a budget can say"),
        ('[[budgets]]\nmax_usd = 1\nuntil = "soon"\n', "line 3: until 'soon' is no time"),
        ("[[budgets]]\nmax_usd = 1\nmin_samples = 2.5\n", "line 3: min_samples is 2.5. Give a whole number"),
        ("[[budgets]]\nmax_usd = 1\nwarn_at = 80\n", "line 3: warn_at is 80, which is more than all"),
        ('[[budgets]]\nmax_usd = 1\nenv = "a"\nenvironment = "b"\n', "line 3: env stands beside environment"),
        ('\n[[budget]]\nname = "a"\nmax_usd = 1\n', "line 2: budget is nothing that can be set. Did you mean budgets?"),
        (
            '\n[dashboard]\ntrace_urls = "http://x"\n',
            "line 3: dashboard.trace_urls is nothing that can be set. Did you mean trace_url?",
        ),
        ("\ndashboard = 7\n", "line 2: dashboard must be a table. Write [dashboard]"),
        ("budgets = 3\n", "budgets must be a list"),
        ("[[budgets]\n", "line 1"),
        ("", "There is no budget"),
    ],
)
def test_what_is_wrong_in_the_file_is_named_with_line_and_key(
    botanu: Botanu, tmp_path: Path, text: str, said: str
) -> None:
    """Exit code 2 and nothing on stdout; the message points at the place and says what would be right."""
    budgets(tmp_path, text)

    result = botanu("budget", "check")

    assert (result.code, result.out) == (2, "")
    assert said in result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--max-usd", "much"], "--max-usd is 'much'"),
        (["--max-usd", ""], "--max-usd is ''"),
        (["--budget", "tickt"], "Did you mean 'ticket'?"),
        (["--metric", "p95"], "belongs to a budget from flags"),
        (["--max-usd", "1", "--budget", "ticket"], "--max-usd makes a budget of its own"),
        (["--max-usd", "1", "-o", "junit"], "no FORMAT:FILE"),
        (["--max-usd", "1", "-o", "word:a.doc"], "no format here"),
        (["--max-usd", "1", "-f", "csv"], "no format here"),
        (["--baseline", "nowhere.duckdb"], "does not exist"),
        (["--max-usd", "1", "--since", "someday"], "ISO date"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_flags_are_named(botanu: Botanu, tmp_path: Path, arguments: list[str], said: str) -> None:
    """Exit code 2, which flag, and what would be right."""
    budgets(tmp_path, '[[budgets]]\nname = "ticket"\nmax_usd = 1\n')

    result = botanu("budget", "check", *arguments)

    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_budgets_may_live_in_pyproject(botanu: Botanu, tmp_path: Path) -> None:
    """Without botanu.toml, `[[tool.botanu.budgets]]` of pyproject.toml is read, and errors point into it."""
    fill(botanu, tmp_path, runs([1000]))
    path = tmp_path / "pyproject.toml"
    path.write_text('[project]\nname = "x"\n\n[[tool.botanu.budgets]]\nname = "a"\nmax_usd = 1\n')
    assert checked(botanu)[1][0]["budget"] == "a"

    path.write_text('[project]\nname = "x"\n\n[[tool.botanu.budgets]]\nname = "a"\nmax_usd = "x"\n')
    assert "pyproject.toml, line 6: max_usd" in botanu("budget", "check").err


def test_incomplete_data_is_3_under_strict_and_a_break_is_1_nevertheless(botanu: Botanu, tmp_path: Path) -> None:
    """A call without a price: the figure is a lower bound, and says so; a bound that is broken is broken for sure."""
    trace = trace_id()
    top = trace[-16:]
    fill(botanu, tmp_path, [run(trace, "r", span_id=top), chat(trace, top), chat(trace, top, model="in-house-7b")])

    assert botanu("budget", "check", "--max-usd", "1").code == 0
    assert botanu("budget", "check", "--max-usd", "1", "--strict").code == 3
    assert botanu("budget", "check", "--max-usd", "0.001", "--strict").code == 1
    assert "≥$0.0035" in botanu("budget", "check", "--max-usd", "1").out


def test_several_outputs_at_once(botanu: Botanu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JUnit is XML with one case per limit, GitHub gets annotations and a summary, whatever the names hold."""
    budgets(
        tmp_path,
        '[[budgets]]\nname = "a: <b>, 100%\\u0007"\nmax_usd = 0.001\nmax_tokens = 5000\n'
        '[[budgets]]\nname = "idle"\nuse_case = "Nothing"\nmax_usd = 1\n',
    )
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    fill(botanu, tmp_path, runs([1000]))

    result = botanu("budget", "check", "-f", "github", "-o", "junit:b.xml", "-o", "json:b.json", "-o", "markdown:b.md")

    suite = ET.parse(tmp_path / "b.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    assert "botanu runs show" in (suite.findtext("testcase/failure") or "")
    assert result.out.startswith("::error title=Budget a%3A <b>%2C 100%25")
    assert "::notice title=Budget idle::" in result.out
    assert (tmp_path / "summary.md").read_text().strip() == (tmp_path / "b.md").read_text().strip()
    assert json.loads((tmp_path / "b.json").read_text())["totals"] == {
        "budgets": 2,
        "pass": 0,
        "warn": 0,
        "fail": 1,
        "no_data": 1,
    }


@pytest.mark.parametrize("width", ["80", "200"])
def test_the_table_fits(botanu: Botanu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    """No line of the table is wider than the terminal."""
    monkeypatch.setenv("COLUMNS", width)
    budgets(tmp_path, f'[[budgets]]\nname = "{"support " * 9}"\nmetric = "p95"\nmax_usd = 0.004\n')
    fill(botanu, tmp_path, runs([1000, 2000]))

    table = botanu("budget", "check").out.split("\n\n")[0]

    assert max(map(len, table.splitlines()[:-1])) <= int(width)
    assert "$0.0059" in table


def test_init_proposes_what_history_keeps(botanu: Botanu, filled: Path, tmp_path: Path) -> None:
    """The budgets written are read back, kept by the runs they come from, and say how they were made; settings stay."""
    budgets(tmp_path, "[values]\ntickets_resolved = 4.50\n")

    result = botanu("budget", "init")

    text = (tmp_path / "botanu.toml").read_text()
    code, rows = checked(botanu)
    assert (result.code, result.out, code) == (0, "", 0)
    assert text.startswith("[values]\ntickets_resolved = 4.50\n\n# Budgets")
    assert "# p95 of 8 runs was $0.0032; with 50.0% headroom, rounded up:\nmax_usd = 0.0048\n" in text
    assert {"Customer Support", "Research"} < {row["budget"] for row in rows}
    assert "has budgets already" in botanu("budget", "init").err


def test_init_quotes_whatever_a_use_case_is_called(botanu: Botanu, tmp_path: Path) -> None:
    """Quotes, line ends, control characters and other scripts come back as they were."""
    name = 'a "b" \\ \n[[budgets]] \x7f\x1b 客户'
    fill(botanu, tmp_path, runs([1000], name))

    assert botanu("budget", "init").code == 0
    code, (row,) = checked(botanu)

    assert (code, row["budget"], row["samples"]) == (0, name, 1)


def test_init_says_how_to_check_what_it_wrote(botanu: Botanu, tmp_path: Path) -> None:
    """Where the file or the store is not the usual one, the command that checks them names it."""
    assert "run: botanu budget check\n" in botanu("budget", "init").err

    said = botanu("budget", "init", "--config", "ci.toml", "--store", "ci.duckdb").err

    assert "run: botanu budget check --config ci.toml --store ci.duckdb\n" in said


def test_init_on_an_empty_store_writes_an_example_and_says_so(botanu: Botanu, tmp_path: Path) -> None:
    """What may be written is explained, once; no budget is made up, and nobody is told that there is one."""
    first, text = botanu("budget", "init"), (tmp_path / "botanu.toml").read_text()
    again = botanu("budget", "init")

    assert (first.code, again.code) == (0, 0)
    assert "# [[budgets]]" in text
    assert "no run here has a cost to propose a budget from. Once one has: botanu budget init\n" in first.err
    assert again.err == first.err
    assert (tmp_path / "botanu.toml").read_text() == text
    assert "There is no budget" in botanu("budget", "check").err


def test_init_proposes_after_an_example(botanu: Botanu, ingested: Path, tmp_path: Path) -> None:
    """A file without a budget is added to as soon as there are runs, and not explained a second time."""
    botanu("budget", "init")
    shutil.copy(ingested, tmp_path / "botanu.duckdb")

    assert botanu("budget", "init").code == 0

    code, rows = checked(botanu)
    assert (code, {"Customer Support", "Research"} < {row["budget"] for row in rows}) == (0, True)
    assert (tmp_path / "botanu.toml").read_text().count("# Budgets") == 1


@pytest.mark.parametrize("first", ["", 'name = "budget max_usd"\n'])
def test_budgets_without_a_name_are_told_that_they_need_one(botanu: Botanu, tmp_path: Path, first: str) -> None:
    """Whoever wrote no name is not told that it is another's, but where one is missing."""
    budgets(tmp_path, f"[[budgets]]\n{first}max_usd = 1\n\n[[budgets]]\nmax_usd = 2\nper = 'total'\n")

    result = botanu("budget", "check")

    line = 4 + bool(first)
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        f"Error: botanu.toml, line {line}: name is missing: without one this is 'budget max_usd', as another is already. Give it one.\n"
    )


@pytest.mark.usefixtures("filled")
def test_a_budget_may_begin_later(botanu: Botanu, tmp_path: Path) -> None:
    """What is planned for a time to come has no data yet, and is nothing wrong."""
    budgets(tmp_path, "[[budgets]]\nsince = 2999-01-01\nmax_usd = 1\n")

    code, (row,) = checked(botanu)

    assert (code, row["status"]) == (0, "no data")
