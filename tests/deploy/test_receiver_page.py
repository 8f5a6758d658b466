"""What docs/operations/receiver.md says of `botanu serve` is what it does: limits, refusals, metrics, and a unit for systemd."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from botanu_cli.app import app
from botanu_store.receiver.limits import MIB, Limits, Refusal
from botanu_store.receiver.metrics import Metrics
from botanu_store.spool import Spool
from typer.main import get_command

from tests.conftest import REPOSITORY

OPERATIONS = REPOSITORY / "docs" / "operations"
PAGE = (OPERATIONS / "receiver.md").read_text("utf-8")


def section(title: str) -> str:
    """Return a section of the page."""
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_the_limits_on_the_page_are_those_of_the_program() -> None:
    """Every default is written down as it is."""
    shown = [row.split("|")[2].strip() for row in section("Limits").splitlines() if row.startswith("| ")][2:]
    limits = Limits()
    assert shown == [
        f"{limits.body_bytes // MIB} MiB",
        f"{limits.items:,}",
        f"{limits.requests}",
        f"{limits.readings}",
        f"{limits.held_bytes // MIB} MiB",
        f"{limits.spool_bytes // MIB:,} MiB",
        f"{limits.header_seconds:g} s",
        f"{limits.seconds:g} s",
        "1,024",
    ]


def test_every_refusal_is_on_the_page() -> None:
    """Each status that it may answer with is explained, and whether to try again is said as it is."""
    rows = [row.split("|") for row in section("What is guaranteed").splitlines() if re.match(r"\| \d", row)]
    retried = {int(row[1]): row[4].strip() != "no" for row in rows}
    known = {refusal for refusal in Refusal if refusal not in (Refusal.NO_SUCH_PATH, Refusal.NO_SUCH_METHOD)}
    assert retried == {refusal.http: refusal.retry_after is not None for refusal in known}
    for refusal in known:
        if refusal not in (Refusal.FROM_A_BROWSER, Refusal.UNKNOWN_ENCODING):  # HTTP alone has them
            assert refusal.grpc.name in next(row[2] for row in rows if int(row[1]) == refusal.http)


def test_the_metrics_on_the_page_are_those_that_it_has(tmp_path: Path) -> None:
    """Each metric is named, and none that is not there."""
    metrics = Metrics(Spool(tmp_path / "s.duckdb"))
    made = set(re.findall(r"^# TYPE (botanu\w+) ", metrics.text().decode(), re.MULTILINE))
    shown = set(re.findall(r"^\| `(botanu\w+)`", section("Metrics"), re.MULTILINE))
    assert shown == {name for name in made if not name.endswith("_created")}


def _service() -> configparser.SectionProxy:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string((OPERATIONS / "botanu.service").read_text("utf-8"))
    return unit["Service"]


def test_the_unit_starts_a_command_that_exists() -> None:
    """What systemd would run parses as a command line of botanu, and the page installs it there."""
    service = _service()
    program, name, *arguments = shlex.split(service["ExecStart"])
    assert f"{program.removesuffix('botanu')}pip install" in PAGE
    command = get_command(app).get_command(None, name)  # type: ignore[attr-defined]
    given = command.make_context(name, arguments).params
    assert str(given["token_file"]) == "%d/" + service["LoadCredential"].partition(":")[0]
    assert given["host"] == "0.0.0.0"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    """Every setting is one of systemd's."""
    unit = (OPERATIONS / "botanu.service").read_text("utf-8").replace("/opt/botanu/bin/botanu", "/bin/true")
    (tmp_path / "botanu.service").write_text(unit, "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "./botanu.service"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert "botanu.service" not in done.stdout + done.stderr


PAGES = [OPERATIONS / "receiver.md", REPOSITORY / "docs" / "integration" / "collector.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_commands_on_a_page_exist(page: Path) -> None:
    """Every command of botanu that is shown parses, flags and all."""
    commands = get_command(app).commands  # type: ignore[attr-defined]
    shown = re.findall(
        rf"\bbotanu (?:--store \S+ )?({'|'.join(commands)})\b(.*)$", page.read_text("utf-8"), re.MULTILINE
    )
    shown = [(name, rest) for name, rest in shown if "`" not in rest]
    assert len(shown) >= 3
    for name, rest in shown:
        commands[name].make_context(name, shlex.split(rest))
