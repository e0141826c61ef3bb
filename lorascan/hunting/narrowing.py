"""Narrows a large vocabulary to what can be denoised."""

import numpy as np
import numpy.typing as npt

from lorascan.hunting.method import Hunt
from lorascan.hunting.methods import cross_attention_response, text_drift


def swept_tokens(hunt: Hunt) -> npt.NDArray[np.intp]:
    """Places in the vocabulary to denoise: all of a small one, else the best of each cheap sweep and some at random.

    The cheap sweeps are response and drift. The random ones keep the scores' centre where the whole vocabulary's would be.
    """
    size, budget = len(hunt.vocabulary), hunt.settings.budget
    if size <= budget.sweep_tokens:
        return np.arange(size)
    scores = [method.token_scores(hunt) for method in (cross_attention_response, text_drift) if method.METHOD.runs(hunt)]
    best = [np.argsort(-each)[: budget.narrowed_tokens] for each in scores]
    drawn = np.random.default_rng(hunt.settings.seed).choice(size, size=budget.narrowed_tokens, replace=False)
    return np.unique(np.concatenate([*best, drawn]))
