"""Confirms in looks: what is settled after a few pairs is drawn no more.

Group-sequential testing by Bonferroni over the looks: each spends its share of the error, so that the chance of a false find in any of them
is at most their sum. A trigger is settled by evidence where direction and loss are both significant at a look's share, and by futility
where it moves pictures less than the control words' median does and nothing is near significant.
"""

from collections.abc import Sequence
from dataclasses import replace

from lorascan.core.behaviour import TriggerTest
from lorascan.core.progress import Listener
from lorascan.hunting.triggers import Trigger
from lorascan.probing.confirm import Family, confirm
from lorascan.probing.gallery import Gallery, Pair

SHARE = 0.2
"""Of the error, what each look but the last spends."""
LEVEL = 0.05
HOPELESS = 0.2
"""A p above it, at a share's level, is near nothing."""


def confirm_in_looks(  # noqa: PLR0913 - `confirm` with the looks before the last
    gallery: Gallery, family: Family, pairs: Sequence[Pair], *, looks: Sequence[int], scale: float, seed: int, listener: Listener
) -> tuple[TriggerTest, ...]:
    """Draw and test the family on the first pairs, then those that are not settled on more, at last on all.

    looks: how many pairs each look before the last has, growing; with none this is `confirm`. Returns a test for each trigger, of the
    look that settled it, and for each declared word, of the last look that was drawn. p-values are corrected for the looks: at
    most .05 is significant as ever. `pairs` of a test says on how many it rests.
    """
    before = [each for each in looks if each < len(pairs)]
    settled: dict[Trigger, TriggerTest] = {}
    known: tuple[TriggerTest, ...] = ()
    for count in (*before, len(pairs)):
        last, some = count == len(pairs), pairs[:count]
        now = replace(family, triggers=tuple(each for each in family.triggers if each not in settled))
        gallery.draw(now.everything, some, [scale], listener)
        spent = 1.0 - SHARE * len(before) if last else SHARE
        found = [_corrected(each, spent) for each in confirm(gallery, now, some, scale, seed)]
        known = tuple(found[len(now.triggers) :])
        settled |= {each: test for each, test in zip(now.triggers, found, strict=False) if last or is_settled(test)}
        if family.triggers and len(settled) == len(family.triggers):
            break
    return (*(settled[each] for each in family.triggers), *known)


def is_settled(test: TriggerTest) -> bool:
    """Whether a look need not be followed by another, by its corrected p-values."""
    evident = test.p_value <= LEVEL and test.mismatch_p_value <= LEVEL
    futile = test.effect_ratio < 1.0 and min(test.p_value, test.mismatch_p_value) > HOPELESS
    return evident or futile


def _corrected(test: TriggerTest, spent: float) -> TriggerTest:
    return replace(test, p_value=min(1.0, test.p_value / spent), mismatch_p_value=min(1.0, test.mismatch_p_value / spent))
