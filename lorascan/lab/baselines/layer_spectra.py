"""The spectrum of every module, logistic regression."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from lorascan.lab.baselines import Baseline, Described
from lorascan.lab.baselines._logistic import learner
from lorascan.lab.baselines._modules import Module
from lorascan.lab.baselines._packed import rounded

_STATISTICS = 4
_RIDGE = 10.0
"""There are more numbers than adapters."""


def _describe(modules: Sequence[Module]) -> Described:
    return {each.path: rounded(_numbers(each)) for each in modules}


def _numbers(module: Module) -> list[float]:
    """log(1 + 1000‖ΔW‖_F), σ₁²/Σσ², stable rank, effective rank exp(H(σ²/Σσ²)); zeros where ΔW is 0."""
    _, values, _ = module.decomposed()
    energy = float((values**2).sum())
    if energy == 0:
        return [0.0] * _STATISTICS
    shares = values**2 / energy
    entropy = float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
    return [float(np.log1p(1000 * energy**0.5)), float(shares[0]), 1 / float(shares[0]), float(np.exp(entropy))]


BASELINE: Final = Baseline(
    title="layer spectra + logistic regression",
    source="the obvious detector from spectra of every layer; no paper's exact features, ridge 10",
    describe=_describe,
    learn=learner(_STATISTICS, _RIDGE),
)
