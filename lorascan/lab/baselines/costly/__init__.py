"""Detectors of others that run the denoiser, written anew from their formulas.

Each file has one PROBE. All that do not know the trigger are given the same number of denoiser passes; those that are given
it score single prompts. They run in this process, without a lock, on lab adapters of known truth alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lorascan.core.catalogue import members
from lorascan.lab.baselines.costly._asked import Asked

Score = Callable[[Asked, Sequence[str]], list[float]]
"""Numbers of one adapter; the prompts are empty for a method that does not know the trigger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostlyBaseline:
    """One published detector that asks the denoiser.

    source: the paper, with what was assumed where it leaves something open or where the lab needs something else.
    score: larger is more suspicious. Gives one number; of a method with `given_trigger` one number a prompt; of a `fitted` one a
    row of features, from which a logistic regression is learnt on the dev split. ours: a figure of this project, for comparison.
    """

    title: str
    source: str
    score: Score
    given_trigger: bool = False
    fitted: bool = False
    ours: bool = False


def costly_baselines() -> dict[str, CostlyBaseline]:
    """Every costly baseline of this package, by its module's name."""
    return members(__name__, "PROBE", CostlyBaseline)
