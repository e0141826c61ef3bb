"""Writes reports as annotations of GitHub Actions."""

from collections.abc import Iterator, Sequence

from lorascan.core.findings import Consequence, Decision
from lorascan.core.report import Report
from lorascan.reporting import Format, Look, _digest
from lorascan.reporting import _machine as told

_LEVELS = {Consequence.REJECT: "error", Consequence.REVIEW: "warning", Consequence.REPORT: "notice"}
_VERDICTS = {Decision.ADMIT: "notice", Decision.REVIEW: "warning", Decision.REJECT: "error", Decision.UNDECIDED: "error"}
_MOST = 10
"""GitHub shows ten annotations of a level in a step."""
_ORDER = tuple(_LEVELS.values())


def _render(report: Report, look: Look) -> str:
    return "".join(_pieces([report], look))


def _pieces(reports: Sequence[Report], look: Look) -> Iterator[str]:
    """A line for each verdict, then the worst findings: at most ten in all, and how many were left out."""
    amount, verdicts, found = 0, list[str](), list[str]()
    for each in reports:
        lines = list(_findings(each, look))
        amount += 1 + len(lines)
        verdicts = sorted([*verdicts, _verdict(each)], key=_place)[:_MOST]
        found = sorted([*found, *lines], key=_place)[:_MOST]
    shown = [*verdicts, *found]
    if amount > _MOST:
        shown = [*shown[: _MOST - 1], _line("notice", "lorascan", "", f"{amount - _MOST + 1:,} more annotations are in the full report")]
    yield from (f"{each}\n" for each in shown)


def _place(line: str) -> int:
    return _ORDER.index(line[2:].partition(" ")[0])


def _verdict(report: Report) -> str:
    decision = report.verdict.decision
    ends = [f"not assessed: {'; '.join(map(told.safe, report.verdict.not_assessed))}"] if report.verdict.not_assessed else []
    message = ". ".join([told.safe(_digest.why(report)) + _digest.and_more(report), *ends])
    return _line(_VERDICTS[decision], f"{_digest.word(report)} by lorascan", told.place(report), message)


def _findings(report: Report, look: Look) -> Iterator[str]:
    for each in _digest.findings(report, look):
        if each.suppressed is None:
            where = f" ({_digest.placed(told.safe(each.where))})" if each.where else ""
            message = f"{told.safe(each.message)}{where}"
            yield _line(_LEVELS[told.consequence(each)], f"{each.rule.code} {each.rule.name}", told.place(report), message)


def _line(level: str, title: str, path: str, message: str) -> str:
    parts = [f"title={_property(title)}", *([f"file={_property(told.safe(path))}", "line=1"] if path else [])]
    return f"::{level} {','.join(parts)}::{_escaped(message)}"


def _escaped(text: str) -> str:
    """Foreign text is one line already; what is left is the sign that begins an escape."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


FORMAT = Format(name="github", suffixes=(), render=_render, pieces=_pieces, commands=True)
