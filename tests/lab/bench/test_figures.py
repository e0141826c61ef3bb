"""Figures of detection, against what is known of them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascan.lab.bench.figures import _auroc_of, auroc, caught_at, clopper_pearson, clustered_auroc

SCORES = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=20)


def test_auroc_is_the_chance_that_a_hostile_score_is_the_larger_one() -> None:
    assert auroc([2.0, 3.0], [0.0, 1.0]) == 1.0
    assert auroc([0.0], [1.0]) == 0.0
    assert auroc([1.0, 1.0], [1.0]) == 0.5
    assert auroc([0.0, 2.0], [1.0]) == 0.5
    assert math.isnan(auroc([], [1.0]))


@given(hostile=SCORES, honest=SCORES)
def test_the_fast_auroc_by_ranks_is_the_slow_one_by_pairs(hostile: list[float], honest: list[float]) -> None:
    labels = np.array([True] * len(hostile) + [False] * len(honest))
    assert _auroc_of(np.array(hostile + honest), labels) == pytest.approx(auroc(hostile, honest))


def test_a_threshold_lets_at_most_the_allowed_share_of_honest_scores_pass() -> None:
    honest = [float(each) for each in range(100)]
    assert caught_at([99.0, 99.5, 98.5], honest, 0.0) == 1
    assert caught_at([99.0, 99.5, 98.5], honest, 0.01) == 3
    assert caught_at([50.0], honest, 0.05) == 0
    assert caught_at([3.5], [1.0, 2.0, 3.0], 0.05) == 1, "with few honest scores none may pass"


@pytest.mark.parametrize(("hits", "n", "low", "high"), [(0, 300, 0.0, 0.012221), (16, 16, 0.794093, 1.0), (5, 10, 0.187086, 0.812914)])
def test_exact_intervals_are_those_of_the_tables(hits: int, n: int, low: float, high: float) -> None:
    found = clopper_pearson(hits, n)
    assert found.low == pytest.approx(low, abs=1e-4)
    assert found.high == pytest.approx(high, abs=1e-4)


@given(n=st.integers(1, 200), share=st.floats(0, 1))
def test_an_exact_interval_holds_its_figure(n: int, share: float) -> None:
    found = clopper_pearson(round(share * n), n)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_nothing_seen_says_nothing() -> None:
    found = clopper_pearson(0, 0)
    assert math.isnan(found.value)
    assert (found.low, found.high) == (0.0, 1.0)


def test_twins_count_for_less_than_strangers() -> None:
    """Each adapter five times over, as one lineage, must not narrow the interval as five strangers would."""
    rng = np.random.default_rng(3)
    scores = [*rng.normal(1, 1, 12), *rng.normal(0, 1, 12)] * 5
    hostile = ([True] * 12 + [False] * 12) * 5
    twins = clustered_auroc(scores, hostile, list(range(24)) * 5)
    strangers = clustered_auroc(scores, hostile, list(range(120)))
    assert twins.high - twins.low > 1.5 * (strangers.high - strangers.low)
