"""Options that all reports share, declared once and added to a command by `@report`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from botanu_cli import completion
from botanu_cli.diagnostics import ExitCode
from botanu_cli.settings import Settings

if TYPE_CHECKING:
    from botanu_store.filters import Filters, Interval
    from botanu_store.reports.report import Report
    from botanu_store.store import Store

    from botanu_cli.layout import Layout

FORMATS: tuple[str, ...] = ("table", "json", "jsonl", "csv", "markdown")

KINDS: dict[str, tuple[str, ...]] = {
    "use_case": ("--use-case",),
    "workflow": ("--workflow",),
    "tenant": ("--tenant",),
    "customer": ("--customer",),
    "user": ("--user",),
    "session": ("--session",),
    "team": ("--team",),
    "cost_center": ("--cost-center",),
    "region": ("--region",),
    "environment": ("--environment", "--env"),
    "service": ("--service",),
    "vendor": ("--vendor",),
    "model": ("--model",),
    "category": ("--category",),
    "outcome": ("--outcome",),
    "run_id": ("--run-id",),
}
"""The filters by value that every report has, and their flags."""

_OF_CALLS = ("service", "vendor", "model", "category")
"""Those that ask for calls: as `CALL_COLUMNS` of the store says, which help does without."""

Limit = Annotated[
    int | None,
    typer.Option("--limit", metavar="N", min=1, help="How many; 50 in a table, all in json, jsonl and csv."),
]
Everything = Annotated[bool, typer.Option("--all", help="All of them.")]
_PAGE = 50
_MOST_DIGITS = 25
"""Before the decimal point of an amount that the store can compare with."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the shared options of a report said."""

    settings: Settings
    values: dict[str, Any]

    def open(self) -> Store:
        """Open the store, with the prices that were believed on the day of `--as-priced`."""
        from botanu_cli.interval import moment

        day, zone = self.values["as_priced"], self.settings.zone
        return self.settings.open(
            believed_at=None if day is None else moment(day, zone, datetime.now(UTC), "--as-priced")
        )

    def filters(self, store: Store) -> Filters:
        """Return the filters asked for; a value that the store does not know gets a note with the nearest known ones."""
        from botanu_store.filters import Filters

        from botanu_cli.interval import interval_until_now

        asked = {name: tuple(self.values[name] or ()) for name in KINDS}
        during = interval_until_now(self.values["since"], self.values["until"], self.settings.zone, datetime.now(UTC))
        _note_unknown(self.settings, store, asked)
        _note_no_run(self.settings, store, during)
        return Filters(**asked, min_cost=amount(self.values["min_cost"]), interval=during)

    def page(self, limit: int | None, *, everything: bool) -> int | None:
        """Return how many rows to show: what was asked for, else a page in a table and all for machines."""
        if everything or limit is not None:
            return None if everything else limit
        return _PAGE if self.values["format"] in ("table", "markdown") else None

    def show(self, report: Report, layout: Layout) -> None:
        """Write the report in the format asked for; under `--strict` incomplete data ends with exit code 3."""
        from botanu_cli.output import oldest_prices, write

        if (said := oldest_prices(report)) and self.values["format"] not in ("table", "markdown"):
            self.settings.say(f"{said[0].upper()}{said[1:]}.")
        write(report, layout, self.settings, self.values["format"], self.values["output"])
        self._strictly(report)

    def show_first(self, report: Report, layout: Layout, limit: int | None, *, everything: bool) -> None:
        """Write the first rows of a report, as `--limit` and `--all` say; its totals stay those of all."""
        shown = self.page(limit, everything=everything)
        self.show(replace(report, rows=report.rows[:shown]), layout)

    def draw(self, picture: str, report: Report) -> None:
        """Write a report that is laid out already; `--output` and `--strict` hold for it as for any other."""
        from botanu_cli.output import emit, show, write_file

        if self.values["output"] is None:
            (show if self.values["format"] == "table" else emit)(picture)
        else:
            write_file(self.values["output"], picture)
            self.settings.say(f"Wrote {self.values['output']}.")
        self._strictly(report)

    def _strictly(self, report: Report) -> None:
        if self.values.get("strict") and not report.coverage.complete:
            self.settings.say("Data is incomplete (see coverage), and --strict was given.")
            raise typer.Exit(ExitCode.INCOMPLETE)


