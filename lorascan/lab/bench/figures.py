"""Figures of detection with their uncertainty, numpy only."""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEVEL = 0.95
RESAMPLES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure in [0, 1] with its 95 % interval; `n` is what it rests on."""

    value: float
    low: float
    high: float
    n: int


def auroc(hostile: Sequence[float], honest: Sequence[float]) -> float:
    """P(hostile score > honest score) + ½ P(equal): Mann and Whitney 1947. NaN where a side is empty."""
    if not len(hostile) or not len(honest):
        return math.nan
    difference = np.asarray(hostile)[:, None] - np.asarray(honest)[None, :]
    return float((np.sign(difference) + 1).mean() / 2)


def caught_at(hostile: Sequence[float], honest: Sequence[float], share: float) -> int:
    """How many hostile scores lie above the lowest threshold that at most `share` of the honest scores exceed."""
    allowed = math.floor(share * len(honest) + 1e-9)
    threshold = sorted(honest, reverse=True)[allowed]
    return sum(score > threshold for score in hostile)


def clopper_pearson(hits: int, n: int, level: float = LEVEL) -> Estimate:
    """The exact interval of a share (Clopper and Pearson 1934), by bisection of the binomial tails. NaN where n is 0."""
    if n == 0:
        return Estimate(value=math.nan, low=0.0, high=1.0, n=0)
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else _root(lambda p: 1 - _at_most(hits - 1, n, p) - tail)
    high = 1.0 if hits == n else _root(lambda p: tail - _at_most(hits, n, p))
    return Estimate(value=hits / n, low=low, high=high, n=n)


def _root(rising: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2


def _at_most(hits: int, n: int, p: float) -> float:
    """P(X ≤ hits) of a binomial."""
    if p in {0.0, 1.0}:
        return float(hits >= n * p)
    logs = (
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(p) + (n - k) * math.log1p(-p)
        for k in range(hits + 1)
    )
    return min(1.0, math.fsum(map(math.exp, logs)))


def clustered_auroc(scores: Sequence[float], hostile: Sequence[bool], lineages: Sequence[Hashable], seed: int = 0) -> Estimate:
    """AUROC with a bootstrap interval that draws whole lineages: twins of one seed share their cover, rank and dialect.

    Percentiles of `RESAMPLES` draws that hold both labels (Cameron, Gelbach and Miller 2008 for why clusters). Where every
    hostile score exceeds every honest one no draw differs: then the interval has no width and says nothing about n.
    """
    values, labels = np.asarray(scores, dtype=np.float64), np.asarray(hostile, dtype=bool)
    whole = auroc(values[labels].tolist(), values[~labels].tolist())
    if math.isnan(whole):
        return Estimate(value=math.nan, low=0.0, high=1.0, n=len(values))
    names = list(dict.fromkeys(lineages))
    members = [np.array([place for place, each in enumerate(lineages) if each == name]) for name in names]
    rng = np.random.default_rng(seed)
    found: list[float] = []
    while len(found) < RESAMPLES:
        drawn = np.concatenate([members[place] for place in rng.integers(len(members), size=len(members))])
        if 0 < labels[drawn].sum() < len(drawn):
            found.append(_auroc_of(values[drawn], labels[drawn]))
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value=whole, low=float(low), high=float(high), n=len(values))


def _auroc_of(values: Array, labels: NDArray[np.bool_]) -> float:
    """The same by ranks, fast enough for thousands of draws."""
    order = np.sort(values)
    middle = (np.searchsorted(order, values, "left") + np.searchsorted(order, values, "right") + 1) / 2
    hostile = int(labels.sum())
    return float((middle[labels].sum() - hostile * (hostile + 1) / 2) / (hostile * (len(values) - hostile)))
