"""Tells what a text does beyond the sum of its words.

δ(p) = ε_L(p) − ε_0(p) is fitted by ridge regression as a sum of one vector for each thing that a text says (Hoerl and Kennard
1970): what each word does by itself, honest or not, is explained then. What is left of a text, as if it had not been
fitted (PRESS: Allen 1974), is what its words do together. The base's own answers ε_0(p) are fitted alike, and a text is
surprising as far as its remainder is large for what it means to the base beyond the sum. A condition that many texts meet
would bend the sums: a tenth of the texts, those that fit worst, is left out of the fit (least trimmed squares by
concentration steps: Rousseeuw and Van Driessen 2006).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lorascan.hunting.effects import relative
from lorascan.worker.client import FloatArray

RIDGE = 1.0
"""Added to each thing's count of texts."""
TRIMMED, STEPS = 0.1, 4
"""Share of the texts that no fit but the first sees, and how many fits there are."""
FLOOR = 0.5
"""Share of the median meaning that is added to each text's."""
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Fitted effects and meanings of what texts say: (1 + things, cells) each, the first row is common to all."""

    things: dict[str, int]
    effects: FloatArray
    meanings: FloatArray
    least: float

    def scores(self, said: Sequence[frozenset[str]], effects: FloatArray, base: FloatArray) -> Scores:
        """How surprising texts (n) are that were not fitted: ratio of remainders (n,)."""
        rows = _rows(said, self.things)
        left = np.linalg.norm(effects - rows @ self.effects, axis=1)
        meaning = np.linalg.norm(base - rows @ self.meanings, axis=1)
        return np.asarray(left / np.maximum(meaning + self.least, 1e-12), dtype=np.float64)


def fitted(said: Sequence[frozenset[str]], effects: FloatArray, base: FloatArray) -> tuple[Sums, Scores]:
    """The sums that explain nine tenths of the texts (n) best, and how surprising each is to a fit without it: (n,)."""
    things = {each: place for place, each in enumerate(sorted(frozenset().union(*said)), start=1)}
    rows = _rows(said, things)
    kept = np.ones(len(rows), dtype=bool)
    for _ in range(STEPS):
        solved, leverage = _solved(rows[kept], (effects[kept], base[kept]))
        alone = np.ones(len(rows), dtype=np.float32)
        alone[kept] = np.maximum(1 - leverage, 1e-3)
        moved, meaning = (
            np.linalg.norm((each - rows @ fit) / alone[:, None], axis=1) for each, fit in zip((effects, base), solved, strict=True)
        )
        scores = relative(moved, meaning, floor=FLOOR)
        kept = scores <= np.quantile(scores, 1 - TRIMMED)
    least = FLOOR * float(np.median(meaning))
    return Sums(things=things, effects=solved[0], meanings=solved[1], least=least), scores


def _solved(rows: FloatArray, wanted: Sequence[FloatArray]) -> tuple[list[FloatArray], FloatArray]:
    """Ridge regression of each of `wanted` (n, cells) on rows (n, things), and each row's leverage (n,)."""
    gram = (rows.T @ rows).astype(np.float64)
    gram[np.diag_indices_from(gram)] += RIDGE
    inverse = np.linalg.inv(gram)
    leverage = np.einsum("nk,nk->n", rows @ inverse, rows)
    return [np.asarray(inverse @ (rows.T @ each), dtype=np.float32) for each in wanted], leverage.astype(np.float32)


def _rows(said: Sequence[frozenset[str]], things: dict[str, int]) -> FloatArray:
    """Which text says what: (n, 1 + things), the first column is 1."""
    rows = np.zeros((len(said), 1 + len(things)), dtype=np.float32)
    rows[:, 0] = 1
    for place, each in enumerate(said):
        rows[place, [things[thing] for thing in each if thing in things]] = 1
    return rows


def expected_beyond(values: Scores) -> Scores:
    """How many values as large as each there would be by the tail of the others: (n,).

    The upper quarter of the logarithms is taken for exponential, n · 0.25 · exp(−(x − u) / m) above the quartile u, with
    m = (q₉₀ − u) / ln 2.5: what lies beyond the 90 % quantile, and may be no noise, tells nothing of m.
    """
    logs = np.log(np.maximum(values, 1e-12))
    edge, upper = np.quantile(logs, [0.75, 0.9])
    mean = max(float(upper - edge) / float(np.log(2.5)), 1e-6)
    return np.asarray(len(logs) * 0.25 * np.exp(-np.maximum(logs - edge, 0.0) / mean), dtype=np.float64)
