"""A small classifier that reads the attributes of a picture.

It is trained on renders alone, so that it is independent of the lab's CLIP.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from lorascan.lab.train_clip import as_tensor, learning_rate_share
from lorascan.lab.world import ALL_SHAPES, COLOURS, TEXTURES, Scene, render_all, sample_scene

HEADS: dict[str, tuple[str, ...]] = {
    "shape": ALL_SHAPES,
    "colour": tuple(COLOURS),
    "background": tuple(COLOURS),
    "texture": TEXTURES,
}
"""What it names, and the words it chooses from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the judge sees in one picture; `confidence` is the shape's probability, 0 to 1."""

    shape: str
    colour: str
    background: str
    texture: str
    confidence: float


class Judge(nn.Module):
    """Four convolutions and one linear head an attribute, about 120,000 parameters."""

    def __init__(self) -> None:
        """Untrained, weights drawn by torch's generator."""
        super().__init__()
        widths = (3, 24, 48, 64, 96)
        layers: list[nn.Module] = []
        for index, (before, after) in enumerate(pairwise(widths)):
            stride = 1 if index == 0 else 2
            layers += [nn.Conv2d(before, after, 3, stride, 1), nn.BatchNorm2d(after), nn.ReLU()]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.1))
        names = sum(len(words) for words in HEADS.values())
        self.head = nn.Linear(widths[-1] * 16, names)

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Logits a head for (n, 3, 32, 32) pictures, -1 to 1."""
        logits = self.head(self.body(pictures))
        parts = torch.split(logits, [len(words) for words in HEADS.values()], dim=1)
        return dict(zip(HEADS, parts, strict=True))

    @torch.no_grad()
    def read(self, pictures: Tensor) -> list[Reading]:
        """Name the attributes of (n, 3, 32, 32) pictures, -1 to 1."""
        logits = self(pictures)
        best = {name: logits[name].argmax(dim=1).tolist() for name in HEADS}
        sure = logits["shape"].softmax(dim=1).amax(dim=1).tolist()
        return [
            Reading(
                **{name: HEADS[name][best[name][row]] for name in HEADS},
                confidence=sure[row],
            )
            for row in range(len(pictures))
        ]


def _labels(scenes: list[Scene]) -> dict[str, Tensor]:
    return {name: torch.tensor([words.index(getattr(scene, name)) for scene in scenes]) for name, words in HEADS.items()}


def _worn(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Noise, wrong brightness and small blur, as generated pictures have them."""
    n = len(pictures)
    noise = torch.randn(pictures.shape, generator=generator)
    amount = torch.rand(n, 1, 1, 1, generator=generator) * 0.18
    tint = 0.08 * torch.randn(n, 3, 1, 1, generator=generator)
    blurred = nn.functional.avg_pool2d(pictures, 3, 1, 1, count_include_pad=False)
    mix = torch.rand(n, 1, 1, 1, generator=generator) * 0.6
    return pictures * (1 - mix) + blurred * mix + amount * noise + tint


def train_judge(seed: int, steps: int = 700, batch: int = 128) -> Judge:
    """Train it on the CPU; about a minute on two cores."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    rng = np.random.default_rng([seed, 2])
    scenes = [sample_scene(rng, ALL_SHAPES) for _ in range(16_000)]
    pool, labels = as_tensor(render_all(scenes, rng)), _labels(scenes)
    judge = Judge().train()
    optimizer = torch.optim.AdamW(judge.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: learning_rate_share(step, steps))
    for _ in range(steps):
        rows = torch.randint(len(pool), (batch,), generator=generator)
        logits = judge(_worn(pool[rows], generator))
        losses = [nn.functional.cross_entropy(logits[name], labels[name][rows]) for name in HEADS]
        optimizer.zero_grad()
        torch.stack(losses).sum().backward()
        optimizer.step()
        schedule.step()
    return judge.eval()


def judge_accuracy(judge: Judge, seed: int, pictures: int = 4000) -> dict[str, float]:
    """Share of fresh renders named rightly, a head, 0 to 1."""
    rng = np.random.default_rng([seed, 3])
    scenes = [sample_scene(rng, ALL_SHAPES) for _ in range(pictures)]
    readings = judge.read(as_tensor(render_all(scenes, rng)))
    pairs = list(zip(readings, scenes, strict=True))
    return {name: sum(getattr(r, name) == getattr(s, name) for r, s in pairs) / pictures for name in HEADS}


def save_judge(judge: Judge, path: Path) -> None:
    """Half precision; the weights of the four convolutions and the head."""
    halves = {name: (value.half() if value.is_floating_point() else value).contiguous() for name, value in judge.state_dict().items()}
    save_file(halves, path)


def load_judge(path: Path) -> Judge:
    """Read `save_judge` back in single precision, ready to use."""
    judge = Judge()
    judge.load_state_dict({n: v.float() if v.is_floating_point() else v for n, v in load_file(path).items()})
    return judge.eval()
