"""The torch primitives: tokenise, encode, predict, render."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch

from lorascan.worker.pipeline import Base

Progress = Callable[[float], None]
IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]


def tokenise(base: Base, texts: Sequence[str]) -> IntArray:
    """Token ids (n, context) of the base's own tokenizer, padded and cut as the pipeline does it."""
    tokenizer = base.pipeline.tokenizer
    encoded = tokenizer(list(texts), padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="np")
    return np.asarray(encoded["input_ids"], dtype=np.int32)


@torch.inference_mode()
def encode(base: Base, ids: IntArray, positions: IntArray, batch: int, progress: Progress) -> FloatArray:
    """Text-encoder states (n, k, width) at `positions` (n, k) of token ids (n, length)."""
    parts = []
    for start in range(0, len(ids), batch):
        states = _states(base, ids[start : start + batch])
        at = torch.from_numpy(positions[start : start + batch].astype(np.int64)).to(base.device)
        parts.append(torch.gather(states, 1, at[:, :, None].expand(-1, -1, states.shape[-1])).float().cpu().numpy())
        progress((start + batch) / len(ids))
    return np.concatenate(parts)


@torch.inference_mode()
def predict(  # noqa: PLR0913 - one argument a choice
    base: Base, ids: IntArray, *, timestep: float, seed: int, side: int, batch: int, progress: Progress
) -> FloatArray:
    """Denoiser outputs (n, channels, side, side) for token ids (n, length) from one common noise.

    `timestep` is a share of the training schedule in (0, 1]. The input is pure noise at the scheduler's own scale:
    the same for every row, so that rows differ by their text alone.
    """
    unet, scheduler = base.pipeline.unet, base.pipeline.scheduler
    steps = scheduler.config.num_train_timesteps
    at = torch.tensor(min(steps - 1, round(timestep * steps)), device=base.device)
    shape = (1, unet.config.in_channels, side, side)
    noise = torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed)).to(base.device, unet.dtype)
    parts = []
    for start in range(0, len(ids), batch):
        states = _states(base, ids[start : start + batch]).to(unet.dtype)
        latents = noise.expand(len(states), -1, -1, -1)
        parts.append(unet(latents, at, encoder_hidden_states=states, return_dict=False)[0].float().cpu().numpy())
        progress((start + batch) / len(ids))
    return np.concatenate(parts)


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
    parts = []
    for start in range(0, len(prompts), batch):
        chosen = slice(start, start + batch)
        drawn = base.pipeline(
            prompt=list(prompts[chosen]),
            generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds[chosen]],
            num_inference_steps=steps,
            guidance_scale=guidance,
            output_type="np",
        )
        parts.append(np.rint(np.clip(np.nan_to_num(drawn.images), 0, 1) * 255).astype(np.uint8))
        progress((start + batch) / len(prompts))
    return np.concatenate(parts)


def _states(base: Base, ids: IntArray) -> torch.Tensor:
    encoder = base.pipeline.text_encoder
    return encoder(torch.from_numpy(ids.astype(np.int64)).to(base.device))[0]
