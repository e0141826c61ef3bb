"""Writes a report as GitHub-flavoured Markdown."""

import re
from collections.abc import Iterable, Iterator, Sequence

from lorascan.core.behaviour import Candidates
from lorascan.core.findings import Finding
from lorascan.core.pairs import PartnerFacts
from lorascan.core.report import Report
from lorascan.reporting import Format, Look, _digest, _nominated, _order
from lorascan.reporting import _numbers as write
from lorascan.reporting._foreign import foreign, named
from lorascan.reporting._machine import place, suppression

_SIGNS = {"admit": "✅", "admit (static only)": "ℹ️", "review": "⚠️", "reject": "⛔", "undecided": "❔"}
_MOST_FINDINGS, _MOST_ROWS, _MOST_LISTED, _MOST_FILES = 50, 10, 40, 300
_MOST_BYTES = 250_000
"""GitHub refuses a step summary above 1 MB; 256 KB leaves room for four jobs."""
_ACTIVE = re.compile(r"[\\`*_{}\[\]()<>#+!|~$&@:/]|(?<=www)\.|^[-=]|(?<=^\d)\.", re.IGNORECASE)
_JOINTS = "@:#."
"""What GitHub makes links of even after character references are resolved."""


def _escaped(text: str, limit: int = 160) -> str:
    """Foreign text as characters only: no markup, link, mention, emoji code or table cell can come of it.

    Every ASCII character that Markdown, HTML or GitHub's automatic links could read becomes a character reference;
    behind those that links are made of, `<wbr>` parts the text.
    """
    return _ACTIVE.sub(_reference, foreign(text, limit))


def _reference(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};{'<wbr>' if found[0] in _JOINTS else ''}"


def _code(text: str, limit: int = 160) -> str:
    """Foreign text in monospace, by HTML: a code span could be closed from within."""
    return f"<code>{_escaped(text, limit)}</code>"


def _render(report: Report, look: Look) -> str:
    return _whole(report, look, report.name)


def _whole(report: Report, look: Look, shown: str) -> str:
    lines = (
        *_summary(report, shown),
        *_findings(report, look),
        *_tested(report),
        *_candidates(report),
        *_stages(report),
        *_coverage(report),
    )
    return _within("\n".join(lines) + "\n")


def _pieces(reports: Sequence[Report], look: Look) -> Iterator[str]:
    """A line a file, the worst first, then each that was not admitted, or each where asked for, as far as there is room."""
    taken: list[str] = []
    size = 0
    for each in _all_of(reports, look):
        taken.append(each)
        size += len(each.encode())
        if size > _MOST_BYTES:
            break
    yield _within("".join(taken))


def _all_of(reports: Sequence[Report], look: Look) -> Iterator[str]:
    if len(reports) == 1:
        yield _whole(reports[0], look, place(reports[0]))
        return
    listed = _order.lines(reports)
    yield f"## lorascan: {write.count(len(listed), 'file')}, {_order.tally(listed)}\n\n"
    yield from (f"{line}\n" for line in _table(("Verdict", "File", "Why"), map(_row, listed[:_MOST_FILES])))
    if further := listed[_MOST_FILES:]:
        yield f"\nand {len(further):,} more: {_order.tally(further)}\n"
    for each in listed:
        if look.whole or not each.admitted:
            yield f"\n{_whole(reports[each.place], look, each.path)}"


def _row(line: _order.Line) -> tuple[str, str, str]:
    return f"{_SIGNS[line.word]} {line.word}", _code(line.path), _escaped(line.why) + line.more


def _within(text: str) -> str:
    """The text up to its size limit, cut at a line, and saying so."""
    whole = text.encode()
    if len(whole) <= _MOST_BYTES:
        return text
    kept = whole[:_MOST_BYTES].decode(errors="ignore").rpartition("\n")[0]
    return f"{kept}\n\nCut here: the JSON result holds the rest.\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _summary(report: Report, shown: str) -> Iterator[str]:
    word = _digest.word(report)
    yield f"## {_SIGNS[word]} lorascan: {word}"
    yield ""
    yield f"{_code(shown)} under policy {_escaped(report.policy)}"
    yield ""
    further = _digest.further_reasons(report)[:_MOST_LISTED]
    yield f"**{_digest.sentence(_escaped(_digest.why(report), 400) + _digest.and_more(report, len(further)))}**"
    for each in further:
        yield f"- {_escaped(each, 400)}"
    if digest := _digest.digest_of(report):
        yield ""
        yield f"SHA-256 {_code(digest)}"
    if partner := _digest.fact(report, PartnerFacts):
        yield ""
        yield f"loaded together with {_code(partner.name)}, SHA-256 {_code(partner.sha256 or 'unknown')}: {partner.decision} by itself"
    yield ""


