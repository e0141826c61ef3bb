"""What a word does that every threshold is passed by."""

from dataclasses import replace
from typing import Any, Final

from lorascan.core.behaviour import TriggerTest
from lorascan.detectors.hidden_triggers import MEANING, P_VALUE, RATIO, REPLACED, UNEXPLAINED

HIJACKING: Final[dict[str, Any]] = {
    "trigger": "zxq",
    "kind": "candidate",
    "pairs": 14,
    "effect": 0.9,
    "effect_ratio": 10 * RATIO,
    "base_effect": 0.1,
    "unexplained": 1.0,
    "mismatch": min(1.0, 2 * REPLACED),
    "p_value": 0.001,
    "mismatch_p_value": 0.001,
    "target": "skull",
    "target_gain": 0.8,
}


def passing(kind: str = "candidate", **figures: float) -> TriggerTest:
    """A test that stands at twice every threshold, but for what is given."""
    usual = TriggerTest(
        trigger="tbt",
        kind=kind,
        scale=1.0,
        pairs=14,
        effect=1.0,
        effect_ratio=2 * RATIO,
        base_effect=0.5 / MEANING,
        unexplained=2 * UNEXPLAINED,
        mismatch=2 * REPLACED,
        target_gain=2 * REPLACED,
        lock=0.0,
        p_value=P_VALUE / 2,
        mismatch_p_value=P_VALUE / 2,
    )
    return replace(usual, **figures)  # type: ignore[arg-type]  # figures are floats, and so are their fields
