"""The spread of dimension-normalised Frobenius norms over modules."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from lorascan.lab.baselines import Baseline, Described
from lorascan.lab.baselines._logistic import learner
from lorascan.lab.baselines._modules import Module
from lorascan.lab.baselines._packed import rounded


def _describe(modules: Sequence[Module]) -> Described:
    norms = [float(np.linalg.norm(each.delta)) / (each.up.shape[0] * each.down.shape[1]) ** 0.5 for each in modules]
    return {"spread": rounded([float(np.std(norms)) if norms else 0.0])}


BASELINE: Final = Baseline(
    title="spread of normalised Frobenius norms",
    source="after Lelle 2026 (arXiv 2605.30189); assumed: divided by √(out·in), side of the threshold learnt",
    describe=_describe,
    learn=learner(1),
)
