"""Tells independent effects apart, one after the other.

What the strongest text does is taken out of what all others do, and the ranking begins anew: orthogonal matching pursuit
(Pati, Rezaiifar and Krishnaprasad 1993) with the texts' own effects as its dictionary. An adapter that declares nothing
has nothing that could be explained away: the leaks of its strongest effect into other words would hide a weaker one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What texts (n) do in one context: the unexplained part (n, d) of each one's effect.

    `meaning` (n,) is what each does to the base's own picture: what changes it much is changed much by any adapter.
    """

    left: FloatArray
    meaning: npt.NDArray[np.floating]

    def scores(self) -> Scores:
        """Norm of the unexplained part relative to the meaning: (n,)."""
        return np.asarray(np.linalg.norm(self.left, axis=1) / np.maximum(self.meaning, 1e-12), dtype=np.float64)

    def rows(self, rows: npt.NDArray[np.intp] | slice) -> "Effects":
        """Those of some of the texts."""
        return Effects(left=self.left[rows], meaning=self.meaning[rows])

    def without(self, row: int) -> "Effects":
        """With the direction of one text's part taken out of all."""
        own = self.left[row] / max(float(np.linalg.norm(self.left[row])), 1e-12)
        return Effects(left=self.left - np.outer(self.left @ own, own).astype(np.float32), meaning=self.meaning)


def combined(contexts: Sequence[Scores], centres: Sequence[float]) -> Scores:
    """Geometric mean over contexts of the scores (n,) relative to each context's centre."""
    logs = [np.log(np.maximum(scores, 1e-12) / max(centre, 1e-12)) for scores, centre in zip(contexts, centres, strict=True)]
    return np.asarray(np.exp(np.mean(logs, axis=0)))


def peeled(contexts: Sequence[Effects], centres: Sequence[float], rounds: int) -> tuple[list[int], Scores]:
    """Order and scores of the same texts (n) in several contexts: `rounds` independent ones, then the others by what is left.

    A text's score is what was left of it when its turn came.
    """
    order: list[int] = []
    kept: list[float] = []
    for _ in range(min(rounds, len(contexts[0].meaning))):
        scores = combined([each.scores() for each in contexts], centres)
        scores[order] = 0.0
        order.append(int(np.argmax(scores)))
        kept.append(float(scores[order[-1]]))
        contexts = [each.without(order[-1]) for each in contexts]
    scores = combined([each.scores() for each in contexts], centres)
    scores[order] = 0.0
    rest = np.argsort(-scores)[: len(scores) - len(order)].tolist()
    scores[order] = kept
    return [*order, *rest], scores
