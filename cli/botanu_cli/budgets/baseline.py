"""What budgets are compared with: another store, or a file that an earlier check saved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from botanu_store.errors import InputError
from botanu_store.records import PICO_USD

from botanu_cli.budgets.statistics import Sample
from botanu_cli.output import write_file

SCHEMA = "botanu.baseline/1"
_KEPT = 2000
"""Samples kept of each budget: of more, evenly spaced ones in order of cost, which have the same distribution."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """One budget's samples as they were, and what a unit used on average."""

    sample: Sample
    """Costs in `PICO_USD`, the least first."""
    usage: Mapping[str, float]
    exact: Mapping[str, int] = field(default_factory=dict[str, int])
    """The maximum and the total of all costs, where only some of them are kept: these cannot be told from some."""


def save(path: Path, budgets: Mapping[str, Remembered]) -> None:
    """Write what was measured, to compare a later check with."""
    document = {
        "schema": SCHEMA,
        "budgets": {
            name: {
                "samples": [[str(cost * PICO_USD), bool(counts)] for cost, counts in _thinned(was.sample)],
                "usage": dict(was.usage),
                "exact": {metric: str(figure * PICO_USD) for metric, figure in was.exact.items()},
            }
            for name, was in budgets.items()
        },
    }
    write_file(path, json.dumps(document, indent=1) + "\n")


def load(path: Path) -> dict[str, Remembered]:
    """Read what an earlier check saved.

    Raises:
        InputError: the file does not exist or is no baseline.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
        if document["schema"] != SCHEMA:
            raise InputError(f"{path} is of the kind {document['schema']!r}. Save a baseline with --save-baseline.")
        return {name: _remembered(entry) for name, entry in document["budgets"].items()}
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}. Save a baseline with --save-baseline.") from error
    except (ValueError, KeyError, TypeError, ArithmeticError, AttributeError) as error:
        raise InputError(f"{path} is no baseline. Save one with: botanu budget check --save-baseline {path}") from error


def _remembered(entry: Any) -> Remembered:
    costs = [_pico(cost) for cost, _ in entry["samples"]]
    sample = Sample(costs, [bool(counts) for _, counts in entry["samples"]])
    exact = {name: _pico(value) for name, value in cast("dict[str, str]", entry.get("exact", {})).items()}
    usage = {name: float(value) for name, value in cast("dict[str, Any]", entry["usage"]).items()}
    return Remembered(sample, usage, exact)


def _pico(usd: str) -> int:
    return int(Decimal(usd) / PICO_USD)


def _thinned(sample: Sample) -> Iterator[tuple[int, int]]:
    size = len(sample.amounts)
    kept = range(size) if size <= _KEPT else ((2 * place + 1) * size // (2 * _KEPT) for place in range(_KEPT))
    counts = sample.counts or [1] * size
    return ((sample.amounts[place], counts[place]) for place in kept)
