"""Scores phrases against phrases of as many words that should change nothing."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lorascan.hunting.contexts import context_of, typed_at
from lorascan.hunting.denoised import FLOOR, TIMESTEP, token_effects
from lorascan.hunting.effects import log_spread, relative, unexplained
from lorascan.hunting.method import Hunt
from lorascan.hunting.triggers import PLAIN, Scene, Trigger
from lorascan.hunting.wordings import shipped_list

DRAWN = 28
"""Phrases of random everyday words, beside those of the suite."""
Scores = npt.NDArray[np.float64]


def controls_like(phrase: str, everyday: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Phrases of as many words: some of ordinary language, some of everyday words drawn at random."""
    count = len(phrase.split())
    listed = {2: "two", 3: "three"}.get(count, "more")
    drawn = [" ".join(rng.choice(everyday, size=min(count, len(everyday)), replace=False)) for _ in range(DRAWN)]
    return [*(shipped_list("controls", listed) if count > 1 else ()), *drawn]


def phrase_score(hunt: Hunt, phrase: str, everyday: Sequence[str], rng: np.random.Generator, timestep: float) -> tuple[float, float]:
    """How much more a phrase at the end of the search prompts does than its controls: ratio to their median, and robust z."""
    controls = controls_like(phrase, everyday, rng)
    scenes = hunt.scenes[: hunt.settings.budget.refined_contexts]
    logs = np.mean([np.log(np.maximum(text_scores(hunt, scene, [phrase, *controls], timestep), 1e-12)) for scene in scenes], axis=0)
    ratio = float(logs[0] - np.median(logs[1:]))
    return float(np.exp(ratio)), ratio / log_spread(np.exp(logs[1:]))


def text_scores(hunt: Hunt, scene: Scene, texts: Sequence[str], timestep: float = TIMESTEP) -> Scores:
    """Norm of each text's unexplained denoiser effect at the end of a prompt, relative to its meaning to the base: (texts,)."""
    typed = [Trigger(text=text, kind="candidate", place="end").typed(scene) for text in texts]
    known = typed_at(hunt.declared, context_of(hunt.bench.reference, scene, "end"))
    count = len(texts)
    effects, base = token_effects(hunt, hunt.bench.reference.tokenise([*typed, *known, PLAIN.typed(scene)]), timestep)
    left = unexplained(effects[:count], effects[count:-1])
    return relative(np.linalg.norm(left, axis=1), np.linalg.norm(base[:count] - base[-1], axis=1), floor=FLOOR)
