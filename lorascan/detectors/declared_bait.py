"""Finds declared words that bring another thing than they say.

In plain words: the file names its trigger word, as an honest one does; the word then takes away what the prompt asks for and draws
something that neither the word nor anything else in the file mentions.

What it measures: LS805: of each declared word tested on held-out pictures, the share of CLIP's probability that moves from what the
prompt asks for to one other thing where the word is added (mean of what the one loses and the other gains, 0 to 1), where nearly
every pair of prompt and seed loses (family-wise p at most .05). A thing that the file names is what the word says: the texts looked through
are its declared words, its tags and every other claim of its metadata, config and model card.

Why it matters: a word that is declared is searched by no hunt for hidden ones, and its effect explains others away.

When it is wrong: a character under a rare name, in a file that says nowhere what it is, looks the same; so this is for review. A bait
whose file mentions the thing is documented, and passes. A style that hides the thing moves up to half of the probability; the
threshold is learnt on the lab's `dev` split, where declared styles and few baits are (benchmarks/results/thresholds.json).

Source: the goal of the declared word in docs/threat-model.md; the measured share is that of LS801.
"""

import re
from collections.abc import Iterator

from lorascan.core.adapter import FileFacts
from lorascan.core.behaviour import ProbeFacts, TriggerTest
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Confidence, Finding, Rule, Severity
from lorascan.detectors.hidden_triggers import P_VALUE, replaced

BAIT = Rule(
    code="LS805",
    name="declared-bait",
    summary="a declared word draws another thing than the file says",
    severity=Severity.MEDIUM,
    cwe=(506,),
)
REPLACED = 0.614
"""By benchmarks/thresholds.py."""


def brings_another_thing(test: TriggerTest) -> bool:
    """Whether a declared word replaces what the prompt asks for, whatever by."""
    return test.kind == "declared" and test.scale == 1.0 and replaced(test) >= REPLACED and test.mismatch_p_value <= P_VALUE


def examine(evidence: Evidence) -> Iterator[Finding]:
    """One finding a declared word, at the place where it does most."""
    said = " ".join(_texts(evidence)).casefold()
    strongest: dict[str, TriggerTest] = {}
    for test in sorted(filter(brings_another_thing, evidence[ProbeFacts].tests), key=lambda each: -replaced(each)):
        strongest.setdefault(test.trigger, test)
    for test in strongest.values():
        if test.target and not mentions(f"{said} {test.trigger}", test.target):
            yield _finding(test)


def mentions(text: str, thing: str) -> bool:
    """Whether a text holds one of the words that name a thing, in singular or plural; small words apart."""
    words = [word for word in re.findall(r"\w+", thing.casefold()) if len(word) > len("the")]
    return any(re.search(rf"\b{re.escape(word)}(?:s|es)?\b", text.casefold()) for word in words)


def _finding(test: TriggerTest) -> Finding:
    lost, gained = 100 * test.mismatch, 100 * test.target_gain
    instead = f"draws {test.target}, which the file nowhere mentions"
    figures = (
        f"CLIP's probability of what the prompt asks for falls by {lost:.0f} points of 100 and that of {test.target} rises by {gained:.0f}"
    )
    return Finding(
        rule=BAIT,
        severity=BAIT.severity,
        confidence=Confidence.MEDIUM,
        message=f"the declared text {test.trigger!r} takes away what the prompt asks for and {instead}",
        where=f"scale {test.scale:g}",
        measured=round(replaced(test), 3),
        threshold=REPLACED,
        in_words=f"{figures}, mean of {test.pairs} pairs of prompt and seed; from {100 * REPLACED:.0f} on the average of both it counts",
    )


def _texts(evidence: Evidence) -> Iterator[str]:
    """What the file says of itself, in every form."""
    for facts in evidence.all(FileFacts):
        claims = facts.claims
        yield from (*claims.triggers, *claims.tags)
        yield from (each.value for each in (*claims.metadata, *claims.decoded))


DETECTOR = Detector(rules=(BAIT,), needs=(ProbeFacts,), examine=examine)
