"""Turns token scores into nominations."""

import numpy as np
import numpy.typing as npt

from lorascan.core.behaviour import TriggerCandidate
from lorascan.hunting.effects import robust_z
from lorascan.hunting.vocabulary import Vocabulary


def best_tokens(vocabulary: Vocabulary, scores: npt.NDArray[np.float64], source: str, kept: int) -> tuple[TriggerCandidate, ...]:
    """The `kept` tokens with the highest score, best first; `scores` (tokens,) are in step with the vocabulary."""
    z = robust_z(scores)
    return tuple(
        TriggerCandidate(
            text=vocabulary.texts[at],
            source=source,
            score=float(scores[at]),
            z=float(z[at]),
            rank=place,
            tokens=(int(vocabulary.ids[at]),),
        )
        for place, at in enumerate(np.argsort(-scores)[:kept].tolist(), start=1)
    )
