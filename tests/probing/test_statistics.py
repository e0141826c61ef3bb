"""Statistics that a verdict leans on."""

import numpy as np
import pytest

from lorascan.probing.statistics import interval, sign_flip_p_values, spread, unexplained_share


def null(seed: int, pairs: int = 14, width: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((pairs, width))


def test_sign_flip_p_values_keep_their_level_over_a_family_of_nulls() -> None:
    families = 200
    hits = sum(min(sign_flip_p_values([null(100 * each + k) for k in range(4)], seed=each, flips=199)) <= 0.05 for each in range(families))
    assert hits / families < 0.1


def test_a_steady_shift_is_significant_beside_nulls_that_are_not() -> None:
    p_values = sign_flip_p_values([null(1) + 2.0, null(2), null(3)], seed=0)
    assert p_values[0] < 0.01
    assert min(p_values[1:]) > 0.05


def test_unexplained_share_is_zero_inside_the_span_and_one_outside() -> None:
    basis = [np.eye(4)[0], np.eye(4)[1]]
    assert unexplained_share(np.array([3.0, -2.0, 0, 0]), basis) < 1e-9
    assert unexplained_share(np.array([0, 0, 1.0, 0]), basis) == 1.0
    assert unexplained_share(np.array([1.0, 0, 1.0, 0]), basis) == pytest.approx(0.5**0.5)
    assert unexplained_share(np.zeros(4), basis) == 0.0
    assert unexplained_share(np.array([1.0, 0, 0, 0]), [np.zeros(4)]) == 1.0


def test_the_interval_holds_the_mean_and_shrinks_with_more_values() -> None:
    mean, low, high = interval(np.array([1.0, 2.0, 3.0]))
    assert low < mean == 2.0 < high
    wide = high - low
    _, low, high = interval(np.tile([1.0, 2.0, 3.0], 20))
    assert high - low < wide
    assert interval(np.array([5.0])) == (5.0, 5.0, 5.0)


def test_spread_is_the_trace_of_the_covariance() -> None:
    vectors = null(4, pairs=50)
    assert np.isclose(spread(vectors), np.trace(np.cov(vectors.T)))


def test_a_word_with_a_large_noisy_effect_does_not_drown_a_small_steady_one() -> None:
    small = 0.01 * (null(1) + 3.0)
    loud = 100.0 * null(2)
    p_values = sign_flip_p_values([small, loud], seed=0)
    assert p_values[0] < 0.01
    assert p_values[1] > 0.05
