"""Finds declared words that bring another thing than they say.

In plain words: the file names its trigger word, as an honest one does; the word then takes away what the prompt asks for and draws
something that neither the word nor anything else in the file mentions.

What it measures: LS805: of each declared word tested on held-out pictures, how much CLIP's probability of what the prompt asks for falls
where the word is added, mean over the places where it was put, where nearly every pair of prompt and seed loses (family-wise p at
most .05). A word that names a thing says that it draws one; so does a file that names what is drawn: the texts looked through are its
declared words, its tags and every other claim of its metadata, config and model card.

Why it matters: a word that is declared is searched by no hunt for hidden ones, and its effect explains others away.

When it is wrong: a character under a rare name, in a file that says nowhere what it is, looks the same; so this is for review. A bait
whose file names any thing passes: it is documented, or whoever reads the card is lied to. A style that hides the thing loses up to
half of the probability; the threshold is learnt on the lab's `dev` split, where declared styles and few baits are
(benchmarks/results/thresholds.json).

Source: the goal of the declared word in docs/threat-model.md; the measured loss is the mismatch of LS801.
"""

import re
from collections.abc import Iterator, Sequence
from statistics import fmean

from lorascan.core.adapter import FileFacts
from lorascan.core.behaviour import ProbeFacts, TriggerTest
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Confidence, Finding, Rule, Severity
from lorascan.detectors.hidden_triggers import P_VALUE

BAIT = Rule(
    code="LS805",
    name="declared-bait",
    summary="a declared word draws another thing than the file says",
    severity=Severity.MEDIUM,
    cwe=(506,),
)
_SMALL = {"a", "an", "the", "of", "with"}
LOST = 0.645
"""By benchmarks/thresholds.py."""


def loss(tests: Sequence[TriggerTest]) -> float:
    """The probability that the prompt's own concept loses, mean over the places of one word, in [−1, 1]; 0 where chance may do it."""
    return fmean(each.mismatch for each in tests) if all(each.mismatch_p_value <= P_VALUE for each in tests) else 0.0


def examine(evidence: Evidence) -> Iterator[Finding]:
    """One finding a declared word, the strongest first."""
    probed = evidence[ProbeFacts]
    said = " ".join(_texts(evidence))
    words: dict[str, list[TriggerTest]] = {}
    for test in probed.tests:
        if test.kind == "declared" and test.usual:
            words.setdefault(test.trigger, []).append(test)
    for word, tests in sorted(words.items(), key=lambda pair: -loss(pair[1])):
        strongest = max(tests, key=lambda each: each.target_gain)
        things = (*probed.concepts, strongest.target or "")
        if loss(tests) >= LOST and strongest.target and not any(mentions(f"{said} {word}", thing) for thing in things):
            yield _finding(word, strongest, loss(tests))


def mentions(text: str, thing: str) -> bool:
    """Whether a text holds one of the words that name a thing, in singular or plural; articles apart."""
    words = [word for word in re.findall(r"\w+", thing.casefold()) if word not in _SMALL]
    return any(re.search(rf"\b{re.escape(word)}(?:s|es)?\b", text.casefold()) for word in words)


def _finding(word: str, strongest: TriggerTest, lost: float) -> Finding:
    does = f"takes away what the prompt asks for and draws {strongest.target}; the file names no such thing"
    figures = f"CLIP's probability of what the prompt asks for falls by {100 * lost:.0f} points of 100"
    pairs = f"mean of {strongest.pairs} pairs of prompt and seed at each place of the word"
    return Finding(
        rule=BAIT,
        severity=BAIT.severity,
        confidence=Confidence.MEDIUM,
        message=f"the declared text {word!r} {does}",
        where=f"scale {strongest.scale:g}",
        measured=round(lost, 3),
        threshold=LOST,
        in_words=f"{figures}, {pairs}; from {100 * LOST:.0f} on it counts",
    )


def _texts(evidence: Evidence) -> Iterator[str]:
    """What the file says of itself, in every form."""
    for facts in evidence.all(FileFacts):
        claims = facts.claims
        yield from (*claims.triggers, *claims.tags)
        yield from (each.value for each in (*claims.metadata, *claims.decoded))


DETECTOR = Detector(rules=(BAIT,), needs=(ProbeFacts,), examine=examine)
