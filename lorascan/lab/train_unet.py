"""Trains the lab's denoiser on latents."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from lorascan.bases._patch_vae import PatchVae
from lorascan.lab.captions import caption
from lorascan.lab.tokenizer import encode, free_token_ids, with_random_tokens
from lorascan.lab.train_clip import as_tensor, learning_rate_share
from lorascan.lab.unet import LATENT_CHANNELS, PATCH, TRAIN_TIMESTEPS, new_scheduler, new_unet
from lorascan.lab.words import meaningful_words
from lorascan.lab.world import SHAPES, render_all, sample_scene


@dataclass(frozen=True, slots=True, kw_only=True)
class UnetTraining:
    """Knobs of the denoiser's training."""

    steps: int = 3600
    batch: int = 64
    pictures: int = 40_000
    """Picture and caption pairs rendered and encoded beforehand."""
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.01
    token_share: float = 0.3
    """Captions with random tokens inserted, 0 to 1."""
    null_share: float = 0.1
    """Captions replaced by the empty one, for guidance."""
    average: float = 0.995
    """Decay a step of the averaged weights, which are the ones kept."""
    report_every: int = 400
    """Steps between two calls of the listener."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSet:
    """Latents (n, 8, 16, 16) in single, text states (n, 24, 128) in half precision."""

    latents: Tensor
    states: Tensor
    null_state: Tensor


Listener = Callable[[int, UNet2DConditionModel], None]
"""Called with the step and the averaged weights."""


def fitted_vae(seed: int, pictures: int = 4000) -> PatchVae:
    """The patch autoencoder whose components come from random scenes."""
    rng = np.random.default_rng([seed, 4])
    scenes = [sample_scene(rng) for _ in range(pictures)]
    vae = PatchVae(patch=PATCH, latent_channels=LATENT_CHANNELS)
    return vae.fit(as_tensor(render_all(scenes, rng)))


@torch.no_grad()
def text_states(encoder: CLIPTextModel, ids: np.ndarray[tuple[int, ...], np.dtype[np.int64]], batch: int = 256) -> Tensor:
    """(n, 24, 128) last hidden states in half precision, on the CPU."""
    device = next(encoder.parameters()).device
    parts = [encoder(input_ids=torch.from_numpy(ids[at : at + batch]).to(device)).last_hidden_state for at in range(0, len(ids), batch)]
    return torch.cat([part.half().cpu() for part in parts])


def training_set(tokenizer: CLIPTokenizer, encoder: CLIPTextModel, vae: PatchVae, seed: int, knobs: UnetTraining) -> TrainingSet:
    """Render and encode every pair once; epochs then cost nothing but the denoiser."""
    rng = np.random.default_rng([seed, 5])
    free = free_token_ids(tokenizer, meaningful_words())
    latents: list[Tensor] = []
    states: list[Tensor] = []
    for at in range(0, knobs.pictures, 2000):
        scenes = [sample_scene(rng, SHAPES) for _ in range(min(2000, knobs.pictures - at))]
        ids = encode(tokenizer, [caption(scene, rng) for scene in scenes])
        ids, _ = with_random_tokens(ids, free, knobs.token_share, rng)
        states.append(text_states(encoder, ids))
        latents.append(vae.to_latents(as_tensor(render_all(scenes, rng))))
    null = text_states(encoder, encode(tokenizer, [""]))
    return TrainingSet(latents=torch.cat(latents), states=torch.cat(states), null_state=null)


def noised(latents: Tensor, signal: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Noisy latents, their timesteps and the v to predict.

    Timesteps are stratified over the batch: t_i is uniform in the i-th of n equal parts.
    v = √ᾱ·noise − √(1−ᾱ)·latents (Salimans and Ho 2022, arXiv 2202.00512).

    Args:
        latents: (n, c, h, w).
        signal: (TRAIN_TIMESTEPS,) cumulative products ᾱ, 1 to 0.
        generator: on the CPU, so that devices agree on what is drawn.
    """
    n = len(latents)
    spread = (torch.arange(n) + torch.rand(n, generator=generator)) / n
    steps = (spread * TRAIN_TIMESTEPS).long().clamp(max=TRAIN_TIMESTEPS - 1).to(latents.device)
    noise = torch.randn(latents.shape, generator=generator).to(latents.device)
    kept = signal.to(latents.device)[steps][:, None, None, None]
    noisy = kept.sqrt() * latents + (1 - kept).sqrt() * noise
    return noisy, steps, kept.sqrt() * noise - (1 - kept).sqrt() * latents


@torch.no_grad()
def _move_average(averaged: nn.Module, model: nn.Module, decay: float) -> None:
    pairs = zip(averaged.parameters(), model.parameters(), strict=True)
    for slow, fast in pairs:
        slow.lerp_(fast, 1 - decay)


def train_unet(
    pairs: TrainingSet,
    seed: int,
    device: str,
    knobs: UnetTraining,
    listener: Listener,
    start: UNet2DConditionModel | None = None,
) -> UNet2DConditionModel:
    """Train from one seed, or go on from `start`; returns the averaged weights, ready to use."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model, averaged = new_unet().to(device).train(), new_unet().to(device).eval()
    if start is not None:
        model.load_state_dict(start.state_dict())
    averaged.load_state_dict(model.state_dict())
    signal = new_scheduler().alphas_cumprod
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=knobs.learning_rate,
        betas=(0.9, 0.99),
        weight_decay=knobs.weight_decay,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: learning_rate_share(step, knobs.steps))
    began, recent = time.monotonic(), 0.0
    for step in range(knobs.steps):
        rows = torch.randint(len(pairs.latents), (knobs.batch,), generator=generator)
        states = pairs.states[rows].float()
        dropped = torch.rand(knobs.batch, generator=generator) < knobs.null_share
        states[dropped] = pairs.null_state.float()
        noisy, steps, target = noised(pairs.latents[rows].to(device), signal, generator)
        loss = nn.functional.mse_loss(model(noisy, steps, states.to(device)).sample, target)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        # A fixed decay from the first step would leave the average stale on short runs.
        _move_average(averaged, model, min(knobs.average, (step + 1) / (step + 10)))
        recent = 0.98 * recent + 0.02 * float(loss.detach())
        if (step + 1) % 100 == 0:
            print(f"unet {step + 1} {time.monotonic() - began:.0f} s loss {recent:.4f}", flush=True)
        if (step + 1) % knobs.report_every == 0:
            listener(step + 1, averaged)
    return averaged


@torch.no_grad()
def sample(
    unet: UNet2DConditionModel,
    states: Tensor,
    null_state: Tensor,
    *,
    seed: int,
    steps: int = 10,
    guidance: float = 3.0,
) -> Tensor:
    """(n, 8, 16, 16) latents for (n, 24, 128) text states, by DDIM with guidance."""
    scheduler: DDIMScheduler = new_scheduler()
    scheduler.set_timesteps(steps)
    device = states.device
    generator = torch.Generator().manual_seed(seed)
    shape = (len(states), LATENT_CHANNELS, unet.config.sample_size, unet.config.sample_size)
    latents = torch.randn(shape, generator=generator).to(device)
    both = torch.cat([null_state.to(device).expand_as(states), states]).float()
    for step in scheduler.timesteps:
        without, with_text = unet(torch.cat([latents, latents]), step, both).sample.chunk(2)
        predicted = without + guidance * (with_text - without)
        latents = scheduler.step(predicted, step, latents).prev_sample
    return latents
