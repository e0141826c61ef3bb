"""Spectra in a few numbers."""

import math

import numpy as np
import pytest

from lorascan.core.tensors import TensorSpan
from lorascan.core.updates import LowRankUpdate
from lorascan.weights.statistics import described


def update_of(path: str, rank: int, alpha: float) -> LowRankUpdate:
    def span(shape: tuple[int, int]) -> TensorSpan:
        return TensorSpan(name=path, dtype="F16", shape=shape, start=0, stop=0)

    return LowRankUpdate(module_path=path, component="unet", dialect="peft", alpha=alpha, down=span((rank, 9)), up=span((9, rank)))


def test_every_spectrum_keeps_its_place_whatever_its_length_and_its_neighbours() -> None:
    spectra = {"one": [3.0, 1.0], "two": [2.0], "three": [0.0, 0.0], "four": [math.inf, math.inf], "five": [4.0], "six": [5.0, 0.0]}
    found = [(update_of(path, len(values), 2.0 * len(values)), np.array(values), 0.5) for path, values in spectra.items()]

    layers = {each.module_path: each for each in described(found)}

    assert list(layers) == list(spectra)
    one = layers["one"]
    weights = [0.75, 0.25]
    assert one.singular_values == (6.0, 2.0)
    assert (one.spectral, one.nuclear, one.numerical_rank) == (6.0, 8.0, 2)
    assert one.frobenius == pytest.approx(math.sqrt(40), rel=1e-15)
    assert one.stable_rank == pytest.approx(10 / 9, rel=1e-15)
    assert one.leading_share == pytest.approx(0.9, rel=1e-15)
    assert one.entropy == pytest.approx(-sum(each * math.log(each) for each in weights), rel=1e-15)
    assert one.effective_rank == pytest.approx(math.exp(one.entropy), rel=1e-15)
    assert (layers["two"].entropy, layers["two"].effective_rank) == (0.0, 1.0)
    three = layers["three"]
    assert (three.spectral, three.stable_rank, three.effective_rank, three.leading_share, three.numerical_rank) == (0, 0, 0, 0, 0)
    assert all(math.isfinite(each) for each in (layers["four"].frobenius, layers["four"].nuclear, *layers["four"].singular_values))
    assert layers["six"].numerical_rank == 1


def test_an_update_of_scaling_zero_is_all_zeros_even_where_its_factors_overflow() -> None:
    (layer,) = described([(update_of("m", 2, 0.0), np.array([math.inf, 1.0]), 0.5)])

    assert layer.singular_values == (0.0, 0.0)
    assert (layer.spectral, layer.frobenius, layer.nuclear, layer.effective_rank) == (0.0, 0.0, 0.0, 0.0)
