"""Ridge logistic regression on named rows of numbers, by Newton's method."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_STEPS = 50


def named_rows(described: Sequence[Mapping[str, "list[float] | str"]], names: Sequence[str], width: int) -> Array:
    """The described rows side by side in the order of `names`: (n, len(names)·width); 0 where an adapter lacks a name."""
    nothing = [0.0] * width
    return np.array([[value for name in names for value in each.get(name, nothing)] for each in described], dtype=np.float64)


def fitted(features: Array, hostile: Sequence[bool], ridge: float = 1.0) -> Callable[[Array], Array]:
    """The log odds of new rows, after a fit on (n, p) features standardised by their own mean and deviation.

    Minimises Σ w·log loss + ridge/2·‖β‖² by iteratively reweighted least squares; both labels weigh the same in all, the
    intercept is not penalised. A column without spread counts for nothing.
    """
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    unit = np.where(deviation > 1e-12, deviation, np.inf)

    def standard(rows: Array) -> Array:
        return np.column_stack([np.ones(len(rows)), (rows - mean) / unit])

    rows, labels = standard(features), np.asarray(hostile, dtype=np.float64)
    share = labels.mean()
    weights = np.where(labels > 0, 0.5 / max(share, 1e-9), 0.5 / max(1 - share, 1e-9))
    penalty = np.full(rows.shape[1], ridge)
    penalty[0] = 1e-6
    beta = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(rows @ beta, -30, 30)))
        gradient = rows.T @ (weights * (chance - labels)) + penalty * beta
        curvature = (rows * (weights * chance * (1 - chance))[:, None]).T @ rows + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        beta -= step
        if np.abs(step).max() < 1e-8:
            break
    return lambda new: np.asarray(standard(new) @ beta)


def learner(
    width: int, ridge: float = 1.0
) -> "Callable[[Sequence[Mapping[str, list[float] | str]], Sequence[bool]], Callable[[Mapping[str, list[float] | str]], float]]":
    """A baseline's `learn`: logistic regression on every name that any described adapter has, `width` numbers each."""

    def learn(
        described: Sequence[Mapping[str, "list[float] | str"]], hostile: Sequence[bool]
    ) -> "Callable[[Mapping[str, list[float] | str]], float]":
        names = sorted({name for each in described for name in each})
        odds = fitted(named_rows(described, names, width), hostile, ridge)
        return lambda one: float(odds(named_rows([one], names, width))[0])

    return learn
