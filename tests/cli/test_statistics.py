"""The figures of budgets are exact, their intervals hold what they promise, and noise does not break builds."""

from __future__ import annotations

import random
from fractions import Fraction
from statistics import quantiles

import pytest
from botanu_cli.budgets.statistics import Metric, Sample, change, interval, measure
from hypothesis import given
from hypothesis import strategies as st

amounts = st.integers(min_value=0, max_value=1000 * 10**12)
PERCENTILES: dict[Metric, int] = {"p50": 50, "p90": 90, "p95": 95, "p99": 99}


def drawn(chance: random.Random, count: int, *, mean: float = 0.05, spread: float = 0.3) -> Sample:
    """Costs as runs of an agent have them, in billionths of a dollar: many near the middle, a few far above."""
    return Sample([round(1e9 * mean * chance.lognormvariate(0, spread)) for _ in range(count)])


@given(st.lists(amounts, min_size=2, max_size=60))
def test_percentiles_are_those_of_the_standard_library(costs: list[int]) -> None:
    """Interpolated between neighbours, inclusive, exactly."""
    expected = quantiles(map(Fraction, costs), n=100, method="inclusive")

    for metric, percent in PERCENTILES.items():
        assert Fraction(measure(Sample(costs), metric) or 0) == expected[percent - 1]
    assert measure(Sample(costs), "max") == max(costs)
    assert measure(Sample(costs), "total") == sum(costs)


def test_a_mean_per_outcome_carries_those_that_achieved_none() -> None:
    """Three units cost 6 together, two achieved something: 3 each; none achieved: no figure."""
    assert measure(Sample([1, 2, 3], [1, 1, 0]), "mean") == 3
    assert measure(Sample([1], [0]), "mean") is None
    assert measure(Sample([]), "total") == 0


@given(st.lists(st.tuples(amounts, st.booleans()), max_size=60))
def test_a_sample_of_which_all_count_is_one_without_counts(units: list[tuple[int, bool]]) -> None:
    """Of those that count alone, every figure but a sum and every interval is the same as of all with the others named."""
    some = Sample([amount for amount, _ in units], [counts for _, counts in units])
    counted = [amount for amount, counts in units if counts]

    for metric in ("p50", "p95", "max"):
        assert measure(some, metric) == measure(Sample(counted), metric)
    every = Sample(some.amounts, [1] * len(units))
    for metric in ("mean", "p95", "total", "max"):
        assert measure(every, metric) == measure(Sample(some.amounts), metric)
        assert interval(every, metric) == interval(Sample(some.amounts), metric)


@pytest.mark.parametrize("metric", ["mean", "p50", "p95"])
@pytest.mark.parametrize("count", [50, 400, 3000])
def test_intervals_hold_the_truth_about_as_often_as_they_say(metric: Metric, count: int) -> None:
    """Of 60 intervals from draws whose true figure is known, at least 50 hold it, and none is wider than its data."""
    chance = random.Random(count)
    truth = {"mean": 0.05 * 2.718281828 ** (0.3**2 / 2), "p50": 0.05, "p95": 0.05 * 2.718281828 ** (0.3 * 1.6448536)}
    held = 0
    for _ in range(60 if count < 3000 else 30):
        samples = drawn(chance, count)
        low, high = interval(samples, metric) or (0.0, 0.0)
        held += low <= truth[metric] * 1e9 <= high
        assert min(samples.amounts) <= low <= high <= max(samples.amounts)

    assert held >= (50 if count < 3000 else 25)


def test_the_same_samples_always_give_the_same_interval() -> None:
    """The seed is fixed: a build that is run again says the same."""
    samples = drawn(random.Random(1), 100)

    assert interval(samples, "p95") == interval(samples, "p95")
    assert change(samples, samples, "mean") == change(samples, samples, "mean")


def lowest_changes(builds: int, count: int, factor: float, metric: Metric) -> list[tuple[float, float]]:
    """Of so many builds: the change measured and the lower end of its interval, when costs truly changed by this factor."""
    chance = random.Random(7)
    found = []
    for _ in range(builds):
        moved = change(drawn(chance, count), drawn(chance, count, mean=0.05 * factor), metric)
        assert moved is not None
        assert moved[1] is not None
        found.append((moved[0], moved[1][0]))
    return found


def builds_that_fail(builds: int, count: int, factor: float, metric: Metric, limit: float = 0.10) -> int:
    """How many of so many builds a gate on `max_increase` stops."""
    return sum(surely > limit for _, surely in lowest_changes(builds, count, factor, metric))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("metric", "count"), [("mean", 200), ("mean", 20), ("p95", 200), ("p95", 20), ("p90", 20), ("p50", 50)]
)
def test_noise_does_not_break_builds(metric: Metric, count: int) -> None:
    """With no true change, a gate at 10 % stops fewer than 2 of 100 builds, whatever the metric, with few runs too."""
    builds = 150

    assert builds_that_fail(builds, count, 1.0, metric) < 0.02 * builds


@pytest.mark.slow
def test_a_true_increase_breaks_builds() -> None:
    """With costs truly up by 25 %, 200 runs on either side, more than 95 of 100 builds are stopped."""
    builds = 100

    assert builds_that_fail(builds, 200, 1.25, "mean") > 0.95 * builds


@pytest.mark.slow
@pytest.mark.parametrize(("count", "factor"), [(800, 1.25), (200, 1.5)])
def test_a_percentile_needs_more_runs_or_a_larger_increase(count: int, factor: float) -> None:
    """A gate on the p95 stops more than 95 of 100 builds that are 25 % up on 800 runs a side, or 50 % up on 200."""
    builds = 200

    assert builds_that_fail(builds, count, factor, "p95") > 0.95 * builds


@pytest.mark.slow
def test_a_percentile_of_few_runs_warns_where_it_may_not_fail() -> None:
    """25 % up on 200 runs a side: the ten dearest decide, so half of the builds fail, but nearly all at least warn."""
    builds = 200
    found = lowest_changes(builds, 200, 1.25, "p95")

    assert 0.35 * builds < sum(surely > 0.10 for _, surely in found) < 0.65 * builds
    assert sum(measured > 0.10 for measured, _ in found) > 0.95 * builds
