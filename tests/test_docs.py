"""What the documentation shows, works: every Python example runs, every link leads somewhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from botanu_cli import configuration
from botanu_cli.budgets.read import KEYS, LIMITS, read_budgets
from botanu_cli.configuration import trace_url
from botanu_cli.layouts import OUTCOMES
from botanu_store.prices.overrides import PRICE_KEYS, read_overrides

from tests.conftest import REPOSITORY, only_what_it_names

PAGES = sorted(
    [REPOSITORY / "README.md", REPOSITORY / "sample_traces" / "README.md", *(REPOSITORY / "docs").rglob("*.md")]
)
SETTINGS = REPOSITORY / "docs" / "getting-started" / "settings.md"
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = [
    pytest.param(block.group(1), id=f"{page.relative_to(REPOSITORY)}-{number}")
    for page in PAGES
    for number, block in enumerate(_BLOCK.finditer(page.read_text("utf-8")), 1)
]


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES)
def test_a_documented_example_runs_as_it_stands(example: str, tmp_path: Path) -> None:
    """Each Python block runs by itself in an empty folder with no collector, and prints no warning."""
    program = tmp_path / "example.py"
    program.write_text(example, "utf-8")

    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning", str(program)],
        cwd=tmp_path,
        env=os.environ | only_what_it_names(example),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_inside_the_repository_leads_somewhere(page: Path) -> None:
    """Relative links name files that are there."""
    targets = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_readme_program_costs_what_it_says(tmp_path: Path) -> None:
    """The README's program, run as it stands with no collector anywhere, and the CLI's answer to the last digit."""
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    (program,) = _BLOCK.findall(readme)
    (tmp_path / "support_agent.py").write_text(program, "utf-8")

    done = subprocess.run(
        [sys.executable, "support_agent.py"],
        cwd=tmp_path,
        env=os.environ | only_what_it_names(program),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    cost = subprocess.run(
        [sys.executable, "-m", "botanu_cli", "cost", "--use-case", "Customer Support", "-f", "csv"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stderr == ""
    row = dict(zip(*(line.split(",") for line in cost.stdout.splitlines()), strict=True))
    # Two tickets of 176 fresh and 1,024 cached input tokens and 150 output tokens of gpt-4o:
    # 2 x (176 x 2.50 + 1,024 x 1.25 + 150 x 10.00) USD a million, https://openai.com/api/pricing
    assert (row["runs"], row["cost_usd"]) == ("2", "0.006440000000")


def test_what_outcomes_are_worth_is_what_the_page_reckons(tmp_path: Path) -> None:
    """The page's four tickets, run as they stand: each column of `botanu outcomes` is on the page in its order, with its field and what it says here."""
    page = REPOSITORY / "docs" / "tracking" / "outcomes.md"
    (program,) = [block for block in _BLOCK.findall(page.read_text("utf-8")) if "ticket_2" in block]
    (tmp_path / "tickets.py").write_text(program, "utf-8")
    (tmp_path / "botanu.toml").write_text(_toml(page), "utf-8")
    named = os.environ | only_what_it_names(program)
    subprocess.run([sys.executable, "tickets.py"], cwd=tmp_path, env=named, check=True, timeout=60)

    found = {form: _outcomes(tmp_path, form) for form in ("markdown", "json")}

    titles, shown = (line.split(" | ") for line in found["markdown"].splitlines()[:3:2])
    said = dict(zip(titles, shown, strict=True))
    row = re.findall(
        r"^\| ([A-Z][\w ]*) \| `(\w+)` \| .*? \| ([^|]+) \| [^|]* ?\|$", page.read_text("utf-8"), re.MULTILINE
    )
    assert [(title, field) for title, field, _ in row] == [(column.title, column.field) for column in OUTCOMES.columns]
    assert {title: here for title, _, here in row} == said | {"Unknown": "0"}
    (whole,) = json.loads(found["json"])["rows"]
    assert (whole["success_rate"], Decimal(whole["value_amount"])) == (0.5, Decimal("2.4"))
    assert [Decimal(whole[part]) for part in ("failed_runs_usd", "retried_usd", "failed_calls_usd")] == [
        Decimal("0.1"),
        Decimal("0.2"),
        Decimal("0.1"),
    ]
    assert whole["reasons"] == [{"reason": "order not found", "root_runs": 1, "cost_usd": "0.100000000000"}]


