"""`botanu demo`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import typer

from botanu_cli.settings import Settings

DEMO_STORE = "botanu-demo.duckdb"


def demo(context: typer.Context) -> None:
    """Fill a store with sample traces, show what it answers, and say what to try next.

    Without --store or BOTANU_STORE the store is ./botanu-demo.duckdb, so that samples never mix with your own runs.

    Example:
      botanu demo
    """
    from botanu_store import open_store

    from botanu_cli.commands.ingest import summary, tell_rejected
    from botanu_cli.commands.runs import add_short_ids
    from botanu_cli.layouts import RUNS, cost_layout
    from botanu_cli.output import colours, emit, terminal_width
    from botanu_cli.run_page import render as render_run
    from botanu_cli.table import render

    given: Settings = context.obj
    settings = replace(given, store_given=given.store_given or DEMO_STORE)
    width, color = terminal_width(), colours(settings)
    everything = settings.everything()
    with open_store(settings.store) as store:
        result = store.ingest([samples()])
        tell_rejected(result, settings)
        _heading(f"botanu ingest sample_traces  # into {settings.store}")
        emit(summary(result))
        _heading("botanu runs list --limit 12")
        found = store.runs(everything, limit=12)
        add_short_ids(store, found)
        emit(render(found, RUNS, settings, width=width, color=color))
        _heading("botanu cost")
        emit(render(store.cost(everything), cost_layout(["use_case"]), settings, width=width, color=color))
        busiest = store.runs(replace(everything, use_case=("Customer Support",)), sort="llm_calls", limit=1).rows[0][
            "run_id"
        ]
        shortest = store.short_ids([busiest])[busiest]
        _heading(f"botanu runs show {shortest}")
        emit(render_run(store.run(busiest), settings, width=width, color=color, flat=False))
    emit(_NEXT.format(store=settings.store, run=shortest))


def samples() -> Path:
    """Return the folder of sample traces: inside the installed package, or the repository's own."""
    here = Path(__file__).resolve()
    installed = here.parents[1] / "sample_traces"
    return installed if installed.is_dir() else here.parents[3] / "sample_traces"


def _heading(command: str) -> None:
    from botanu_cli.output import emit

    emit(f"\n$ {command}\n")


_NEXT = """
Next, on these samples:

  export BOTANU_STORE={store}
  botanu cost --group-by vendor,model
  botanu cost --use-case "Document Processing" --group-by step
  botanu runs list --outcome failed
  botanu calls list --unpriced
  botanu runs show {run} --calls

And on your own program: init_botanu(service_name="my-service", store="botanu.duckdb"), then botanu cost.
"""