def _findings(report: Report, look: Look) -> Iterator[str]:
    found = _digest.findings(report, look)
    hidden = _digest.hidden(report, look)
    if not found:
        yield f"{hidden} findings below {look.least} are not shown." if hidden else "No rule fired on what was assessed."
        yield ""
        return
    rows = [
        (
            each.severity,
            each.rule.code,
            _escaped(each.message, 240) + _in_words(each) + _aside(each),
            _code(each.where),
            _cell(each.measured),
            _cell(each.threshold),
        )
        for each in found[:_MOST_FINDINGS]
    ]
    yield from _table(("Severity", "Rule", "Finding", "Where", "Measured", "Threshold"), rows)
    if len(found) > _MOST_FINDINGS:
        yield ""
        yield f"{len(found) - _MOST_FINDINGS} more findings are in the full report."
    if hidden:
        yield ""
        yield f"{hidden} findings below {look.least} are not shown."
    yield ""


def _in_words(finding: Finding) -> str:
    return f". {_digest.sentence(_escaped(finding.in_words, 240))}" if finding.in_words else ""


def _aside(finding: Finding) -> str:
    return f" *(does not count, {_escaped(suppression(finding), 240)})*" if finding.suppressed else ""


def _cell(value: float | str | None) -> str:
    return _escaped(value, 60) if isinstance(value, str) else write.number(value)


def _tested(report: Report) -> Iterator[str]:
    rows = [
        (
            _code(named(row.trigger, row.replaces)),
            "yes" if row.declared else "no",
            f"{write.fixed(row.strongest.effect_ratio, 1)}×",
            write.p_value(row.strongest.p_value).replace("<", "&lt;"),
            _escaped(write.dose(row.strongest)),
            _escaped(row.strongest.target or "–"),
            ", ".join(row.cited_by) or "–",
        )
        for row in _digest.tested(report)[:_MOST_ROWS]
    ]
    if rows:
        yield "### Triggers tested"
        yield ""
        yield from _table(("Text", "Declared", "Effect", "p", "Scale", "Draws", "Rule"), rows)
        yield ""


def _candidates(report: Report) -> Iterator[str]:
    hunted = _digest.fact(report, Candidates)
    if hunted is None or not hunted.ranked:
        return
    shown, tested = hunted.ranked[:_MOST_ROWS], _nominated.tested_texts(report)
    targets = any(each.target for each in shown)
    rows = [
        (
            str(each.rank),
            _code(named(each.text, each.replaces)),
            _escaped(each.source, 40),
            write.number(each.score),
            write.fixed(each.z, 1),
            "yes" if each.text in tested else "no",
            *([_escaped(each.target or "–", 60)] if targets else []),
        )
        for each in shown
    ]
    yield f"<details><summary>Trigger candidates, top {len(rows)} of {len(hunted.ranked)}</summary>"
    yield ""
    yield _digest.sentence("; ".join(filter(None, (_nominated.ORDER, _nominated.selection(report)))))
    yield ""
    yield from _table(("#", "Text", "Source", "Score", "z", "Tested", *(["Target"] if targets else [])), rows)
    yield ""
    yield "</details>"
    yield ""


def _stages(report: Report) -> Iterator[str]:
    rows = [
        (each.name, each.status, write.seconds(each.seconds).replace("<", "&lt;") if each.seconds else "–", _escaped(each.reason) or "–")
        for each in _digest.stages(report)
    ]
    yield from _table(("Stage", "Status", "Time", "Reason"), rows)
    yield ""


def _coverage(report: Report) -> Iterator[str]:
    missing, limits = report.verdict.not_assessed, report.verdict.limits
    yield "### Not assessed"
    yield ""
    yield from (f"- {_escaped(each, 240)}" for each in missing[:_MOST_LISTED])
    if len(missing) > _MOST_LISTED:
        yield f"- and {len(missing) - _MOST_LISTED} more"
    if not missing:
        yield _digest.sentence(_digest.not_asked(report))
    yield ""
    if limits:
        yield "No statement is made about:"
        yield ""
        yield from (f"- {_escaped(each, 240)}" for each in limits[:_MOST_LISTED])
        yield ""
    yield from (f"- {_escaped(label)}: {_escaped(value, 240)}" for label, value in _digest.gate_lines(report))
    yield ""
    if report.command:
        yield f"Repeat: {_code(report.command, 1000)}"


FORMAT = Format(name="markdown", suffixes=(".md",), render=_render, pieces=_pieces)
