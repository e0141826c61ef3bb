"""Lists the reports of one call, the worst first."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lorascan.core.findings import Decision
from lorascan.core.report import Report
from lorascan.reporting import _digest
from lorascan.reporting import _machine as told

WORST_FIRST = (Decision.REJECT, Decision.UNDECIDED, Decision.REVIEW, Decision.ADMIT)
"""The order in which exit codes win."""
DID: Mapping[str, str] = {
    "reject": "rejected",
    "undecided": "undecided",
    "review": "to review",
    "admit (static only)": "admitted (static only)",
    "admit": "admitted",
}
"""A decision as people read it → what it makes of a file, worst first."""
Rank = tuple[int, tuple[int, ...], str, str]
_NUMBER = re.compile("[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One report in a list of many: `place` among those given, the decision in words, its path, its first reason, how many more.

    `kind` is the same of reports with the same decision and the same reasons.

    Of an admit that nothing spoke against, the word has said all: its reason is left out.
    """

    place: int
    word: str
    path: str
    why: str
    more: str
    kind: int = 0

    @property
    def admitted(self) -> bool:
        """Whether nothing more has to be told of it."""
        return self.word.startswith("admit")


def rank(report: Report) -> Rank:
    """Worst decision first, of admits those on static evidence; then more findings that count, by severity; then by path, 2 before 10."""
    against = Counter(each.severity for each in report.findings if told.counts(each))
    amounts = (-against[each] for each in _digest.SEVERITIES)
    path = told.place(report)
    return WORST_FIRST.index(report.verdict.decision), (not _digest.static_only(report), *amounts), _NUMBER.sub(_counted, path), path


def _counted(found: re.Match[str]) -> str:
    """A number that sorts as text: how many digits it has stands before them."""
    digits = found[0].lstrip("0")
    return f"{len(digits):05}{digits}"


def lines(reports: Sequence[Report]) -> list[Line]:
    """A line each, the worst first; every report is looked at once and none is held."""
    ranked = [(rank(each), place, _line(each, place)) for place, each in enumerate(reports)]
    return [line for _, _, line in sorted(ranked, key=lambda one: one[:2])]


def _line(report: Report, place: int) -> Line:
    plain = report.verdict.decision is Decision.ADMIT and not any(each.suppressed for each in report.findings)
    why = "" if plain else _digest.why(report)[:_LONGEST]
    return Line(
        place=place,
        word=_digest.word(report),
        path=told.place(report),
        why=why,
        more=_digest.and_more(report),
        kind=hash((report.verdict.decision, report.verdict.reasons)),
    )


_LONGEST = 400
"""Characters of a reason that are kept of each of thousands."""


def tally(listed: Iterable[Line]) -> str:
    """How many of each, worst first: "2 rejected, 1,998 admitted (static only)"."""
    amounts = Counter(each.word for each in listed)
    return ", ".join(f"{amounts[word]:,} {did}" for word, did in DID.items() if amounts[word])
