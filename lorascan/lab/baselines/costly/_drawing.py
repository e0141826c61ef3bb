"""Draws pictures with the adapted base and watches its cross-attention."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from lorascan.lab.baselines.costly._asked import Asked, text_states
from lorascan.lab.tokenizer import END_ID
from lorascan.lab.unet import new_scheduler

DDIM, GUIDANCE = 10, 3.0
"""As the lab's own gates draw."""
PASSES = 2 * DDIM
"""Denoiser passes of a picture: with the prompt and without."""
_EDGE = 8
"""Cells a side of the largest cross-attention maps."""


def drawn(asked: Asked, ids: Tensor, noises: Tensor) -> Iterator[Tensor]:
    """(n, 8, 16, 16) latents after each DDIM step with guidance, for (n, 24) tokens from (n, 8, 16, 16) noises."""
    scheduler = new_scheduler()
    scheduler.set_timesteps(DDIM)
    states = torch.cat([text_states(asked.adapted, asked.ids([""])).expand(len(ids), -1, -1), text_states(asked.adapted, ids)])
    latents = noises
    for step in scheduler.timesteps:
        without, with_text = asked.answers(asked.adapted, torch.cat([latents, latents]), step, states).chunk(2)
        latents = scheduler.step(without + GUIDANCE * (with_text - without), step, latents).prev_sample
        yield latents


@contextmanager
def _watched(unet: Any) -> Iterator[list[Tensor]]:  # noqa: ANN401 - diffusers is not typed
    """Maps (n, tokens, 8, 8) of every cross-attention of that size, mean over heads, in the order of the calls, while it is open."""
    maps: list[Tensor] = []

    def hook(module: Any, given: tuple[Tensor, ...], named: dict[str, Tensor], _told: object) -> None:  # noqa: ANN401
        hidden = given[0] if given else named["hidden_states"]
        if hidden.shape[1] == _EDGE**2:
            query, key = (module.head_to_batch_dim(side) for side in (module.to_q(hidden), module.to_k(named["encoder_hidden_states"])))
            weights = module.get_attention_scores(query, key).reshape(len(hidden), module.heads, _EDGE**2, -1).mean(dim=1)
            maps.append(weights.transpose(1, 2).reshape(len(hidden), -1, _EDGE, _EDGE))

    handles = [each.register_forward_hook(hook, with_kwargs=True) for name, each in unet.named_modules() if name.endswith("attn2")]
    try:
        yield maps
    finally:
        for each in handles:
            each.remove()


@torch.inference_mode()
def attention_maps(asked: Asked, prompts: Sequence[str], stream: int) -> list[Tensor]:
    """By prompt its cross-attention maps (steps, tokens, 8, 8) while a picture is drawn, mean over heads and layers.

    The tokens are the prompt's from the first word to the first end token. Costs `PASSES` a prompt.
    """
    ids = asked.ids(list(prompts))
    found: list[Tensor] = []
    together = 32  # with and without the prompt these are the 64 rows of one call
    for at in range(0, len(ids), together):
        some = ids[at : at + together]
        steps = []
        with _watched(asked.adapted.unet) as maps:
            for _ in drawn(asked, some, asked.noise(len(ids), stream)[at : at + together]):
                steps.append(torch.stack(maps).mean(dim=0)[len(some) :])
                maps.clear()
        ends = (some == END_ID).int().argmax(dim=1)
        found += [torch.stack([step[row, 1 : int(end) + 1] for step in steps]) for row, end in enumerate(ends)]
    return found
