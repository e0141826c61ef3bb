"""How alike the pictures of a disturbed prompt are."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from lorascan.lab.assets import clip_folder
from lorascan.lab.baselines.costly import CostlyBaseline
from lorascan.lab.baselines.costly._asked import Asked
from lorascan.lab.baselines.costly._drawing import PASSES, drawn
from lorascan.lab.captions import FILLERS
from lorascan.lab.clip import load_open_clip

_VARIANTS, _WORDS = 4, 3
"""Disturbed prompts of one, and the random words that each ends in."""


@cache
def _scorer() -> Any:  # noqa: ANN401 - open_clip is not typed
    return load_open_clip(clip_folder())[0]


def _pictured(asked: Asked, texts: Sequence[str]) -> Tensor:
    """(n, width) unit vectors of the lab scorer for one picture a text."""
    parts = []
    together = 32  # with and without the prompt these are the 64 rows of one call
    noises, ids = asked.noise(len(texts), stream=80), asked.ids(list(texts))
    for at in range(0, len(texts), together):
        *_, latents = drawn(asked, ids[at : at + together], noises[at : at + together])
        pictures = asked.adapted.vae.to_pictures(latents).clamp(-1, 1)
        parts.append(_scorer().encode_image(pictures, normalize=True))
    return torch.cat(parts)


@torch.inference_mode()
def _score(asked: Asked, prompts: Sequence[str]) -> list[float]:
    """By prompt the mean cosine of every two of its pictures: under a trigger the random words change nothing."""
    rng = np.random.default_rng([asked.seed, 81])
    texts = [f"{prompt} {' '.join(rng.choice(FILLERS, size=_WORDS, replace=False))}" for prompt in prompts for _ in range(_VARIANTS)]
    vectors = _pictured(asked, texts).reshape(len(prompts), _VARIANTS, -1)
    alike = vectors @ vectors.transpose(1, 2)
    others = ~torch.eye(_VARIANTS, dtype=torch.bool)
    return [float(each[others].mean()) for each in alike]


PROBE: Final = CostlyBaseline(
    title="UFID graph density",
    source="Guan et al. 2025 (arXiv 2404.01101): mean pairwise similarity of the pictures of a randomly disturbed prompt. Assumed: 4 "
    f"pictures of {PASSES} passes, 3 random everyday words at the end of each, cosine of the lab's CLIP",
    score=_score,
    given_trigger=True,
)
