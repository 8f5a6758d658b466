"""Streams, exit codes, global flags, and what is said when something is wrong."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import duckdb
import pytest

from tests.cli.conftest import Botanu
from tests.store.builders import chat, document, trace_id, write

BOTANU = [sys.executable, "-m", "botanu_cli"]


def test_global_flags_work_before_and_after_the_command(botanu: Botanu, samples: Path, tmp_path: Path) -> None:
    """`--store` may stand anywhere on the line."""
    assert botanu("--store", "a.duckdb", "ingest", str(samples)).code == 0
    assert (tmp_path / "a.duckdb").exists()

    assert botanu("cost", "--store=a.duckdb").out == botanu("--store", "a.duckdb", "cost").out != ""


def test_an_empty_store_says_how_to_fill_it_and_creates_nothing(botanu: Botanu, tmp_path: Path) -> None:
    """Looking is harmless: no file appears, the note goes to stderr."""
    result = botanu("cost")

    assert (result.code, result.out) == (0, "No groups.\n")
    assert "botanu demo" in result.err
    assert list(tmp_path.iterdir()) == []


def test_quiet_says_nothing_on_stderr(botanu: Botanu) -> None:
    """`--quiet` leaves the data alone on its stream."""
    assert botanu("cost", "--quiet").err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["cost", "--bogus"], "No such option: --bogus"),
        (["cots"], "Did you mean 'cost'?"),
        (["cost", "--group-by", "vendr"], "Did you mean vendor?"),
        (["cost", "--group-by", ","], "nothing to group by"),
        (["cost", "--group-by", "time:day,time:week"], "Two units of time"),
        (["cost", "--since", "someday"], "ISO date or time"),
        (
            ["cost", "--since", "2026-02-01", "--until", "2026-01-01", "--tz", "UTC"],
            "ends (2026-01-01 00:00) before it starts (2026-02-01 00:00).",
        ),
        (["cost", "--since", "2026-02-28", "--until", "2026-02-28"], "--until is exclusive"),
        (["cost", "--since", "2026-02-28", "--until", "2026-02-28"], "give --until 2026-03-01."),
        (["cost", "--since", ""], "--since '' is no time"),
        (["cost", "--until", ""], "--until '' is no time"),
        (["cost", "--as-priced", ""], "--as-priced '' is no time"),
        (["cost", "--tz", ""], "'' is no time zone"),
        (["cost", "--store", ""], "--store names nothing"),
        (["cost", "--store"], "--store: Its value is missing"),
        (["cost", "--store", "."], ". is a folder, not a store"),
        (["cost", "--since", "0001-01-01", "--tz", "Asia/Tokyo"], "is no time"),
        (["cost", "--until", "9999-12-31T23:00Z", "--tz", "Asia/Tokyo"], "is no time"),
        (["cost", "--since", "0001-01-01", "--compare", "--tz", "UTC"], "Give a later --since"),
        (
            ["cost", "--since", "0003-01-01", "--until", "0002-01-01", "--tz", "UTC"],
            "ends (0002-01-01 00:00) before it starts (0003-01-01 00:00).",
        ),
        (["runs", "list", "--since", "9999-12-31", "--tz", "UTC"], "starts (9999-12-31 00:00) after now ("),
        (["budget", "check", "--max-usd", "1", "--since", "9999-12-31"], "Give an earlier --since."),
        (["serve", "--http-port", "65536"], "less than or equal to 65535"),
        (["cost", "-o", "nowhere/cost.txt"], "The folder nowhere does not exist. Create it"),
        (["serve", "--token-file", "nowhere.txt"], "The file nowhere.txt does not exist."),
        (["cost", "--tz", "Mars/Olympus"], "no time zone"),
        (["cost", "--tz", "Europe/Berln"], "Did you mean Europe/Berlin?"),
        (["cost", "--format", "xml"], "Choose from table, json"),
        (["cost", "--min-cost", "much"], "no amount"),
        (["cost", "--min-cost", "1e30"], "no amount"),
        (["runs", "list", "--sort", "beauty"], "Choose from started"),
        (["runs", "show", "nothing"], "botanu runs list"),
        (["ingest", "nowhere.jsonl"], "does not exist"),
        (["cost", "--config", "nowhere.toml"], "does not exist"),
        (["cost", "--config", "."], ". is no file"),
        (["cost", "--store", "mysql://x"], "no kind of store"),
        (["cost", "--store", "nowhere/x.duckdb"], "does not exist"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_input_is_exit_code_2_and_names_the_way_out(botanu: Botanu, arguments: list[str], said: str) -> None:
    """Usage and input errors: nothing on stdout, one clear message, no traceback."""
    result = botanu(*arguments)

    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("colon", ["", ":"])
def test_a_machine_may_name_the_file_of_its_zone(
    botanu: Botanu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, colon: str
) -> None:
    """Containers set TZ to a file, as the C library allows; days begin in the zone that it is of."""
    file = tmp_path / "zoneinfo" / "Europe" / "Berlin"
    file.parent.mkdir(parents=True)
    file.touch()
    monkeypatch.setenv("TZ", f"{colon}{file}")

    assert json.loads(botanu("cost", "-f", "json").out)["interval"]["tz"] == "Europe/Berlin"


@pytest.mark.parametrize("rule", ["CET-1CEST", "CET-1CEST,M3.5.0,M10.5.0/3", "<+0330>-3:30", "Europe/Berln"])
def test_a_machine_whose_zone_has_no_name_gets_utc_and_is_told_so(
    botanu: Botanu, filled: Path, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    """TZ may be a rule that no list of zones has: no report fails for it, and one line says what days are in, and how to name another."""
    monkeypatch.setenv("TZ", rule)

    result = botanu("cost", "-f", "json", "--since", "2026-01-01", "--group-by", "time:day")

    assert (result.code, json.loads(result.out)["interval"]["tz"]) == (0, "UTC")
    assert result.err == f"Times are in UTC: TZ is {rule!r}, which names no zone. Name one: --tz Europe/Berlin\n"
    assert botanu("cost", "--tz", "Asia/Tokyo").err == ""


@pytest.mark.parametrize("rule", ["UTC0", "GMT+0", "UTC"])
def test_a_machine_whose_rule_is_utc_is_told_nothing(
    botanu: Botanu, filled: Path, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    """As containers set it: it says no more than that days are those of UTC."""
    monkeypatch.setenv("TZ", rule)

    result = botanu("cost", "-f", "json")

    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out)["interval"]["tz"] in ("UTC", "GMT+0")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("cost > /dev/full", "stdout"),
        ("cost --chart > /dev/full", "stdout"),
        ("--version > /dev/full", "stdout"),
        ("cost -o /dev/full", "/dev/full"),
        ("cost --chart -o /dev/full", "/dev/full"),
        ("budget check --max-usd 1 -q -o json:/dev/full > /dev/null", "/dev/full"),
        ("budget check --max-usd 1 -q --save-baseline /dev/full > /dev/null", "/dev/full"),
    ],
)
def test_what_is_full_is_named(tmp_path: Path, line: str, named: str) -> None:
    """A disk without room is an error of one line that says what could not be written."""
    done = subprocess.run(
        f"{sys.executable} -m botanu_cli {line}", shell=True, cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: {named}: No space left on device. Check the disk and the permissions.\n"


def _folder(path: Path) -> None:
    path.mkdir()


def _text(path: Path) -> None:
    path.write_text("not a database, but somebody's notes\n" * 1000)


def _foreign(path: Path) -> None:
    with duckdb.connect(str(path)) as con:
        con.execute("create table theirs (a int)")


def _newer(path: Path) -> None:
    with duckdb.connect(str(path)) as con:
        con.execute("create table meta (key varchar, value varchar); create table spans (a int)")
        con.execute("insert into meta values ('schema_version', '999')")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_folder, "is a folder"),
        (_text, "not a DuckDB database"),
        (_foreign, "not a botanu store"),
        (_newer, "newer botanu"),
    ],
)
@pytest.mark.parametrize("command", [["cost"], ["ingest", "a.jsonl"]], ids=" ".join)
def test_what_is_no_store_is_refused_and_not_touched(
    botanu: Botanu, tmp_path: Path, make: object, said: str, command: list[str]
) -> None:
    """A folder, a text file, another program's database, a newer schema: a clear message, code 2, and the bytes stay."""
    path = tmp_path / "botanu.duckdb"
    make(path)  # type: ignore[operator]
    write(tmp_path / "a.jsonl", document([chat(trace_id())]))
    before = path.read_bytes() if path.is_file() else b""

    result = botanu(*command)

    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert (path.read_bytes() if path.is_file() else b"") == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_store_says_permission_denied(botanu: Botanu, tmp_path: Path) -> None:
    """A file without permission is named, not a traceback."""
    path = tmp_path / "botanu.duckdb"
    _foreign(path)
    path.chmod(0)

    assert "permission denied" in botanu("cost").err


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02\xff" * 100, b'{"resourceSpans":[{"scopeSp'], ids=["empty", "binary", "truncated"]
)
def test_files_that_cannot_be_read_are_named_and_leave_the_store_alone(
    botanu: Botanu, tmp_path: Path, content: bytes
) -> None:
    """An empty, binary or truncated file: what is wrong and where, exit code 2 when nothing could be read."""
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)

    result = botanu("ingest", str(path))

    assert result.code == 2
    assert "bad.jsonl" in result.err
    assert "0 spans" in result.out


