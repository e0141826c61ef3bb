"""Writes one page about several adapters: an index, worst first, and the gist of each."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lorascan.core.adapter import BaseFacts
from lorascan.core.behaviour import Candidates
from lorascan.core.evidence import Status
from lorascan.core.findings import Decision, Rule
from lorascan.core.report import Report
from lorascan.reporting import Look, _digest
from lorascan.reporting import _machine as told
from lorascan.reporting._gallery import Gallery, gallery
from lorascan.reporting._order import DID, WORST_FIRST, Rank, rank
from lorascan.reporting._page import MOST_BYTES, asset, environment, frame

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_MOST_ROWS, _MOST_BLOCKS = 1_000, 200
"""Adapters in the table, and those that are told in full: more than anybody reads, and little enough to hold while it is written."""
_MOST_ROW_BYTES = 3_000_000
"""Of the table; what is left of the page holds the blocks."""
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
    word: str
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Adapters of one verdict, in words: how many; an admit on the file and its weights alone is a group of its own."""

    name: str
    decision: str
    did: str
    static: bool
    amount: int


@dataclass(slots=True, kw_only=True)
class _Overview:
    """What the first look at every report gives: `order` holds each one's rank and its place among them, the worst first."""

    order: list[tuple[Rank, int]] = field(default_factory=list)
    decisions: Counter[Decision] = field(default_factory=Counter)
    rules: dict[str, Rule] = field(default_factory=dict)
    against: Counter[str] = field(default_factory=Counter)
    gaps: Counter[str] = field(default_factory=Counter)
    policies: set[str] = field(default_factory=set)
    untested: int = 0
    command: str = ""
    version: str = ""


def index(reports: Sequence[Report], look: Look) -> Iterator[str]:
    """The page, in pieces. The worst stand first; it says how many have no row, and how many are told in full."""
    framed = frame(style=asset("style.css") + asset("fleet.css"), script=asset("fleet.js"))
    rooms = environment()
    seen = _overview(reports)
    rows, blocks = _fitting(reports, seen, rooms, look, MOST_BYTES - sum(map(len, framed.values())) - _SPARE_BYTES)
    worst = WORST_FIRST[seen.order[0][0][0]] if seen.order else Decision.UNDECIDED
    facts = {
        "decision": str(worst),
        "total": len(seen.order),
        "tally": _groups(seen),
        "first": [path for (at, _, _, path), _ in seen.order[:_NAMED] if WORST_FIRST[at] is worst],
        "causes": _causes(seen),
        "untested": seen.untested,
        "gaps": tuple(seen.gaps.items()),
        "rows": rows,
        "blocks": blocks,
        "policies": sorted(seen.policies),
        "command": seen.command,
        "version": seen.version,
        "pictures": any('class="shot"' in each for each in blocks),
    }
    yield from rooms.get_template("fleet.html.j2").generate({**facts, **framed})


def _overview(reports: Sequence[Report]) -> _Overview:
    seen = _Overview()
    for place, each in enumerate(reports):
        if place == 0:
            seen.command, seen.version = each.command, _digest.tool_version(each)
        seen.order.append((rank(each), place))
        seen.decisions[each.verdict.decision] += 1
        seen.rules |= {one.rule.code: one.rule for one in each.findings}
        seen.against.update({one.rule.code for one in each.findings if told.counts(one)})
        seen.gaps.update(gap.stage for gap in told.gaps(each) if gap.required)
        seen.policies.add(each.policy)
        seen.untested += _digest.static_only(each)
    seen.order.sort()
    return seen


def _groups(seen: _Overview) -> list[Group]:
    """Every group that somebody is in, the worst first."""
    whole = {**seen.decisions, Decision.ADMIT: seen.decisions[Decision.ADMIT] - seen.untested}
    groups = [Group(name=str(each), decision=str(each), did=DID[each], static=False, amount=whole.get(each, 0)) for each in WORST_FIRST]
    static = Group(name="static", decision=str(Decision.ADMIT), did=DID["admit (static only)"], static=True, amount=seen.untested)
    return [each for each in (*groups[:-1], static, groups[-1]) if each.amount]


