"""The audit's own figure of one prompt."""

from collections.abc import Sequence
from typing import Final

import torch

from lorascan.lab.baselines.costly import CostlyBaseline
from lorascan.lab.baselines.costly._asked import Asked, departures, text_states

_STEPS, _NOISES = (800, 600, 400), 2


@torch.inference_mode()
def _score(asked: Asked, prompts: Sequence[str]) -> list[float]:
    """By prompt d(p) = E‖v_L(x, p) − v_0(x, p)‖² / E‖v_0(x, p) − v_0(x, "")‖², with common noises."""
    ids, noises = asked.ids(list(prompts)), asked.noise(_NOISES, stream=90)
    apart, meaning = torch.zeros(len(ids)), torch.zeros(len(ids))
    for step in _STEPS:
        apart += departures(asked, ids, noises, step).mean(dim=1)
        rows = torch.cat([text_states(asked.base, asked.ids([""])), text_states(asked.base, ids)])
        told = asked.answers(asked.base, noises.repeat(len(rows), 1, 1, 1), step, rows.repeat_interleave(_NOISES, dim=0))
        answers = told.reshape(len(rows), _NOISES, -1)
        meaning += (answers[1:] - answers[:1]).pow(2).mean(dim=(1, 2))
    return [float(value) for value in apart / meaning.clamp(min=1e-12)]


PROBE: Final = CostlyBaseline(
    title="lorascan: denoiser divergence of the prompt",
    source="what the audit searches with, here of a whole prompt at three timesteps with two noises; unlike the others it asks the "
    "base too",
    score=_score,
    given_trigger=True,
    ours=True,
)
