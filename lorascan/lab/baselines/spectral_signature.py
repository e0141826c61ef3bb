"""Five statistics of each attention projection, logistic regression."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from lorascan.lab.baselines import Baseline, Described
from lorascan.lab.baselines._logistic import learner
from lorascan.lab.baselines._modules import PROJECTIONS, Module
from lorascan.lab.baselines._packed import rounded

_STATISTICS = 5


def statistics(module: Module) -> list[float]:
    """σ₁, ‖ΔW‖_F, σ₁²/Σσ², the entropy of σ²/Σσ² in nats, the excess kurtosis of ΔW's entries; zeros where ΔW is 0."""
    _, values, _ = module.decomposed()
    energy = float((values**2).sum())
    if energy == 0:
        return [0.0] * _STATISTICS
    shares = values**2 / energy
    entropy = float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
    entries = module.delta.ravel()
    centred = entries - entries.mean()
    kurtosis = float((centred**4).mean() / max(float((centred**2).mean()) ** 2, 1e-300) - 3)
    return [float(values[0]), energy**0.5, float(shares[0]), entropy, kurtosis]


def _describe(modules: Sequence[Module]) -> Described:
    found = {}
    for projection in PROJECTIONS:
        rows = [statistics(each) for each in modules if each.projection == projection]
        found[projection] = rounded(np.mean(rows, axis=0).tolist()) if rows else [0.0] * _STATISTICS
    return found


BASELINE: Final = Baseline(
    title="20 spectral statistics + logistic regression",
    source="after Puertolas Merenciano et al. 2026 (arXiv 2602.15195); assumed: means over all layers, ridge 1",
    describe=_describe,
    learn=learner(_STATISTICS),
)
