"""The foreign texts of a file, as the text detectors read them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lorascan.core.adapter import FileFacts
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Confidence, Finding, Rule
from lorascan.core.text import visible

_REPORTED = 20  # findings of one rule; a log with ten thousand says no more
_CONTEXT = 60  # characters quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text that a stranger wrote, and where it stands in the file."""

    where: str
    value: str


def texts(evidence: Evidence) -> Iterator[Text]:
    """Metadata keys and values, decoded training tags, the file's own name, and every tensor name that is not plain."""
    facts = evidence[FileFacts]
    yield Text(where="name", value=facts.name)
    yield Text(where="__metadata__ (keys)", value="\n".join(claim.path for claim in facts.claims.metadata))
    for claim in facts.claims.metadata:
        yield Text(where=claim.path, value=claim.value)
    if facts.claims.tags:
        yield Text(where="__metadata__.ss_tag_frequency (decoded)", value="\n".join(facts.claims.tags))
    if facts.odd_names:
        yield Text(where="tensor names", value="\n".join(facts.odd_names))


def matches(
    evidence: Evidence, rule: Rule, pattern: re.Pattern[str], message: str, confidence: Confidence = Confidence.HIGH
) -> Iterator[Finding]:
    """One finding for each text that the pattern occurs in, quoting the first place; at most twenty."""
    count = 0
    for text in texts(evidence):
        found = pattern.search(text.value)
        if found and count < _REPORTED:
            count += 1
            yield finding(rule, message, text.where, quoted(text.value, found.start()), confidence)


def finding(rule: Rule, message: str, where: str, measured: str, confidence: Confidence = Confidence.HIGH) -> Finding:
    """A finding with its rule's own severity."""
    return Finding(
        rule=rule, message=message, severity=rule.severity, confidence=confidence, where=where, measured=measured
    )


def quoted(text: str, at: int) -> str:
    """The text around a place, made visible."""
    return visible(text[max(0, at - 10) : at + _CONTEXT])
