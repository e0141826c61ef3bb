"""The token whose removal moves the denoiser's neurons most."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch import Tensor, nn

from lorascan.lab.baselines.costly import CostlyBaseline
from lorascan.lab.baselines.costly._asked import Asked, text_states
from lorascan.lab.tokenizer import END_ID

_STEP = 999
"""The first that DDIM takes."""
_KEPT = 0.75
"""Share of the tokens' figures, the smallest, whose mean the largest is compared with."""
_STOPWORDS = frozenset({"a", "an", "the", "of", "on", "in", "with", "over", "one", ",", "front"})


@contextmanager
def _varied(unet: nn.Module) -> Iterator[list[Tensor]]:
    """(n,) mean |difference| to the first row's output by layer, while it is open; of convolutions after a mean over places."""
    found: list[Tensor] = []

    def hook(module: nn.Module, _given: object, told: Tensor) -> None:
        outputs = told.mean(dim=(2, 3)) if isinstance(module, nn.Conv2d) else told.flatten(1)
        found.append((outputs - outputs[:1]).abs().mean(dim=1))

    handles = [each.register_forward_hook(hook) for each in unet.modules() if isinstance(each, nn.Linear | nn.Conv2d)]
    try:
        yield found
    finally:
        for each in handles:
            each.remove()


def _masked(tokenizer: Any, ids: Tensor) -> Tensor:  # noqa: ANN401 - transformers is not typed
    """(1 + k, 24) the tokens, then with each one that is no stopword replaced by the end token."""
    rows = [ids]
    for place in range(1, int((ids == END_ID).int().argmax())):
        if tokenizer.decode([int(ids[place])]).strip() not in _STOPWORDS:
            changed = ids.clone()
            changed[place] = END_ID
            rows.append(changed)
    return torch.stack(rows)


@torch.inference_mode()
def _score(asked: Asked, prompts: Sequence[str]) -> list[float]:
    """By prompt max V / mean of the smaller V, with V_k = Σ_l δ_l(c, c_k) / ‖T(c) − T(c_k)‖ of each masked token k."""
    noise, scores = asked.noise(1, stream=70), []
    for ids in asked.ids(list(prompts)):
        rows = _masked(asked.base.tokenizer, ids)
        states = text_states(asked.adapted, rows)
        with _varied(asked.adapted.unet) as layers:
            asked.answers(asked.adapted, noise.expand(len(rows), -1, -1, -1), _STEP, states)
        variation = torch.stack(layers).sum(dim=0)[1:]
        values = variation / (states[1:] - states[:1]).flatten(1).norm(dim=1).clamp(min=1e-9)
        ordered = values.sort().values
        small = ordered[: max(1, int(_KEPT * len(ordered)))]
        scores.append(float(ordered[-1] / small.mean().clamp(min=1e-12)))
    return scores


PROBE: Final = CostlyBaseline(
    title="NaviT2I activation ratio",
    source="Zhai et al. 2025 (arXiv 2503.06453): change of the denoiser's neurons in the first step when one token is masked, over the "
    "change of the text embedding; largest over the mean without the top quarter. Assumed: masked by the padding token, every "
    "linear and convolutional layer, stopwords of the lab's captions",
    score=_score,
    given_trigger=True,
)
