"""What the documentation shows, works: every Python example runs, every link leads somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PAGES = sorted(
    [REPOSITORY / "README.md", REPOSITORY / "sample_traces" / "README.md", *(REPOSITORY / "docs").rglob("*.md")]
)
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
        [sys.executable, "support_agent.py"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
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
