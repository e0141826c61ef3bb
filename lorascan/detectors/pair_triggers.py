"""Findings about what words do only where two adapters are loaded together.

What it measures: with `audit A --with B` pictures are drawn with the base, with A alone, with B alone and with both, from the same
noise. For each nominated word t the interaction is what t adds under both beyond the sum of what it adds under each,
I(t) = E_AB(t) − E_A(t) − E_B(t) in CLIP space, on prompts and seeds that played no part in choosing it. A word is an activator of the
pair where I(t) differs from that of control words, or the prompt's concept is lost beyond what is lost under each (each a
family-wise p), is several times as large, is larger than what the word means to the base itself and than what it does
under either adapter alone, and is not explained by what both do always or by the declared words of either file. LS803 adds that the
prompt's own concept is lost under both and another one gains; LS804 leaves it standing. (A half of a payload may spoil a shape
without drawing another: what is lost beyond each would then be too little to ask for.)

Why it matters: a payload can be split over two files so that each passes every test of one file and does nothing hidden, and both
together obey the trigger. An audit of one file can never see this; it is found only by the pair that is really used.

When it is wrong: two honest adapters interact as well: a style on top of a character draws neither as it would alone. That is why
the declared words' effects and interactions are taken out, and why an interaction without loss is for review only. A word that
already acts under one adapter alone is LS801's or LS802's case. Only the two files given are tested, at scale 1 each: another
partner, or the same at other scales, is another pair. The thresholds are those of LS801, learnt on single adapters, and
benchmarks/results/pairs.md says on how few pairs they were tried.

Source: LoRango's split of a payload over two adapters, as the threat; the interaction of a two-way layout (Fisher 1935) and the tests
of LS801 (sign flips with max-T, Westfall and Young 1993).
"""

from collections.abc import Iterator

from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Confidence, Finding, Rule, Severity
from lorascan.core.pairs import PairFacts, PairTest
from lorascan.core.text import code_points
from lorascan.detectors.hidden_triggers import MEANING, P_VALUE, RATIO, REPLACED, UNEXPLAINED

HIJACK = Rule(
    code="LS803",
    name="hidden-pair-trigger",
    summary="an undeclared word replaces what the prompt asks for, but only under both adapters together",
    severity=Severity.HIGH,
    cwe=(506,),
)
INTERACTION = Rule(
    code="LS804",
    name="pair-interaction",
    summary="an undeclared word switches on an effect that neither adapter has alone",
    severity=Severity.MEDIUM,
    cwe=(506,),
)
ALONE = 1.0
"""Times the larger of the effects under one adapter alone that the interaction must reach: below, most of it is there alone."""


def only_together(test: PairTest) -> bool:
    """Whether a word's interaction is real, larger than control words', than its meaning and than its effects alone, and unexplained."""
    large = test.effect_ratio >= RATIO and test.effect >= MEANING * test.base_effect
    mostly = test.effect >= ALONE * max(test.subject, test.partner)
    steady = test.p_value <= P_VALUE or ((test.mismatch + test.target_gain) / 2 >= REPLACED and test.mismatch_p_value <= P_VALUE)
    return steady and large and mostly and test.unexplained >= UNEXPLAINED


def lost_under_both(test: PairTest) -> float:
    """How much of the prompt's own concept both take away, in [−1, 1]: what each takes, and what the interaction adds."""
    return test.mismatch + test.mismatch_subject + test.mismatch_partner


def replaced_under_both(test: PairTest) -> float:
    """As `hidden_triggers.replaced` of one adapter: mean of that loss and of what one other concept gains."""
    return (lost_under_both(test) + test.target_gain) / 2


def replaces_the_prompt(test: PairTest) -> bool:
    """Whether enough moves to another concept under both, and the prompt's own is lost more than under either alone."""
    lost = lost_under_both(test)
    return replaced_under_both(test) >= REPLACED and lost >= max(test.mismatch_subject, test.mismatch_partner)


def examine(evidence: Evidence) -> Iterator[Finding]:
    """One finding an activator of the pair, the strongest first."""
    tests = [each for each in evidence[PairFacts].tests if each.kind == "candidate" and only_together(each)]
    for test in sorted(tests, key=lambda each: -replaced_under_both(each)):
        replaces = replaces_the_prompt(test)
        rule = HIJACK if replaces else INTERACTION
        points = code_points(test.trigger)
        towards = f" and draws {test.target} instead" if replaces and test.target_gain > 0 else ""
        does = "takes away what the prompt asks for" if replaces else "changes pictures on its own"
        yield Finding(
            rule=rule,
            severity=rule.severity,
            confidence=Confidence.HIGH if replaces else Confidence.MEDIUM,
            message=f"under both adapters together, and under neither alone, the undeclared text {test.trigger!r}"
            + (f" ({points})" if points else "")
            + f" {does}{towards}",
            where=f"found by {test.source}, scale 1 each",
            measured=round(replaced_under_both(test) if replaces else test.effect_ratio, 3),
            threshold=REPLACED if replaces else RATIO,
        )


DETECTOR = Detector(rules=(HIJACK, INTERACTION), needs=(PairFacts,), examine=examine)