def _outcomes(folder: Path, form: str) -> str:
    """What `botanu outcomes` says in a folder; a name's escapes for Markdown and the bars around a line are left out."""
    words = [sys.executable, "-m", "botanu_cli", "outcomes", "-f", form]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return re.sub(r"^\| | \|$|\\(?=_)", "", done.stdout, flags=re.MULTILINE)


def _toml(page: Path) -> str:
    (block,) = re.findall(r"^```toml\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return str(block)


@pytest.mark.parametrize("name", ["botanu.toml", "pyproject.toml"])
def test_the_example_of_settings_is_read_as_it_stands(tmp_path: Path, name: str) -> None:
    """It has every section there is, and each reader takes its own; in pyproject.toml below tool.botanu."""
    path = tmp_path / name
    text = _toml(SETTINGS)
    path.write_text(re.sub(r"^(\[+)", r"\1tool.botanu.", text, flags=re.MULTILINE) if name[0] == "p" else text, "utf-8")

    found = configuration.read(path)

    assert found is not None
    prices = read_overrides(found)
    assert prices is not None
    assert tuple(found.said) == configuration.SECTIONS
    assert {price.pattern for price in prices.prices} > {"openai/gpt-4o", "acme-large", "s3", "web_search"}
    assert [discount.share for discount in prices.discounts] == [Decimal("0.15"), Decimal("0.1")]
    assert configuration.values(path) == {"tickets_resolved": Decimal("4.50")}
    assert [budget.name for budget in read_budgets(found)] == ["support ticket", "worth it", "no surprise"]
    assert {limit for budget in read_budgets(found) for limit in budget.limits} < set(LIMITS)
    assert trace_url(path) == "http://localhost:16686/trace/{trace_id}"


def test_the_page_of_settings_has_every_section_and_key() -> None:
    """Each section has a heading of its own, and each key stands in the first column of its table; none is there that nothing reads."""
    keys: dict[str, set[str]] = {}
    for part in re.split(r"^## `\[+", SETTINGS.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        first_cells = "".join(re.findall(r"^\| (`.*?) \|", part, re.MULTILINE))
        keys[part[: part.index("]")]] = set(re.findall(r"`(\w+)`", first_cells))

    assert tuple(keys) == configuration.SECTIONS
    assert keys["prices"] == {*PRICE_KEYS, "operation", "from", "until"}
    assert keys["discounts"] == {"discount", "from", "until"}
    assert keys["tools"] == {"per_call", "from", "until"}
    assert keys["budgets"] == set(KEYS)
    assert keys["dashboard"] == {"trace_url"}


def test_the_page_of_architecture_has_every_relation() -> None:
    """Each table of a store and no other, by the scripts that make them; the views that it names are there too."""
    page = (REPOSITORY / "docs" / "concepts" / "architecture.md").read_text("utf-8")
    folders = (REPOSITORY / "store" / "botanu_store" / name for name in ("schema", "prices/sql", "reports/sql"))
    schema = "".join(path.read_text("utf-8") for folder in folders for path in folder.glob("*.sql"))
    rows = re.findall(r"^\| (`.*?) \| (tables?|view) \|", page, re.MULTILINE)
    named = {
        kind: {name for cell, of in rows if of.rstrip("s") == kind for name in re.findall(r"\w+", cell)}
        for kind in ("table", "view")
    }

    assert named["table"] == set(re.findall(r"^create table if not exists (\w+)", schema, re.MULTILINE))
    assert named["view"] < set(re.findall(r"^create or replace temp view (\w+)", schema, re.MULTILINE))
