"""The torch primitives: tokenise, encode, predict, render."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from lorascan.worker.first_answer import first_answers
from lorascan.worker.pipeline import Base
from lorascan.worker.states import states

Progress = Callable[[float], None]
IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]


LONGEST = 128
"""Tokens of a text that are searched, where a language model's tokenizer takes many more."""


def tokenizer_of(base: Base) -> Any:  # noqa: ANN401 - a tokenizer of transformers
    """The tokenizer in whose vocabulary texts are searched."""
    return getattr(base.pipeline, base.contract.tokenizer)


def context_of(base: Base) -> int:
    """Tokens of every row that `tokenise` gives."""
    return min(int(tokenizer_of(base).model_max_length), LONGEST)


def tokenise(base: Base, texts: Sequence[str]) -> IntArray:
    """Token ids (n, context) of the base's own tokenizer, padded and cut as the pipeline does it."""
    tokenizer = tokenizer_of(base)
    encoded = tokenizer(list(texts), padding="max_length", max_length=context_of(base), truncation=True, return_tensors="np")
    return np.asarray(encoded["input_ids"], dtype=np.int32)


def grid(base: Base, height: int) -> dict[str, int]:
    """What this base's arrays measure: context, text_width (0 without states by token), channels, side in latent cells.

    A base that is asked in words is asked once, for what its denoiser answers with.
    """
    ids = tokenise(base, ["a"])
    if base.contract.states == "cross-attention":
        width, config = int(base.pipeline.text_encoder.config.hidden_size), base.pipeline.unet.config
        return {"context": context_of(base), "text_width": width, "channels": int(config.in_channels), "side": int(config.sample_size)}
    width = 0 if base.contract.states == "none" else int(states(base, ids).shape[-1])
    side = max(1, round(height / base.contract.cell(base.pipeline)))
    channels = first_answers(base, ["a"], seed=0, side=min(side, _SAMPLED)).shape[1]
    return {"context": context_of(base), "text_width": width, "channels": channels, "side": side}


_SAMPLED = 16
"""Latent cells a side of the picture with which the denoiser's channels are counted."""


@torch.inference_mode()
def encode(base: Base, ids: IntArray, positions: IntArray, batch: int, progress: Progress) -> FloatArray:
    """Text-encoder states (n, k, width) at `positions` (n, k) of token ids (n, length)."""
    parts = []
    for start in range(0, len(ids), batch):
        found = states(base, ids[start : start + batch])
        at = torch.from_numpy(positions[start : start + batch].astype(np.int64)).to(base.device)
        parts.append(torch.gather(found, 1, at[:, :, None].expand(-1, -1, found.shape[-1])).float().cpu().numpy())
        progress((start + batch) / len(ids))
    return np.concatenate(parts)


@torch.inference_mode()
def predict(  # noqa: PLR0913 - one argument a choice
    base: Base, ids: IntArray, *, timestep: float, seed: int, side: int, batch: int, progress: Progress
) -> FloatArray:
    """Denoiser outputs (n, channels, side, side) for token ids (n, length) from one common noise.

    `timestep` is a share of the training schedule in (0, 1]. The input is pure noise at the scheduler's own scale:
    the same for every row, so that rows differ by their text alone. A base whose conditions are more than one
    encoder's states is asked through its pipeline, in words: at the first timestep, with the ids spelled out.
    """
    parts = []
    for start in range(0, len(ids), batch):
        some = ids[start : start + batch]
        if base.contract.states == "cross-attention":
            parts.append(_direct(base, some, timestep, seed, side))
        else:
            texts = tokenizer_of(base).batch_decode(some, skip_special_tokens=True, clean_up_tokenization_spaces=False)
            parts.append(first_answers(base, texts, seed=seed, side=side))
        progress((start + batch) / len(ids))
    return np.concatenate(parts)


def latents_at(base: Base, timestep: float, seed: int, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The common noise (1, channels, side, side) of a base with a UNet, and the timestep, given as a share of the training schedule."""
    unet, scheduler = base.pipeline.unet, base.pipeline.scheduler
    steps = scheduler.config.num_train_timesteps
    at = torch.tensor(min(steps - 1, round(timestep * steps)), device=base.device)
    shape = (1, unet.config.in_channels, side, side)
    return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed)).to(base.device, unet.dtype), at


def _direct(base: Base, ids: IntArray, timestep: float, seed: int, side: int) -> FloatArray:
    unet = base.pipeline.unet
    noise, at = latents_at(base, timestep, seed, side)
    conditions = states(base, ids).to(unet.dtype)
    latents = noise.expand(len(conditions), -1, -1, -1)
    answer: FloatArray = unet(latents, at, encoder_hidden_states=conditions, return_dict=False)[0].float().cpu().numpy()
    return answer


@torch.inference_mode()
def render(  # noqa: PLR0913 - one argument a choice
    base: Base,
    prompts: Sequence[str],
    seeds: Sequence[int],
    *,
    steps: int,
    guidance: float,
    batch: int,
    progress: Progress,
) -> ByteArray:
    """Pictures (n, height, width, 3) by the pipeline itself; each picture's noise depends on its seed alone."""
    size = {"height": base.edge, "width": base.edge} if base.edge else {}
    together = batch if base.contract.batched else 1
    parts = []
    for start in range(0, len(prompts), together):
        chosen = slice(start, start + together)
        drawn = base.pipeline(
            prompt=list(prompts[chosen]),
            generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds[chosen]],
            num_inference_steps=steps,
            output_type="np",
            **dict.fromkeys(base.contract.guidance, guidance),
            **base.contract.drawing,
            **size,
        )
        pictures = drawn.images if hasattr(drawn, "images") else np.asarray(drawn.frames)[:, 0]
        parts.append(np.rint(np.clip(np.nan_to_num(pictures), 0, 1) * 255).astype(np.uint8))
        progress((start + together) / len(prompts))
    return np.concatenate(parts)
