"""The foreign texts of a file, as the text detectors read them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from lorascan.core.adapter import Claim, FileFacts
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Confidence, Finding, Rule
from lorascan.core.surroundings import Surroundings
from lorascan.core.text import visible
from lorascan.detectors._unmasking import unmasked

_REPORTED = 20  # findings of one rule; a log with ten thousand says no more
_CONTEXT = 60  # characters quoted
_CLAIMS = 5_000  # values looked at; the fullest honest file seen has some three hundred
_BUDGET = 2_000_000  # characters looked at in one file; the longest honest training log seen has a quarter


_UNMASKED = 500_000  # characters looked at a second time; honest files have a few hundred


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text that a stranger wrote, and where it stands in the file. `lowered` is `value` in lower case."""

    where: str
    value: str
    lowered: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A pattern, and lower-case marks of which every match holds one: a text without them is not searched.

    `in_ascii`: whether a text of ASCII alone can match. Most texts hold no mark, and then the pattern is never compiled.
    """

    expression: str
    flags: re.RegexFlag = re.NOFLAG
    marks: tuple[str, ...] = ("",)
    in_ascii: bool = True

    def first(self, text: Text) -> re.Match[str] | None:
        """The first match."""
        if not self.in_ascii and text.value.isascii():
            return None
        if not any(mark in text.lowered for mark in self.marks):
            return None
        if self.flags & re.IGNORECASE:  # several times as fast as the flag; few letters change their length
            return _compiled(_SPELT.sub(_lowered, self.expression), self.flags & ~re.IGNORECASE).search(text.lowered)
        return _compiled(self.expression, self.flags).search(text.value)


_SPELT = re.compile(r"\\.|[A-Z]")


def _lowered(match: re.Match[str]) -> str:
    """A letter of an expression in lower case, an escape as it is."""
    return match[0] if len(match[0]) > 1 else match[0].lower()


@cache
def _compiled(expression: str, flags: re.RegexFlag) -> re.Pattern[str]:
    return re.compile(expression, flags)


def texts(evidence: Evidence) -> Iterator[Text]:
    """Metadata keys and values, texts out of their JSON, training tags, every name that is not plain: of the file, in it, beside it.

    A text that is masked is given a second time, unmasked. At most 5,000 values and two million characters, half a million
    of them unmasked; `unread` says how many characters that leaves out.
    """
    left, left_unmasked = _BUDGET, _UNMASKED
    beside = [each for found in evidence.all(Surroundings) for each in found.names]
    for where, value in (*_sources(evidence[FileFacts]), ("names in the folder", "\n".join(beside))):
        shown = value[:left]
        left -= len(shown)
        yield Text(where=where, value=shown, lowered=shown.lower())
        if plain := unmasked(shown)[:left_unmasked]:
            left_unmasked -= len(plain)
            yield Text(where=f"{where} (unmasked)", value=plain, lowered=plain.lower())


def unread(evidence: Evidence) -> int:
    """How many characters `texts` leaves out."""
    facts = evidence[FileFacts]
    read = sum(len(value) for _, value in _sources(facts))
    plain = sum(len(unmasked(value)) for _, value in _sources(facts))
    return max(0, read - _BUDGET) + max(0, plain - _UNMASKED) + sum(len(each.value) for each in _told(facts)[_CLAIMS:])


def _sources(facts: FileFacts) -> Iterator[tuple[str, str]]:
    yield "name", facts.name
    yield "tensor names", "\n".join(facts.odd_names)
    yield "__metadata__ (keys)", "\n".join(claim.path for claim in facts.claims.metadata)
    yield "__metadata__.ss_tag_frequency (decoded)", "\n".join(facts.claims.tags)
    for claim in _told(facts)[:_CLAIMS]:
        yield claim.path, claim.value


def _told(facts: FileFacts) -> list[Claim]:
    """Shortest first: a long one must not hide the others."""
    return sorted((*facts.claims.metadata, *facts.claims.decoded), key=lambda each: len(each.value))


def matches(evidence: Evidence, rule: Rule, sought: Sought, message: str, confidence: Confidence = Confidence.HIGH) -> Iterator[Finding]:
    """One finding for each text that holds what is sought, quoting the first place; at most twenty."""
    count = 0
    for text in texts(evidence):
        found = sought.first(text)
        if found and count < _REPORTED:
            count += 1
            yield finding(rule, message, text.where, quoted(text.value, found.start()), confidence)


def finding(rule: Rule, message: str, where: str, measured: str, confidence: Confidence = Confidence.HIGH) -> Finding:
    """A finding with its rule's own severity."""
    return Finding(rule=rule, message=message, severity=rule.severity, confidence=confidence, where=where, measured=measured)


def quoted(text: str, at: int) -> str:
    """The text around a place, made visible."""
    return visible(text[max(0, at - 10) : at + _CONTEXT])
