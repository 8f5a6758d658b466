"""What budgets take their statistics from: one sample a unit, the cheapest first, in numbers that no amount is too large for."""

from __future__ import annotations

from pathlib import Path

from botanu_store import open_store
from botanu_store.filters import Filters

from tests.store.builders import chat, document, trace_id, write


def test_an_amount_of_any_size_is_a_whole_number_of_the_smallest(tmp_path: Path) -> None:
    """Ten million dollars fit into no 64 bits, and come after the cheaper ones; a run without a price comes last, and has no cost."""
    counts = (1, 4_000_000_000_000, 4_000_000_000_001)
    spans = [chat(trace_id(), tokens=(count, 0)) for count in counts]
    unknown = chat(trace_id(), model="nobody-knows", tokens=(7, 0))
    with open_store(tmp_path / "s.duckdb") as store:
        store.ingest([write(tmp_path / "spans.jsonl", document([*spans, unknown]))])
        found = store.samples(Filters(), "run")

    assert list(found.costs_pico) == [count * 2_500_000 for count in counts]
    assert found.tokens[-1] == 7
    assert list(found.unpriced_calls) == [0, 0, 0, 1]


def test_no_runs_are_no_samples(tmp_path: Path) -> None:
    """Of an empty store every column is empty, whatever the unit."""
    with open_store(tmp_path / "s.duckdb") as store:
        for per in ("run", "outcome", "root_run", "day", "call"):
            assert len(store.samples(Filters(), per)) == len(store.samples(Filters(), per).costs_pico) == 0