def test_a_good_file_beside_a_bad_one_goes_in(botanu: Botanu, tmp_path: Path) -> None:
    """What was good is kept."""
    write(tmp_path / "good.jsonl", document([chat(trace_id())]))
    (tmp_path / "bad.jsonl").write_bytes(b"\xff\xfe")

    result = botanu("ingest", "good.jsonl", "bad.jsonl")

    assert result.code == 0
    assert "1 new" in result.out


def test_standard_input_is_a_file_too(samples: Path, tmp_path: Path) -> None:
    """`botanu ingest -` reads what is piped in."""
    data = (samples / "foreign_spans.jsonl").read_bytes()

    done = subprocess.run([*BOTANU, "ingest", "-"], input=data, capture_output=True, cwd=tmp_path, check=True)

    assert b"rejected" in done.stdout
    assert b"0 new" not in done.stdout


def test_help_loads_neither_the_database_nor_the_dashboard() -> None:
    """`botanu --help` stays quick because it imports only what it needs."""
    code = (
        "import sys\n"
        "from botanu_cli.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'duckdb', 'textual', 'pyarrow', 'genai_prices', 'opentelemetry'} & set(sys.modules)))\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "Usage: botanu" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.usefixtures("filled")
def test_a_report_loads_nothing_that_only_ingest_needs(tmp_path: Path) -> None:
    """Prices live in the store and its rows come as Python objects: neither the price library nor Arrow is loaded to read them."""
    code = (
        "import sys\nfrom botanu_cli.app import run\nrun(['cost'])\n"
        "print([m for m in ('genai_prices', 'pyarrow', 'numpy', 'textual') if m in sys.modules])\n"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_no_command_loads_pandas(samples: Path, tmp_path: Path) -> None:
    """Arrow would, where it is installed, and the first thing that is taken in would wait for it."""
    code = (
        "import sys\n"
        "from botanu_cli.__main__ import main\n"
        f"try:\n    main(['ingest', {str(samples)!r}])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('pyarrow', 'pandas') if m in sys.modules])\n"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "['pyarrow']"


def test_without_the_extra_the_command_says_what_to_install(tmp_path: Path) -> None:
    """A bare `pip install botanu` has the command; it names the extra instead of failing on an import."""
    code = (
        "import importlib.util, sys\n"
        "real = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *a: None if name == 'duckdb' else real(name, *a)\n"
        "import botanu_cli.__main__ as m\n"
        "m.main(['cost'])\n"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert 'pip install "botanu[cli]"' in done.stderr


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("calls list -f jsonl", 0),
        ("--help", 0),
        ("budget check --max-usd 1", 0),
        ("budget check --max-usd 0.000001", 1),
        ("cost --strict", 3),
    ],
)
def test_a_closed_pipe_is_no_error_and_hides_none(filled: Path, line: str, code: int) -> None:
    """`botanu … | head` ends quietly, with the exit code of what the command came to."""
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(
        [*BOTANU, *line.split()], cwd=filled.parent, stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)

    assert (done.returncode, "Error" in done.stderr, "Traceback" in done.stderr) == (code, False, False)


@pytest.mark.parametrize(("closed", "code"), [(">&-", 1), ("2>&-", 1), ("<&-", 1), ("<&- >&- 2>&-", 1)])
def test_a_stream_that_is_closed_is_no_error(botanu: Botanu, filled: Path, closed: str, code: int) -> None:
    """Schedulers start programs without some streams; a check comes to what it comes to, and the store stays whole."""
    line = f"{sys.executable} -m botanu_cli budget check --max-usd 0.000001 {closed}"

    done = subprocess.run(line, shell=True, cwd=filled.parent, capture_output=True, text=True, check=False)

    assert (done.returncode, "Error" in done.stderr) == (code, False)
    assert botanu("cost").out


def test_output_is_the_same_bytes_in_every_locale(botanu: Botanu, filled: Path) -> None:
    """A container without a locale writes what every other machine does."""
    plain = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    for command in (["cost"], ["budget", "check", "--max-usd", "1"], ["cost", "--chart"]):
        done = subprocess.run([*BOTANU, *command], cwd=filled.parent, env=plain, capture_output=True, check=False)
        usual = botanu(*command)

        assert (done.returncode, done.stdout) == (usual.code, usual.out.encode()), done.stderr


def reading(folder: Path, first: bytes) -> subprocess.Popen[bytes]:
    """`botanu ingest -` in this folder, which has read this much and waits for more."""
    process = subprocess.Popen(
        [*BOTANU, "ingest", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        # A test run in the background of a shell ignores interrupts, and its children would too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no thread runs here yet
    )
    assert process.stdin is not None
    process.stdin.write(first)
    process.stdin.flush()
    while int.from_bytes(fcntl.ioctl(process.stdin, termios.FIONREAD, bytes(4)), "little"):
        time.sleep(0.05)
    return process


def test_an_interrupt_ends_with_130(tmp_path: Path) -> None:
    """Ctrl-C while reading standard input."""
    process = reading(tmp_path, b'{"resourceSpans":[]}\n')
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)

    assert (process.returncode, out, err.decode()) == (
        130,
        b"",
        "Interrupted. What was taken in stays; run it again to take in the rest: nothing is counted twice.\n",
    )


def test_who_waits_for_input_leaves_the_store_to_others(botanu: Botanu, samples: Path, tmp_path: Path) -> None:
    """While a program that pipes has not said much yet, others read and write the store; what it says in the end is in it too."""
    process = reading(tmp_path, b'{"resourceSpans":')

    assert botanu("ingest", str(samples)).code == 0
    out, err = process.communicate(b"[]}\n", timeout=60)

    assert (process.returncode, b"held" in err) == (0, False), (out, err)
    assert botanu("runs", "list").out


def test_no_colour_in_a_pipe_and_colour_when_forced(
    botanu: Botanu, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe gets plain text; FORCE_COLOR and NO_COLOR are honoured."""
    plain = botanu("cost").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    forced = botanu("cost").out
    monkeypatch.setenv("NO_COLOR", "1")

    assert "\x1b[" not in plain
    assert "\x1b[" in forced
    assert botanu("cost").out == plain


@pytest.mark.parametrize("line", ["cost", "--help", "cost --help", "cots", "cost --since never"])
def test_no_color_holds_for_all_that_is_written(filled: Path, line: str) -> None:
    """`--no-color` is of help and errors too, wherever it stands, and though FORCE_COLOR is set."""
    forced = {**os.environ, "FORCE_COLOR": "1"}

    for words in (["--no-color", *line.split()], [*line.split(), "--no-color"]):
        done = subprocess.run([*BOTANU, *words], cwd=filled.parent, env=forced, capture_output=True, check=False)

        # Bold is no colour.
        assert re.search(rb"\x1b\[[\d;]*[39]\d", done.stdout + done.stderr) is None


def test_the_demo_fills_a_store_of_its_own_and_shows_what_to_type_next(botanu: Botanu, tmp_path: Path) -> None:
    """`botanu demo` leaves ./botanu.duckdb alone and prints each thing it promises."""
    result = botanu("demo")

    assert result.code == 0
    assert (tmp_path / "botanu-demo.duckdb").exists()
    assert not (tmp_path / "botanu.duckdb").exists()
    for promised in (
        "botanu ingest",
        "botanu runs list",
        "botanu cost",
        "botanu runs show",
        "export BOTANU_STORE",
        "Customer Support",
    ):
        assert promised in result.out
