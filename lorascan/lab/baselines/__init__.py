"""Detectors of others, written anew from their formulas, for the same table.

Each file has one BASELINE. A baseline describes one adapter by numbers that JSON holds, so that the table can be made
again without the weights, and learns a score from described adapters with known labels.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lorascan.core.catalogue import members
from lorascan.lab.baselines._modules import Module

Described = Mapping[str, "list[float] | str"]
"""What a baseline keeps of one adapter: rows of numbers, or packed ones, by name."""
Scorer = Callable[[Described], float]
"""Larger is more suspicious."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """One published or obvious detector.

    source: the paper, with what was assumed where it leaves something open; describe: an adapter's numbers, none of which
    depends on its label; learn: from described adapters and whether each is hostile.
    """

    title: str
    source: str
    describe: Callable[[Sequence[Module]], Described]
    learn: Callable[[Sequence[Described], Sequence[bool]], Scorer]


def baselines() -> dict[str, Baseline]:
    """Every baseline of this package, by its module's name."""
    return members(__name__, "BASELINE", Baseline)
