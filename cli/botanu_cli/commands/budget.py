"""`botanu budget check` and `botanu budget init`."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from botanu_cli.diagnostics import ExitCode
from botanu_cli.helping import Command, group
from botanu_cli.options import Request, filtered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from botanu_cli.budgets.baseline import Remembered
    from botanu_cli.budgets.evaluate import Context
    from botanu_cli.budgets.formats import Checked
    from botanu_cli.budgets.read import Budget
    from botanu_cli.settings import Settings

app = group("Budgets: what runs may cost and must achieve, checked in CI.", "botanu budget init", "botanu budget check")

_LIMIT = "Limit"


def _limit(flag: str, metavar: str, said: str) -> Any:
    return typer.Option(flag, metavar=metavar, help=said, rich_help_panel=_LIMIT)


_Per = Annotated[str | None, _limit("--per", "UNIT", "run (the default), outcome, root_run, total, day or call.")]
_Metric = Annotated[str | None, _limit("--metric", "FIGURE", "mean (the default), p50, p90, p95, p99, max or total.")]
_OnMissing = Annotated[str | None, _limit("--on-missing", "WORD", "Without enough data: pass (the default) or fail.")]


@app.command("check", cls=Command)
@filtered
def check(
    request: Request,
    budget: Annotated[
        list[str] | None, typer.Option("--budget", "-b", metavar="NAME", help="Only this budget; repeatable.")
    ] = None,
    max_usd: Annotated[str | None, _limit("--max-usd", "USD", "At most this cost.")] = None,
    max_tokens: Annotated[str | None, _limit("--max-tokens", "N", "At most this many tokens.")] = None,
    max_llm_calls: Annotated[str | None, _limit("--max-llm-calls", "N", "At most this many model calls.")] = None,
    max_unpriced_calls: Annotated[
        str | None, _limit("--max-unpriced-calls", "N", "At most this many calls without a price.")
    ] = None,
    max_increase: Annotated[
        str | None, _limit("--max-increase", "SHARE", "At most this much more than --baseline, e.g. 10%.")
    ] = None,
    min_success_rate: Annotated[
        str | None, _limit("--min-success-rate", "SHARE", "At least this share of successes, e.g. 95%.")
    ] = None,
    min_roi: Annotated[str | None, _limit("--min-roi", "SHARE", "At least this return on cost, e.g. 200%.")] = None,
    per: _Per = None,
    metric: _Metric = None,
    min_samples: Annotated[str | None, _limit("--min-samples", "N", "Fewer are not enough data.")] = None,
    on_missing: _OnMissing = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", metavar="STORE|FILE.json", help="What max_increase compares with.")
    ] = None,
    save_baseline: Annotated[
        Path | None, typer.Option("--save-baseline", metavar="FILE.json", help="Keep what was measured.")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", "-f", metavar="FORMAT", help="table, json, markdown, junit or github.")
    ] = "table",
    output: Annotated[
        list[str] | None, typer.Option("--output", "-o", metavar="FORMAT:FILE", help="Write a file too; repeatable.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 3 when data is incomplete.")] = False,
) -> None:
    """Check budgets: those of botanu.toml, or one from flags. Exit code 1 when one is broken.

    Filters narrow every budget; --since and --until replace its window.

    Examples:
      botanu budget check

      botanu budget check --max-usd 0.05 --per run --metric p95 --use-case "Customer Support"

      botanu budget check --baseline main.json --max-increase 10% --output junit:budgets.xml
    """
    limits = {"max_usd": max_usd, "max_tokens": max_tokens, "max_llm_calls": max_llm_calls, "min_roi": min_roi}
    limits |= {"max_unpriced_calls": max_unpriced_calls, "max_increase": max_increase, "on_missing": on_missing}
    limits |= {"min_success_rate": min_success_rate, "per": per, "metric": metric, "min_samples": min_samples}
    targets = _targets(form, output or [])
    budgets = _budgets(
        request.settings, {name: value for name, value in limits.items() if value is not None}, budget or []
    )
    checked = _checked(request, budgets, baseline)
    if save_baseline is not None:
        _save(save_baseline, checked)
    _write(checked, targets)
    _judge(checked, strict=strict)


def _judge(checked: Checked, *, strict: bool) -> None:
    """End with the exit code that a check comes to."""
    if checked.failed:
        raise typer.Exit(ExitCode.CHECK_FAILED)
    if strict and not all(result.coverage.complete for result in checked.results):
        checked.settings.say("Data is incomplete (see coverage), and --strict was given.")
        raise typer.Exit(ExitCode.INCOMPLETE)


def _budgets(settings: Settings, flags: dict[str, str], names: list[str]) -> list[Budget]:
    """The budget from flags, else those of the file, else what to do about having none."""
    from botanu_store.errors import InputError

    from botanu_cli.budgets.read import LIMITS, Flags, budget_of, budgets_of

    limit = next((name for name in flags if name in LIMITS), None)
    if limit and names:
        raise InputError(f"--{limit.replace('_', '-')} makes a budget of its own. Leave it or --budget out.")
    if limit:
        return [budget_of({"name": "budget from flags", **flags}, Flags())]
    budgets = budgets_of(settings.config)
    if flags:
        raise InputError(
            f"--{next(iter(flags)).replace('_', '-')} belongs to a budget from flags. Give a limit such as --max-usd too."
        )
    if not budgets:
        raise InputError(
            "There is no budget. Write one with `botanu budget init`, or give a limit such as --max-usd 0.05."
        )
    return _named(budgets, names) if names else budgets


def _named(budgets: list[Budget], names: list[str]) -> list[Budget]:
    from difflib import get_close_matches

    from botanu_store.errors import InputError

    from botanu_cli.text import safe

    known = {budget.name: budget for budget in budgets}
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f" Did you mean {near[0]!r}?" if near else f" There are {', '.join(map(safe, known))}."
            raise InputError(f"--budget {name!r} is not in the file.{hint}")
    return [known[name] for name in names]


def _checked(request: Request, budgets: Sequence[Budget], baseline: Path | None) -> Checked:
    from botanu_cli.budgets.evaluate import Context, evaluate
    from botanu_cli.budgets.formats import Checked, report_of
    from botanu_cli.configuration import values

    settings = request.settings
    worth = values(settings.config)
    with settings.open() as store:
        shared = request.filters(store)
        context = Context(store, shared, settings.zone, datetime.now(UTC), worth)
        before = _before(baseline, context, budgets)
        results = evaluate(budgets, context, before)
        return Checked(results, report_of(results, store.coverage(shared), shared), settings)


def _before(baseline: Path | None, context: Context, budgets: Sequence[Budget]) -> dict[str, Remembered] | None:
    """What is compared with: a saved file, or a store, read whole whatever the windows say."""
    if baseline is None:
        return None
    from botanu_store import open_store
    from botanu_store.errors import InputError
    from botanu_store.filters import Interval

    from botanu_cli.budgets.baseline import load
    from botanu_cli.budgets.evaluate import filters_of, remember, units_of

    if baseline.suffix == ".json":
        return load(baseline)
    if not baseline.exists():
        raise InputError(f"The baseline {baseline} does not exist. Name a store, or a file made by --save-baseline.")
    whole = Interval(tz=context.zone.key)
    with open_store(baseline) as store:
        return {
            budget.name: remember(store.samples(replace(filters_of(budget, context), interval=whole), units_of(budget)))
            for budget in budgets
        }


def _save(path: Path, checked: Checked) -> None:
    from botanu_cli.budgets.baseline import save
    from botanu_cli.budgets.evaluate import to_keep

    save(path, {result.budget.name: to_keep(result) for result in checked.results})
    checked.settings.say(f"Saved the baseline {path}.")


def _targets(form: str, outputs: list[str]) -> list[tuple[str, Path | None]]:
    from botanu_cli.budgets.formats import FORMATS

    targets: list[tuple[str, Path | None]] = [(form, None)]
    for said in outputs:
        kind, colon, file = said.partition(":")
        if not colon or not file:
            raise typer.BadParameter(f"{said!r} is no FORMAT:FILE. Write junit:budgets.xml.", param_hint="--output")
        targets.append((kind, Path(file)))
    for kind, path in targets:
        if kind not in FORMATS:
            raise typer.BadParameter(
                f"{kind!r} is no format here. Choose from {', '.join(FORMATS)}.",
                param_hint="--output" if path else "--format",
            )
    return targets


def _write(checked: Checked, targets: list[tuple[str, Path | None]]) -> None:
    from botanu_cli.budgets.formats import render
    from botanu_cli.output import emit, write_file

    for kind, path in targets:
        content = render(checked, kind)
        if path is None:
            emit(content)
        else:
            write_file(path, content)
            checked.settings.say(f"Wrote {kind} to {path}.")


@app.command("init", cls=Command)
@filtered
def init(
    request: Request,
    headroom: Annotated[str, typer.Option("--headroom", metavar="SHARE", help="Above the p95 seen.")] = "50%",
) -> None:
    """Write botanu.toml with budgets proposed from what the store has seen: the p95 of a run's cost, plus headroom.

    A file that is there already is added to; one with budgets is left alone. Where no run has a cost yet, an example is written.

    Examples:
      botanu budget init

      botanu budget init --since 30d --headroom 20%
    """
    from botanu_store.errors import InputError

    from botanu_cli.budgets.propose import proposed, with_budgets
    from botanu_cli.budgets.read import share_of
    from botanu_cli.output import write_file
    from botanu_cli.settings import as_words

    settings = request.settings
    room = share_of(headroom, "headroom")
    path = settings.config or Path("botanu.toml")
    if path.name == "pyproject.toml":
        raise InputError(f"{path} is not written to. Leave --config out; budgets then go to botanu.toml.")
    is_there = path.is_file()
    before = _without_budgets(path) if is_there else ""
    with replace(settings, config=path if is_there else None).open() as store:
        budgets = proposed(store, request.filters(store), room)
    write_file(path, with_budgets(before, budgets))
    named = as_words({"--config": path if settings.config else None, "--store": settings.store_to_name})
    check, again = (shlex.join(["botanu", "budget", word, *named]) for word in ("check", "init"))
    if budgets:
        settings.say(f"Wrote {path}. Look at it, then run: {check}")
    else:
        settings.say(
            f"Wrote {path} with an example alone: no run here has a cost to propose a budget from. Once one has: {again}"
        )
        settings.say(f"Or take the # off the example and make it yours, then run: {check}")


def _without_budgets(path: Path) -> str:
    """Return the text of a settings file that budgets may be added to.

    Raises:
        InputError: it has budgets, or is no TOML.
    """
    from botanu_store.errors import InputError
    from botanu_store.settings_file import read_settings

    found = read_settings(path)
    if "budgets" in found.said:
        raise InputError(f"{path} has budgets already. Edit them there, or name another file with --config.")
    return found.text
