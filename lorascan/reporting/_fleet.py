"""Writes one page about several adapters: an index, worst first, and the gist of each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lorascan.core.adapter import BaseFacts
from lorascan.core.behaviour import Candidates, ProbeFacts
from lorascan.core.evidence import Status
from lorascan.core.findings import Decision
from lorascan.core.report import Report
from lorascan.reporting import Look, _digest
from lorascan.reporting import _machine as told
from lorascan.reporting._gallery import Gallery, gallery
from lorascan.reporting._page import MOST_BYTES, asset, environment, frame

if TYPE_CHECKING:
    from jinja2 import Environment

WORST_FIRST = (Decision.REJECT, Decision.UNDECIDED, Decision.REVIEW, Decision.ADMIT)
"""The order in which exit codes win."""
_MOST_ROW_BYTES = 3_000_000
"""Of the table: some four thousand adapters; what is left of the page holds their blocks."""
_SPARE_BYTES = 60_000
"""For the page's head and foot, whose names and commands vary."""
_MOST_PICTURES, _ROWS_EACH = 96, 2
_MOST_CAUSES, _NAMED = 5, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One adapter of the page: its place in the order (from 1), its report, and what of its pictures is shown."""

    number: int
    report: Report
    decision: str
    path: str
    why: str
    shots: Gallery | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One rule that speaks against adapters: how many."""

    code: str
    name: str
    severity: str
    adapters: int


def index(reports: Sequence[Report], look: Look) -> str:
    """The page. The worst stand first; where not all fit into 6 MB it says how many rows and blocks are left out."""
    framed = frame(style=asset("style.css") + asset("fleet.css"), script=asset("fleet.js"))
    rooms = environment()
    entries = _entries(reports)
    rows, blocks = _fitting(entries, rooms, look, MOST_BYTES - sum(map(len, framed.values())) - _SPARE_BYTES)
    from markupsafe import Markup  # noqa: PLC0415 - only a page pays for it

    amounts = Counter(each.decision for each in entries)
    facts = {
        "decision": entries[0].decision if entries else str(Decision.UNDECIDED),
        "total": len(entries),
        "tally": [(str(each), amounts[each]) for each in WORST_FIRST],
        "first": [each.path for each in entries if each.decision == entries[0].decision][:_NAMED],
        "causes": _causes(reports),
        "untested": sum(each.verdict.decision is Decision.ADMIT and _digest.fact(each, ProbeFacts) is None for each in reports),
        "gaps": _gaps(reports),
        "rows": [Markup(each) for each in rows],  # noqa: S704 - rendered above, with every value escaped
        "blocks": [Markup(each) for each in blocks],  # noqa: S704
        "policies": sorted({each.policy for each in reports}),
        "command": reports[0].command if reports else "",
        "version": _digest.tool_version(reports[0]) if reports else "",
        "pictures": any(each.shots for each in entries[: len(blocks)]),
    }
    return rooms.get_template("fleet.html.j2").render({**facts, **framed})


def _entries(reports: Sequence[Report]) -> tuple[Entry, ...]:
    """The reports in order, the first of them with pictures of what a finding cites."""
    left = _MOST_PICTURES
    made = []
    for number, report in enumerate(sorted(reports, key=_rank), 1):
        shots = _shots(report)
        left -= shots.shown if shots else 0
        decision = report.verdict.decision
        made.append(
            Entry(
                number=number,
                report=report,
                decision=str(decision),
                path=told.place(report),
                why=_digest.sentence(_digest.why(report)),
                shots=shots if left >= 0 else None,
            )
        )
    return tuple(made)


def _rank(report: Report) -> tuple[int, tuple[int, ...], str]:
    """Worst decision first, then whoever has more findings that count, of high severity before others, then by place."""
    against = Counter(each.severity for each in report.findings if told.counts(each))
    return WORST_FIRST.index(report.verdict.decision), tuple(-against[each] for each in _digest.SEVERITIES), told.place(report)


def _shots(report: Report) -> Gallery | None:
    """A few rows of the pictures that a finding is about."""
    full = gallery(report)
    groups = tuple(
        type(each)(trigger=each.trigger, kind=each.kind, cited=True, rows=each.rows[:_ROWS_EACH]) for each in full.groups if each.cited
    )[:1]
    shown = sum(cell is not None for group in groups for row in group.rows for cell in row.cells)
    return Gallery(columns=full.columns, groups=groups, shown=shown, total=full.total) if shown else None


def _fitting(entries: Sequence[Entry], rooms: "Environment", look: Look, room: int) -> tuple[list[str], list[str]]:
    """As many rows as fit into their share, then as many blocks as fit into the rest."""
    row, block = rooms.get_template("parts/fleet_row.html.j2"), rooms.get_template("parts/fleet_block.html.j2")
    rows: list[str] = []
    taken = 0
    for each in entries:
        written = row.render(_row(each, look) | {"linked": True})
        taken += len(written.encode())
        if taken > _MOST_ROW_BYTES:
            break
        rows.append(written)
    blocks: list[str] = []
    for each in entries[: len(rows)]:
        written = block.render(_row(each, look) | _block(each.report))
        taken += len(written.encode())
        if taken > room:
            break
        blocks.append(written)
    bare = [row.render(_row(each, look) | {"linked": False}) for each in entries[len(blocks) : len(rows)]]
    return rows[: len(blocks)] + bare, blocks


def _row(entry: Entry, look: Look) -> dict[str, Any]:
    report = entry.report
    stages = _digest.stages(report)
    return {
        "entry": entry,
        "report": report,
        "digest": _digest.digest_of(report),
        "findings": _digest.findings(report, look),
        "hidden": _digest.hidden(report, look),
        "least": look.least,
        "severity_counts": _digest.severity_counts(report),
        "stages": stages,
        "ran": sum(each.status is Status.RAN for each in stages),
    }


def _block(report: Report) -> dict[str, Any]:
    hunted = _digest.fact(report, Candidates)
    known = _digest.identity(report)
    return {
        "verdict": report.verdict,
        "meaning": _digest.MEANING[report.verdict.decision],
        "further_reasons": _digest.further_reasons(report),
        "tested": _digest.tested(report)[:6],
        "adapter": _digest.adapter_facts(report),
        "base": _digest.fact(report, BaseFacts),
        "size": known.size if known else None,
        "searched": hunted.spaces if hunted else (),
    }


def _causes(reports: Sequence[Report]) -> tuple[Cause, ...]:
    """The rules that speak against most adapters, worse severities first."""
    rules = {each.rule.code: each.rule for report in reports for each in report.findings}
    amounts = Counter(code for report in reports for code in {each.rule.code for each in report.findings if told.counts(each)})
    worst = sorted(amounts, key=lambda code: (_digest.SEVERITIES.index(rules[code].severity), -amounts[code], code))
    return tuple(
        Cause(code=code, name=rules[code].name, severity=str(rules[code].severity), adapters=amounts[code]) for code in worst[:_MOST_CAUSES]
    )


def _gaps(reports: Sequence[Report]) -> tuple[tuple[str, int], ...]:
    """Each stage that verdicts lack, with the number of adapters."""
    amounts = Counter(each.stage for report in reports for each in told.gaps(report) if each.required)
    return tuple(amounts.items())
