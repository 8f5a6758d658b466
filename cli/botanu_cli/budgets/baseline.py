"""What budgets are compared with: another store, or a file that an earlier check saved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from botanu_store.errors import InputError

from botanu_cli.budgets.statistics import Pair

SCHEMA = "botanu.baseline/1"
_KEPT = 2000
"""Samples kept of each budget: of more, evenly spaced ones in order of cost, which have the same distribution."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """One budget's samples as they were, and what a unit used on average."""

    pairs: Sequence[Pair]
    usage: Mapping[str, float]
    exact: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    """The maximum and the total of all samples, where only some of them are kept: these cannot be told from some."""


def save(path: Path, budgets: Mapping[str, Remembered]) -> None:
    """Write what was measured, to compare a later check with."""
    document = {
        "schema": SCHEMA,
        "budgets": {
            name: {
                "samples": [[str(amount), counts] for amount, counts in _thinned(was.pairs)],
                "usage": dict(was.usage),
                "exact": {metric: str(figure) for metric, figure in was.exact.items()},
            }
            for name, was in budgets.items()
        },
    }
    path.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


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
    pairs = [(Decimal(amount), bool(counts)) for amount, counts in entry["samples"]]
    exact = {name: Decimal(value) for name, value in cast("dict[str, str]", entry.get("exact", {})).items()}
    if not all(amount.is_finite() for amount in (*exact.values(), *(amount for amount, _ in pairs))):
        raise ValueError
    usage = {name: float(value) for name, value in cast("dict[str, Any]", entry["usage"]).items()}
    return Remembered(pairs, usage, exact)


def _thinned(pairs: Sequence[Pair]) -> Sequence[Pair]:
    if len(pairs) <= _KEPT:
        return pairs
    ordered = sorted(pairs)
    return [ordered[(2 * place + 1) * len(ordered) // (2 * _KEPT)] for place in range(_KEPT)]
