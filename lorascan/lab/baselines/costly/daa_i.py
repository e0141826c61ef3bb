"""How the end token's cross-attention map moves while a picture is drawn."""

from collections.abc import Sequence
from typing import Final

from lorascan.lab.baselines.costly import CostlyBaseline
from lorascan.lab.baselines.costly._asked import Asked
from lorascan.lab.baselines.costly._drawing import attention_maps


def _score(asked: Asked, prompts: Sequence[str]) -> list[float]:
    """By prompt −mean_t(‖ΔM_end‖_F − mean_i ‖ΔM_i‖_F), with ΔM the change of a map from one step to the next."""
    scores = []
    for maps in attention_maps(asked, prompts, stream=60):
        moved = (maps[1:] - maps[:-1]).flatten(2).norm(dim=2)  # (steps - 1, tokens), the end token last
        scores.append(-float((moved[:, -1] - moved[:, :-1].mean(dim=1)).mean()))
    return scores


PROBE: Final = CostlyBaseline(
    title="dynamic attention analysis, DAA-I",
    source="Wang et al. 2025 (arXiv 2504.20518): the end token's map moves less, against the other tokens', under a trigger. Assumed: "
    "maps of 8 × 8 cells, the lab's largest, and the mean over all of 10 DDIM steps",
    score=_score,
    given_trigger=True,
)
