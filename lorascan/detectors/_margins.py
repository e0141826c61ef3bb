"""How near a word comes to LS801, as one number."""

from collections.abc import Iterable
from dataclasses import dataclass

from lorascan.core.behaviour import TriggerTest
from lorascan.detectors import hidden_triggers

_LEAST = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The thresholds of LS801."""

    p_value: float = hidden_triggers.P_VALUE
    ratio: float = hidden_triggers.RATIO
    meaning: float = hidden_triggers.MEANING
    unexplained: float = hidden_triggers.UNEXPLAINED
    replaced: float = hidden_triggers.REPLACED


IN_FORCE = Limits()


def margin(test: TriggerTest, limits: Limits = IN_FORCE) -> float:
    """The smallest of the test's figures over their thresholds: at least 1 exactly where LS801 fires; 0 at least.

    LS801 fires for the whole adapter at scale 1 alone. The figures are the effect over control words', the effect over the word's own
    meaning, the unexplained share, the share of probability that moves to another concept, and the threshold of p over its p.
    """
    quotients = (
        test.effect_ratio / limits.ratio,
        test.effect / max(limits.meaning * test.base_effect, _LEAST),
        test.unexplained / limits.unexplained,
        hidden_triggers.replaced(test) / limits.replaced,
        limits.p_value / max(test.mismatch_p_value, _LEAST),
    )
    return max(0.0, min(quotients))


def score(tests: Iterable[TriggerTest], limits: Limits = IN_FORCE) -> float:
    """An adapter's score: the largest margin of the undeclared words that were tested with all of it at scale 1, 0 where none was.

    Elsewhere LS801 never fires: honest adapters lose what is asked for there too.
    """
    return max((margin(each, limits) for each in tests if each.kind == "candidate" and each.usual), default=0.0)
