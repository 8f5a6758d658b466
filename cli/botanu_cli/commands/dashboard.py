"""`botanu dashboard`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from botanu_cli import interrupts
from botanu_cli.options import KINDS, Request, amount, filtered

if TYPE_CHECKING:
    from botanu_cli.tui.view import View


@filtered
def dashboard(
    request: Request,
    refresh: Annotated[
        str, typer.Option("--refresh", metavar="TIME", help="How often to look for new spans: 2s, 500ms, 1m.")
    ] = "5s",
    web: Annotated[bool, typer.Option("--web", help="In a browser on this machine instead.")] = False,
) -> None:
    """Look around live: spend, runs, outcomes, vendors and budgets, each one key away.

    Examples:
      botanu dashboard

      botanu dashboard --use-case "Customer Support" --since 7d

      botanu dashboard --web
    """
    from botanu_cli.tui.terminal import end_with_terminal, need_terminal
    from botanu_cli.tui.view import View

    values = {name: tuple(request.values[name]) for name in KINDS if request.values[name]}
    said = request.values
    view = View(values, said["since"], said["until"], amount(said["min_cost"]))
    seconds = _seconds(refresh)
    view.filters(request.settings.zone, datetime.now(UTC))
    interrupts.leave()
    if web:
        _serve(request, view, refresh)
        return
    need_terminal()
    from botanu_cli.tui.app import Dashboard

    end_with_terminal()
    Dashboard(request.settings, view, seconds).run()


def _serve(request: Request, view: View, refresh: str) -> None:
    if find_spec("textual_serve") is None:
        raise typer.BadParameter(
            'A browser needs one more package. Install it with: pip install "botanu[web]"', param_hint="--web"
        )
    from botanu_cli.tui.web import serve

    serve(request.settings, view, refresh)


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m)?", text.strip())
    seconds = float(found[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0}[found[2] or "s"] if found else 0.0
    if seconds < 0.2:
        raise typer.BadParameter(
            f"{text!r} is no time of 200 ms or more. Write 2s, 500ms or 1m.", param_hint="--refresh"
        )
    return seconds