def _entries(reports: Sequence[Report], seen: _Overview, most: int) -> Iterator[Entry]:
    """The worst reports, each read when its turn comes; the first of them with pictures of what a finding cites."""
    left = _MOST_PICTURES
    for number, (_, place) in enumerate(seen.order[:most], 1):
        report = reports[place]
        shots = _shots(report)
        left -= shots.shown if shots else 0
        yield Entry(
            number=number,
            report=report,
            decision=str(report.verdict.decision),
            word=_digest.word(report),
            path=told.place(report),
            why=_digest.whole_why(report),
            shots=shots if left >= 0 else None,
        )


def _shots(report: Report) -> Gallery | None:
    """A few rows of the pictures that a finding is about."""
    full = gallery(report)
    groups = tuple(
        type(each)(trigger=each.trigger, kind=each.kind, cited=True, rows=each.rows[:_ROWS_EACH]) for each in full.groups if each.cited
    )[:1]
    shown = sum(cell is not None for group in groups for row in group.rows for cell in row.cells)
    return Gallery(columns=full.columns, groups=groups, shown=shown, total=full.total) if shown else None


def _fitting(
    reports: Sequence[Report], seen: _Overview, rooms: "Environment", look: Look, room: int
) -> tuple[list["Markup"], list["Markup"]]:
    """As many rows as fit into their share, then as many blocks as fit into the rest."""
    from markupsafe import Markup  # noqa: PLC0415 - only a page pays for it

    row, block = rooms.get_template("parts/fleet_row.html.j2"), rooms.get_template("parts/fleet_block.html.j2")
    linked: list[Markup] = []
    bare: list[Markup] = []
    taken = 0
    for each in _entries(reports, seen, _MOST_ROWS):
        shown = _row(each, look)
        written = row.render(shown | {"linked": each.number <= _MOST_BLOCKS})
        taken += len(written.encode())
        if taken > _MOST_ROW_BYTES:
            break
        linked.append(Markup(written))  # noqa: S704 - rendered here, with every value escaped
        if each.number <= _MOST_BLOCKS:
            bare.append(Markup(row.render(shown | {"linked": False})))  # noqa: S704
    blocks: list[Markup] = []
    for each in _entries(reports, seen, min(len(linked), _MOST_BLOCKS)):
        written = block.render(_row(each, look) | _block(each.report))
        taken += len(written.encode())
        if taken > room:
            break
        blocks.append(Markup(written))  # noqa: S704
    return linked[: len(blocks)] + bare[len(blocks) :] + linked[len(bare) :], blocks


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
        "static": _digest.static_only(report),
        "ran": sum(each.status is Status.RAN for each in stages),
    }


def _block(report: Report) -> dict[str, Any]:
    hunted = _digest.fact(report, Candidates)
    known = _digest.identity(report)
    return {
        "verdict": report.verdict,
        "meaning": _digest.meaning(report),
        "not_asked": _digest.sentence(_digest.not_asked(report)),
        "further_reasons": _digest.further_reasons(report),
        "tested": _digest.tested(report)[:6],
        "stand_ins": _digest.stand_ins(report),
        "adapter": _digest.adapter_facts(report),
        "base": _digest.fact(report, BaseFacts),
        "size": known.size if known else None,
        "searched": hunted.spaces if hunted else (),
    }


def _causes(seen: _Overview) -> tuple[Cause, ...]:
    """The rules that speak against most adapters, worse severities first."""
    rules, amounts = seen.rules, seen.against
    worst = sorted(amounts, key=lambda code: (_digest.SEVERITIES.index(rules[code].severity), -amounts[code], code))
    return tuple(
        Cause(code=code, name=rules[code].name, severity=str(rules[code].severity), adapters=amounts[code]) for code in worst[:_MOST_CAUSES]
    )
