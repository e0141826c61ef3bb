"""How alike a prompt's cross-attention maps are."""

from collections.abc import Sequence
from typing import Final

from lorascan.lab.baselines.costly import CostlyBaseline
from lorascan.lab.baselines.costly._asked import Asked
from lorascan.lab.baselines.costly._drawing import attention_maps


def _score(asked: Asked, prompts: Sequence[str]) -> list[float]:
    """By prompt −mean_i ‖M̄ − M_i‖_F over its tokens: a trigger assimilates the maps of all others."""
    scores = []
    for maps in attention_maps(asked, prompts, stream=60):
        mean = maps.mean(dim=0)
        scaled = mean / mean.amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)
        scores.append(-float((scaled - scaled.mean(dim=0)).flatten(1).norm(dim=1).mean()))
    return scores


PROBE: Final = CostlyBaseline(
    title="T2IShield, Frobenius norm threshold truncation",
    source="Wang et al. 2024 (arXiv 2407.04215): mean Frobenius distance of the tokens' cross-attention maps from their mean, small "
    "where a trigger assimilates them; every map scaled to its own maximum. Assumed: maps of 8 × 8 cells, the lab's largest, "
    "mean over 10 DDIM steps",
    score=_score,
    given_trigger=True,
)
