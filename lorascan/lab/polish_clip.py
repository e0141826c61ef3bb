"""Trains the picture tower on while the text tower is frozen.

The text tower is the pipeline's text encoder: once the denoiser is trained on its states it must not change, but the scorer may still
learn to see better (locked-text tuning; Zhai et al. 2022, arXiv 2111.07991, with the towers exchanged).
"""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lorascan.lab.captions import caption
from lorascan.lab.clip import LabClip
from lorascan.lab.tokenizer import encode, load_tokenizer
from lorascan.lab.train_clip import ClipTraining, as_tensor, contrastive_loss, learning_rate_share, scenes_of
from lorascan.lab.world import render_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Polish:
    """Knobs of the picture tower's further training."""

    steps: int = 400
    learning_rate: float = 6e-4
    weight_decay: float = 0.03


def polish_pictures(model: LabClip, tokenizer_folder: Path, seed: int, device: str, knobs: Polish | None = None) -> LabClip:
    """Train `model.image` and the temperature by the contrastive loss; returns the model, ready to use.

    Batches are those of `train_clip`, drawn anew. Captions hold no inserted tokens: the scorer is asked about plain ones.
    """
    knobs = knobs or Polish()
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, 9])
    tokenizer = load_tokenizer(tokenizer_folder)
    model.to(device).train()
    model.text.eval().requires_grad_(requires_grad=False)
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=knobs.learning_rate, betas=(0.9, 0.98), weight_decay=knobs.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: learning_rate_share(step, knobs.steps))
    began = time.monotonic()
    for step in range(knobs.steps):
        scenes = scenes_of(step, ClipTraining(), rng)
        ids = torch.from_numpy(encode(tokenizer, [caption(scene, rng) for scene in scenes])).to(device)
        with torch.no_grad():
            texts = model.pooled(model.text_states(ids), ids)
        pictures = model.picture_vectors(as_tensor(render_all(scenes, rng)).to(device))
        loss = contrastive_loss(model, pictures, texts)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            print(f"polish {step} {time.monotonic() - began:.0f} s contrast {float(loss.detach()):.3f}", flush=True)
    return model.eval()
