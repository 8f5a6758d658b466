"""One figure for many samples, exactly, and how far chance could have moved it: a bootstrap with a fixed seed.

An interval of a percentile needs no resampling: the k-th smallest of n draws from a sample sits where the k-th smallest of n uniform numbers
does, and that is a Beta(k, n - k + 1) number. See B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 and 14.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import compress, islice
from operator import le, mul
from typing import Literal

Metric = Literal["mean", "p50", "p90", "p95", "p99", "max", "total"]

PERCENTILES: dict[str, float] = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
_SEED = 20_260_101
_REPLICATES = 1000
_RESAMPLED = 1000
"""Means of more samples than this have an interval by the central limit theorem, which the bootstrap's then equals."""
_TAIL = 0.025

ConfidenceInterval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sample:
    """What units cost or used, in whole numbers, and which of them are those that the sum is divided by: all, where nothing is said of it."""

    amounts: Sequence[int]
    counts: Sequence[int] | None = None

    def counted(self) -> Sequence[int]:
        """Return the amounts of those that count."""
        return self.amounts if self.counts is None else list(compress(self.amounts, self.counts))


def measure(sample: Sample, metric: Metric) -> Decimal | None:
    """Return the figure for a sample, exactly; None when there is nothing to divide by.

    A mean is the sum over all units divided by how many count; percentiles and the maximum are of those that count.
    """
    if metric == "total":
        return Decimal(sum(sample.amounts))
    counted = sample.counted()
    if not counted:
        return None
    if metric == "mean":
        return Decimal(sum(sample.amounts)) / len(counted)
    return Decimal(max(counted)) if metric == "max" else _percentile(_ordered(counted), PERCENTILES[metric])


def _ordered(amounts: Sequence[int]) -> Sequence[int]:
    """The smallest first; costs come so, and a million of them are not copied."""
    return amounts if all(map(le, amounts, islice(amounts, 1, None))) else sorted(amounts)


def _percentile(ordered: Sequence[int], share: float) -> Decimal:
    """The percentile, interpolated between the two nearest amounts."""
    place = Decimal(str(share)) * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def interval(sample: Sample, metric: Metric) -> ConfidenceInterval | None:
    """Return the 95 % interval of the figure; None for a maximum, a total, or fewer than two units."""
    drawn = replicates(sample, metric)
    return None if drawn is None else _middle(drawn)


def change(base: Sample, head: Sample, metric: Metric) -> tuple[float, ConfidenceInterval | None] | None:
    """Return by what share the figure changed from base to head and the 95 % interval of that; None where base has no figure."""
    before, after = measure(base, metric), measure(head, metric)
    if not before or after is None:
        return None
    moved = float(after / before) - 1
    olds, news = replicates(base, metric, stream=1), replicates(head, metric, stream=2)
    if olds is None or news is None:
        return moved, None
    return moved, _middle([new / old - 1 for old, new in zip(olds, news, strict=True) if old > 0])


def replicates(sample: Sample, metric: Metric, *, stream: int = 0) -> list[float] | None:
    """Return the figure as it would have come out of other draws of as many units; the same every time."""
    # Chance as in dice, not as in secrets.
    chance = random.Random(_SEED + stream)  # noqa: S311
    counted, size = sample.counted(), len(sample.amounts)
    if size < 2 or not counted or metric in ("max", "total"):
        return None
    if metric in PERCENTILES:
        return _drawn_percentiles(_ordered(counted), PERCENTILES[metric], chance)
    if size > _RESAMPLED:
        draw = _normal_mean(sample.amounts, counted)
        return [draw(chance) for _ in range(_REPLICATES)]
    if len(counted) == size:
        # The usual case, and the same draws, in half the time.
        return [sum(chance.choices(counted, k=size)) / size for _ in range(_REPLICATES)]
    pairs = list(zip(sample.amounts, sample.counts or (), strict=True))
    return [_drawn_mean(pairs, chance) for _ in range(_REPLICATES)]


def _drawn_mean(pairs: Sequence[tuple[int, int]], chance: random.Random) -> float:
    drawn = chance.choices(pairs, k=len(pairs))
    return sum(amount for amount, _ in drawn) / max(sum(counts for _, counts in drawn), 1)


def _normal_mean(amounts: Sequence[int], counted: Sequence[int]) -> Callable[[random.Random], float]:
    total, size = sum(amounts), len(counted)
    # The variance of a ratio of sums, by its first derivative: the squares of what each unit is off the mean, or off none where it does not count.
    off = sum(map(mul, amounts, amounts)) * size - 2 * total * sum(counted) + total * total
    spread = math.sqrt(off / size) / size
    return lambda chance: chance.gauss(total / size, spread)


def _drawn_percentiles(ordered: Sequence[int], share: float, chance: random.Random) -> list[float]:
    size = len(ordered)
    below = int(share * (size - 1))
    weight = share * (size - 1) - below
    return [_drawn_percentile(ordered, below + 1, weight, chance) for _ in range(_REPLICATES)]


def _drawn_percentile(ordered: Sequence[int], rank: int, weight: float, chance: random.Random) -> float:
    size = len(ordered)
    low = chance.betavariate(rank, size - rank + 1)
    # Of the draws above the lower neighbour, the smallest is the upper one.
    high = low + (1 - low) * (1 - (1 - chance.random()) ** (1 / (size - rank))) if rank < size else low
    lower, upper = ordered[min(int(low * size), size - 1)], ordered[min(int(high * size), size - 1)]
    return lower + (upper - lower) * weight


def _middle(drawn: list[float]) -> ConfidenceInterval:
    ordered = sorted(drawn)
    last = len(ordered) - 1
    return ordered[round(_TAIL * last)], ordered[round((1 - _TAIL) * last)]
