"""How near a word comes to LS801, as one number."""

from collections.abc import Iterable

from lorascan.core.behaviour import TriggerTest
from lorascan.detectors.hidden_triggers import MEANING, MISMATCH, P_VALUE, RATIO, UNEXPLAINED

_LEAST = 1e-6


def margin(test: TriggerTest) -> float:
    """The smallest of the test's figures over their thresholds: at least 1 exactly where LS801 fires; 0 at least.

    The figures are the effect over control words', the effect over the word's own meaning, the unexplained share, the lost
    share of the prompt's concept, and P_VALUE over its p.
    """
    quotients = (
        test.effect_ratio / RATIO,
        test.effect / max(MEANING * test.base_effect, _LEAST),
        test.unexplained / UNEXPLAINED,
        test.mismatch / MISMATCH,
        P_VALUE / max(test.mismatch_p_value, _LEAST),
    )
    return max(0.0, min(quotients))


def score(tests: Iterable[TriggerTest]) -> float:
    """An adapter's score: the largest margin of the undeclared words that were tested, 0 where none was."""
    return max((margin(each) for each in tests if each.kind == "candidate"), default=0.0)
