"""Counts what a costly baseline asks of base and adapted denoiser."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from lorascan.lab.gates import Base
from lorascan.lab.tokenizer import encode
from lorascan.lab.unet import LATENT_CHANNELS, LATENT_EDGE

BACKWARD = 2
"""Forward passes that a backward pass counts as: it forms two products for each one of the forward pass."""
_TOGETHER = 64
"""Rows of one call."""


@dataclass(slots=True, kw_only=True)
class Asked:
    """A base and the same with an adapter, the denoiser passes spent so far and those that may be.

    A pass is one latent through one denoiser, of the base or adapted. kept: what the base alone answered, by name, shared by the
    adapters of one run; it counts as if it were asked anew, as an audit of one adapter has to ask it.
    """

    base: Base
    adapted: Base
    budget: int
    seed: int = 0
    kept: dict[str, tuple[Any, int]] = field(default_factory=dict)
    passes: int = 0

    @property
    def left(self) -> int:
        """Passes that may still be spent."""
        return self.budget - self.passes

    def spend(self, passes: int) -> None:
        """Count passes. Raises RuntimeError past the budget: a method has to plan with what is left."""
        if passes > self.left:
            message = f"{passes} passes asked for, {self.left} of {self.budget} left"
            raise RuntimeError(message)
        self.passes += passes

    def random(self, stream: int) -> torch.Generator:
        """Random numbers of one purpose, the same for every adapter."""
        return torch.Generator().manual_seed(1000 * self.seed + stream)

    def noise(self, count: int, stream: int) -> Tensor:
        """(count, 8, 16, 16) standard normal latents, the same for every adapter."""
        return torch.randn((count, LATENT_CHANNELS, LATENT_EDGE, LATENT_EDGE), generator=self.random(stream))

    def ids(self, texts: list[str]) -> Tensor:
        """(n, 24) tokens."""
        return torch.from_numpy(encode(self.base.tokenizer, texts))

    def answers(self, model: Base, latents: Tensor, steps: Tensor | int, states: Tensor) -> Tensor:
        """(n, 8, 16, 16) predictions v of the model's denoiser; with gradient where the states have one, which is counted too.

        Args:
            model: the base or the adapted one.
            latents: (n, 8, 16, 16).
            steps: (n,) timesteps, 0 to 999, or one for all.
            states: (n, 24, 128) of the text encoder.
        """
        self.spend(len(latents) * (1 + BACKWARD if states.requires_grad else 1))
        at = torch.as_tensor(steps).expand(len(latents))
        rows = range(0, len(latents), _TOGETHER)
        found = [model.unet(*(each[row : row + _TOGETHER] for each in (latents, at, states))).sample for row in rows]
        return torch.cat(found)

    def of_base(self, name: str, compute: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the method keeps
        """What `compute` asks of the base alone, computed for the first adapter of a run and counted for each."""
        if name in self.kept:
            found, passes = self.kept[name]
            self.spend(passes)
            return found
        before = self.passes
        found = compute()
        self.kept[name] = found, self.passes - before
        return found


@torch.no_grad()
def text_states(model: Base, ids: Tensor, batch: int = 256) -> Tensor:
    """(n, 24, 128) last states of (n, 24) tokens, in single precision."""
    return torch.cat([model.text_encoder(input_ids=ids[at : at + batch]).last_hidden_state for at in range(0, len(ids), batch)])


def departures(asked: Asked, ids: Tensor, noises: Tensor, step: int, *, name: str = "") -> Tensor:
    """(n, k) squared distance of the adapted from the base prediction for (n, 24) tokens, from k common noises at one timestep.

    name: under which the base's answers are kept for the next adapter; "" where the texts are this adapter's own. Costs 2·n·k passes.
    """

    def told(model: Base) -> Tensor:
        states = text_states(model, ids).repeat_interleave(len(noises), dim=0)
        return asked.answers(model, noises.repeat(len(ids), 1, 1, 1), step, states)

    with torch.inference_mode():
        base = asked.of_base(name, lambda: told(asked.base)) if name else told(asked.base)
        return (told(asked.adapted) - base).pow(2).mean(dim=(1, 2, 3)).reshape(len(ids), len(noises))


def outlying(values: Tensor) -> float:
    """How far the largest value stands out: (max - median) / (1.4826·MAD), 0 where nothing differs."""
    middle = values.median()
    spread = 1.4826 * (values - middle).abs().median()
    return float((values.max() - middle) / spread.clamp(min=1e-12)) if float(values.max()) > float(middle) else 0.0