def report(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the filters and outputs that reports share; it receives them as its first argument, a `Request`."""
    return _with_shared(command, [*_filter_parameters(), *_output_parameters()])


def filtered(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the filters that reports share, but outputs of its own; it receives them as a `Request`."""
    return _with_shared(command, _filter_parameters())


def written(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the outputs that reports share, but none of their filters; it receives them as a `Request`."""
    return _with_shared(command, _output_parameters())


def answered(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command outputs for rows that nothing is known of, so that they cannot be incomplete; it receives them as a `Request`."""
    return _with_shared(command, [option for option in _output_parameters() if option.name != "strict"])


def _with_shared(command: Callable[..., None], shared: list[inspect.Parameter]) -> Callable[..., None]:
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    names = [parameter.name for parameter in shared]

    @functools.wraps(command)
    def with_shared(context: typer.Context, **given: Any) -> None:
        values = {name: given.pop(name) for name in names}
        command(Request(context.obj, values), **given)

    first = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    arguments = [p for p in own if p.default is inspect.Parameter.empty]
    options = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own if p.default is not inspect.Parameter.empty]
    signature = inspect.Signature([first, *arguments, *options, *shared])
    with_shared.__signature__ = signature  # type: ignore[attr-defined] # what typer reads
    with_shared.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    return with_shared


def _filter_parameters() -> list[inspect.Parameter]:
    filters = [
        _option(
            name,
            list[str] | None,
            None,
            *flags,
            help=("Only their calls" if name in _OF_CALLS else "Only these") + "; repeatable, may hold *.",
            panel="Filters",
            metavar="TEXT",
            complete=completion.run_ids if name == "run_id" else completion.known(name),
        )
        for name, flags in KINDS.items()
    ]
    return [
        *filters,
        _option(
            "since",
            str | None,
            None,
            "--since",
            help="From: ISO date or time, 7d, 24h, 30m, today, this-month…",
            panel="Filters",
            metavar="WHEN",
        ),
        _option("until", str | None, None, "--until", help="Until, exclusive.", panel="Filters", metavar="WHEN"),
        _option(
            "min_cost",
            str | None,
            None,
            "--min-cost",
            help="Only runs that cost at least this many USD.",
            panel="Filters",
            metavar="USD",
        ),
        _option(
            "as_priced",
            str | None,
            None,
            "--as-priced",
            help="At the prices that this store's book had then, instead of today's.",
            panel="Filters",
            metavar="DATE",
        ),
    ]


def _output_parameters() -> list[inspect.Parameter]:
    return [
        _option(
            "format",
            str,
            "table",
            "--format",
            "-f",
            help="table, json, jsonl, csv or markdown.",
            panel="Output",
            metavar="FORMAT",
            callback=known_format,
            complete=completion.one_of(FORMATS),
        ),
        _option(
            "output", Path | None, None, "--output", "-o", help="Write to this file.", panel="Output", metavar="FILE"
        ),
        _option("strict", bool, False, "--strict", help="Exit with 3 when data is incomplete.", panel="Output"),
    ]


def _option(
    name: str,
    kind: Any,
    default: Any,
    *flags: str,
    help: str,  # noqa: A002 - typer's word
    panel: str,
    metavar: str | None = None,
    callback: Callable[..., Any] | None = None,
    complete: completion.Complete | None = None,
) -> inspect.Parameter:
    info = typer.Option(
        *flags,
        help=help,
        rich_help_panel=panel,
        metavar=metavar,
        callback=callback,
        autocompletion=complete,
        show_default=name == "format",
    )
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, info])


def known_format(value: str) -> str:
    """Return the format if it is one.

    Raises:
        typer.BadParameter: it is none; the message names those there are.
    """
    if value not in FORMATS:
        raise typer.BadParameter(f"{value!r} is no format. Choose from {', '.join(FORMATS)}.")
    return value


def amount(text: str | None) -> Decimal | None:
    """Return what `--min-cost` says in USD; None where it is not given.

    Raises:
        InputError: it is no amount.
    """
    from botanu_store.errors import InputError

    if text is None:
        return None
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation as error:
        raise InputError(f"--min-cost {text!r} is no amount. Give USD, for example 0.05.") from error
    if not amount.is_finite() or amount < 0 or amount.adjusted() > _MOST_DIGITS:
        raise InputError(f"--min-cost {text!r} is no amount. Give USD, for example 0.05.")
    return amount


def _note_unknown(settings: Settings, store: Store, asked: dict[str, tuple[str, ...]]) -> None:
    from botanu_cli.text import safe

    for name, values in asked.items():
        # A run id may be cut short.
        dimension, ending = ("run", "*") if name == "run_id" else (name, "")
        missing = [value for value in values if not store.is_known(dimension, value + ending)]
        known = store.known_values(dimension) if missing else []
        for value in missing:
            near = _nearest(value.replace("*", ""), known)
            hint = f" Nearest known: {', '.join(map(safe, near))}." if near else ""
            settings.say(f"No {dimension.replace('_', ' ')} {value!r} in the store.{hint}")


def _nearest(said: str, known: list[str]) -> list[str]:
    """The values most like what was said, whole or by their beginnings; where none is, some that there are."""
    from difflib import get_close_matches

    begun = {value[: max(len(said), _BEGINNING)]: value for value in reversed(known)}
    near = get_close_matches(said, known, n=3, cutoff=0.4) or get_close_matches(said, begun, n=3, cutoff=0.4)
    return [begun.get(value, value) for value in near] or known[:3]


_BEGINNING = 8
"""Characters of a long value that are compared where it is not like what was said as a whole, as a run id cut short is not."""


def _note_no_run(settings: Settings, store: Store, asked: Interval) -> None:
    """Say when the runs of the store were where the interval asked for holds none of them."""
    from botanu_store.filters import Filters

    from botanu_cli.text import minute

    if (asked.since is None and asked.until is None) or store.extent(Filters(interval=asked)) is not None:
        return
    extent = store.extent(Filters())
    if extent is not None:
        first, last = (minute(moment.replace(second=0, microsecond=0), settings.zone) for moment in extent)
        settings.say(f"No run began in this interval. Runs in this store are from {first} to {last} ({asked.tz}).")
