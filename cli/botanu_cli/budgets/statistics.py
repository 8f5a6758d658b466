"""One figure for many samples, exactly, and how far chance could have moved it: a bootstrap with a fixed seed.

An interval of a percentile needs no resampling: the k-th smallest of n draws from a sample sits where the k-th smallest of n uniform numbers
does, and that is a Beta(k, n - k + 1) number. See B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 and 14.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal

Metric = Literal["mean", "p50", "p90", "p95", "p99", "max", "total"]

PERCENTILES: dict[str, float] = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
_SEED = 20_260_101
_REPLICATES = 1000
_RESAMPLED = 1000
"""Means of more samples than this have an interval by the central limit theorem, which the bootstrap's then equals."""
_TAIL = 0.025

Amount = Decimal | int
Pair = tuple[Amount, bool]
"""What a unit cost or used, and whether it is one that the sum is divided by."""
Interval = tuple[float, float]


def measure(samples: Sequence[Pair], metric: Metric) -> Decimal | None:
    """Return the figure for these samples, exactly; None when there is nothing to divide by.

    A mean is the sum over all samples divided by those that count; percentiles and the maximum are of those that count.
    """
    if metric in ("mean", "total"):
        whole = Decimal(sum((amount for amount, _ in samples), Decimal(0)))
        counted = sum(1 for _, counts in samples if counts)
        return whole if metric == "total" else whole / counted if counted else None
    amounts = sorted(amount for amount, counts in samples if counts)
    if not amounts:
        return None
    return Decimal(amounts[-1]) if metric == "max" else _percentile(amounts, PERCENTILES[metric])


def _percentile(ordered: Sequence[Amount], share: float) -> Decimal:
    """The percentile, interpolated between the two nearest samples."""
    place = Decimal(str(share)) * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def interval(samples: Sequence[Pair], metric: Metric) -> Interval | None:
    """Return the 95 % interval of the figure; None for a maximum, a total, or fewer than two samples."""
    drawn = replicates(samples, metric)
    return None if drawn is None else _middle(drawn)


def change(base: Sequence[Pair], head: Sequence[Pair], metric: Metric) -> tuple[float, Interval | None] | None:
    """Return by what share the figure changed from base to head and the 95 % interval of that; None where base has no figure."""
    before, after = measure(base, metric), measure(head, metric)
    if not before or after is None:
        return None
    moved = float(after / before) - 1
    olds, news = replicates(base, metric, stream=1), replicates(head, metric, stream=2)
    if olds is None or news is None:
        return moved, None
    return moved, _middle([new / old - 1 for old, new in zip(olds, news, strict=True) if old > 0])


def replicates(samples: Sequence[Pair], metric: Metric, *, stream: int = 0) -> list[float] | None:
    """Return the figure as it would have come out of other draws of as many samples; the same every time."""
    # Chance as in dice, not as in secrets.
    chance = random.Random(_SEED + stream)  # noqa: S311
    counted = [float(amount) for amount, counts in samples if counts]
    if len(samples) < 2 or not counted or metric in ("max", "total"):
        return None
    if metric in PERCENTILES:
        return _drawn_percentiles(sorted(counted), PERCENTILES[metric], chance)
    if len(counted) == len(samples) <= _RESAMPLED:
        # The usual case, and the same draws, in half the time.
        return [sum(chance.choices(counted, k=len(counted))) / len(counted) for _ in range(_REPLICATES)]
    pairs = [(float(amount), counts) for amount, counts in samples]
    draw = _drawn_mean if len(pairs) <= _RESAMPLED else _normal_mean(pairs)
    return [draw(pairs, chance) for _ in range(_REPLICATES)]


def _drawn_mean(pairs: Sequence[tuple[float, bool]], chance: random.Random) -> float:
    drawn = chance.choices(pairs, k=len(pairs))
    return sum(amount for amount, _ in drawn) / max(sum(counts for _, counts in drawn), 1)


def _normal_mean(pairs: Sequence[tuple[float, bool]]) -> Callable[[object, random.Random], float]:
    counted = sum(counts for _, counts in pairs)
    ratio = math.fsum(amount for amount, _ in pairs) / counted
    # The variance of a ratio of sums, by its first derivative.
    spread = math.sqrt(math.fsum((amount - ratio * counts) ** 2 for amount, counts in pairs)) / counted
    return lambda _, chance: chance.gauss(ratio, spread)


def _drawn_percentiles(ordered: Sequence[float], share: float, chance: random.Random) -> list[float]:
    size = len(ordered)
    below = int(share * (size - 1))
    weight = share * (size - 1) - below
    return [_drawn_percentile(ordered, below + 1, weight, chance) for _ in range(_REPLICATES)]


def _drawn_percentile(ordered: Sequence[float], rank: int, weight: float, chance: random.Random) -> float:
    size = len(ordered)
    low = chance.betavariate(rank, size - rank + 1)
    # Of the draws above the lower neighbour, the smallest is the upper one.
    high = low + (1 - low) * (1 - (1 - chance.random()) ** (1 / (size - rank))) if rank < size else low
    lower, upper = ordered[min(int(low * size), size - 1)], ordered[min(int(high * size), size - 1)]
    return lower + (upper - lower) * weight


def _middle(drawn: list[float]) -> Interval:
    ordered = sorted(drawn)
    last = len(ordered) - 1
    return ordered[round(_TAIL * last)], ordered[round((1 - _TAIL) * last)]
