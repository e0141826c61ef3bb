"""Writes a report for the terminal."""

import math
from collections.abc import Iterator, Sequence

from lorascan.core.adapter import BaseFacts, FileFacts, WeightStatistics
from lorascan.core.behaviour import Candidates, IsolationFacts, LoadFacts
from lorascan.core.evidence import Status
from lorascan.core.findings import Decision, Finding, Severity
from lorascan.core.pairs import PartnerFacts
from lorascan.core.report import Report
from lorascan.reporting import Format, Look, _digest, _nominated
from lorascan.reporting import _numbers as write
from lorascan.reporting._advice import next_step
from lorascan.reporting._foreign import foreign, named, quoted
from lorascan.reporting._layers import short
from lorascan.reporting._machine import place, suppression
from lorascan.reporting._several import COLOURS, several
from lorascan.reporting._terminal import Sheet, cut_left

_SEVERITY = {"high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}
_STATUS = {"ran": "green", "refused": "red", "failed": "red", "not run": "yellow"}
_COMPONENT = {"text_encoder": "text", "text_encoder_2": "text 2", "text_encoder_3": "text 3"}
_SHORT_NAME = 12
_MOST_CANDIDATES, _MOST_LAYERS, _MOST_CURVES, _MOST_LISTED = 8, 5, 8, 12


def _render(report: Report, look: Look) -> str:
    return _whole(report, look, report.name)


def _whole(report: Report, look: Look, shown: str) -> str:
    sheet = Sheet(look)
    _body(sheet, report, look, shown)
    _closing(sheet, report, look)
    return sheet.text()


def _body(sheet: Sheet, report: Report, look: Look, shown: str) -> None:
    _summary(sheet, report, shown)
    sheet.paragraph(f"What to do: {next_step(report)}", 0)
    sheet.line()
    _identity(sheet, report)
    _findings(sheet, report, look)
    _gate(sheet, report)
    _tested(sheet, report)
    _candidates(sheet, report)
    _curves(sheet, report)
    _weights(sheet, report)
    _stages(sheet, report)
    _isolation(sheet, report)
    _coverage(sheet, report)


def _gist(sheet: Sheet, report: Report, look: Look, shown: str) -> None:
    """Of one among many: the verdict, whose bytes, what fired, what is missing."""
    _summary(sheet, report, shown)
    if digest := _digest.digest_of(report):
        sheet.pair("sha256", digest)
    _findings(sheet, report, look)
    _gate(sheet, report)
    _missing(sheet, report)


def _pieces(reports: Sequence[Report], look: Look) -> Iterator[str]:
    """One report as it is; of several a line each, then those that were not admitted, or each in full where that is asked for."""
    if len(reports) == 1:
        yield _whole(reports[0], look, place(reports[0]))
        return
    yield from several(reports, look, _body if look.whole else _gist, _closing)


def _summary(sheet: Sheet, report: Report, shown: str) -> None:
    decision = report.verdict.decision
    word = _digest.word(report)
    badge = sheet.paint(f" {decision.upper()} ", f"{COLOURS[word]} badge")
    aside = word.removeprefix(decision)
    name = cut_left(foreign(shown), sheet.width - len(decision) - len(aside) - 3)
    painted = badge.startswith("\x1b")
    sheet.line(f"{badge}{aside} {sheet.paint(name, 'bold')}" if painted else f"{decision.upper()}{aside}  {name}")
    further = _digest.further_reasons(report)[:_MOST_LISTED]
    sheet.paragraph(_digest.sentence(foreign(_digest.why(report), 400) + _digest.and_more(report, len(further))), 0)
    for each in further:
        sheet.paragraph(foreign(_digest.sentence(each), 400), 2, "dim")
    if decision is Decision.ADMIT and _digest.searched(report) and "activator found" not in _digest.why(report).lower():
        sheet.paragraph(_digest.NO_ACTIVATOR, 0)


def _identity(sheet: Sheet, report: Report) -> None:
    facts, adapter, base = _digest.fact(report, FileFacts), _digest.adapter_facts(report), _digest.fact(report, BaseFacts)
    if digest := _digest.digest_of(report):
        sheet.pair("sha256", digest)
    if facts:
        sheet.pair("size", f"{write.size(facts.size)}, {write.count(facts.tensor_count, 'tensor')}")
    if adapter:
        parts = ", ".join(f"{foreign(name)} {amount}" for name, amount in sorted(adapter.components.items()))
        ranks = ", ".join(str(each) for each in sorted(adapter.ranks))
        spare = f"; {write.count(adapter.leftover_count, 'tensor')} unclaimed" if adapter.leftover_count else ""
        sheet.pair("adapter", f"{', '.join(map(foreign, adapter.dialects))}; {parts}; rank {ranks}{spare}")
        words = [quoted(each) for each in adapter.declared_triggers[:_MOST_LISTED]]
        sheet.pair("declares", ", ".join(words) or "no trigger word")
    if base:
        claimed = f" (claimed: {foreign(base.claimed)})" if base.claimed else ""
        sheet.pair("base", f"{foreign(base.family or 'unknown')}{claimed}, {write.share(base.match)} of modules fit")
    if partner := _digest.fact(report, PartnerFacts):
        sheet.pair("with", f"{foreign(partner.name)}, sha256 {partner.sha256 or 'unknown'}; {partner.decision} by itself")
    sheet.pair("policy", report.policy)


def _findings(sheet: Sheet, report: Report, look: Look) -> None:
    found = _digest.findings(report, look)
    counts = ", ".join(f"{amount} {severity}" for severity, amount in _digest.severity_counts(report))
    sheet.heading("Findings", counts or "none")
    for each in found:
        _finding(sheet, each)
    if hidden := _digest.hidden(report, look):
        sheet.paragraph(f"{write.count(hidden, 'finding')} below {look.least} not shown", 2, "dim")


def _gate(sheet: Sheet, report: Report) -> None:
    """The caller's own rules, where any met this file."""
    told = _digest.gate_lines(report)
    if told:
        sheet.heading("Gate")
        for label, value in told:
            sheet.pair(label, foreign(value, 200))


def _finding(sheet: Sheet, each: Finding) -> None:
    level = sheet.paint(each.severity.ljust(6), "dim" if each.suppressed else _SEVERITY[each.severity])
    sheet.line(f"  {level}  {sheet.paint(each.rule.code, 'bold')}  {each.rule.name}")
    sheet.paragraph(foreign(each.message, 400), 10)
    details = [_digest.placed(foreign(each.where))] if each.where else []
    if each.in_words:
        sheet.paragraph(foreign(each.in_words, 400), 10)
    elif each.severity is not Severity.INFO:  # what is only told is held against nothing
        details += [f"measured {write.scalar(each.measured)}"] if each.measured is not None else []
        details += [f"threshold {write.scalar(each.threshold)}"] if each.threshold is not None else []
    sheet.paragraph("; ".join([*details, f"confidence {each.confidence}"]), 10, "dim")
    if each.suppressed:
        sheet.paragraph(f"does not count, {suppression(each)}", 10, "yellow")


def _tested(sheet: Sheet, report: Report) -> None:
    tested = _digest.tested(report)
    if not tested:
        return
    sheet.heading("Triggers tested", "on held-out pictures; effect as a multiple of control words'")
    rows = [
        (
            named(row.trigger, row.replaces, 28),
            "yes" if row.declared else "no",
            f"{write.fixed(row.strongest.effect_ratio, 1)}×",
            write.p_value(row.strongest.p_value),
            write.share(row.strongest.unexplained),
            write.dose(row.strongest),
            foreign(row.strongest.target or "–", 24),
            " ".join(row.cited_by) or "–",
        )
        for row in tested[:_MOST_LISTED]
    ]
    head = ("trigger", "declared", "effect", "p", "unexpl.", "at", "target", "rule")
    sheet.table(head, rows, right=(2, 3, 4, 5), style=lambda at, row: "red" if row[7] != "–" and at in (0, 7) else "")


def _candidates(sheet: Sheet, report: Report) -> None:
    hunted = _digest.fact(report, Candidates)
    if hunted is None:
        return
    shown = hunted.ranked[:_MOST_CANDIDATES]
    sheet.heading("Trigger candidates", f"top {len(shown)} of {len(hunted.ranked)}")
    for note in filter(None, (_nominated.ORDER, _nominated.selection(report))):
        sheet.paragraph(note, 2, "dim")
    tested, targets = _nominated.tested_texts(report), any(each.target for each in shown)
    rows = [
        (
            str(each.rank),
            named(each.text, each.replaces, 40),
            foreign(each.source, 24),
            write.number(each.score),
            write.fixed(each.z, 1),
            "yes" if each.declared else "no",
            "yes" if each.text in tested else "no",
            *([foreign(each.target or "–", 24)] if targets else []),
        )
        for each in shown
    ]
    if rows:
        head = ("#", "text", "source", "score", "z", "declared", "tested", *(["target"] if targets else []))
        sheet.table(head, rows, right=(0, 3, 4), style=lambda _, row: "dim" if row[5] == "yes" else "")
    sheet.paragraph("searched: " + "; ".join(foreign(each) for each in hunted.spaces), 2, "dim")


def _curves(sheet: Sheet, report: Report) -> None:
    found = _digest.curves(report)[:_MOST_CURVES]
    if not found:
        return
    sheet.heading("Dose-response", "change of the picture (1 − CLIP similarity to the base's) by scale")
    changes = [[1 - point.image_similarity for point in curve.points] for curve in found]
    top = max((each for row in changes for each in row if math.isfinite(each)), default=0.0)
    rows = []
    for curve, values in zip(found, changes, strict=True):
        name = named(curve.trigger, curve.replaces, 28) if curve.trigger else "(no trigger)"
        span = f"{write.fixed(curve.points[0].scale)} to {write.fixed(curve.points[-1].scale)}"
        peak = max(values)
        finite = [each if math.isfinite(each) else 0.0 for each in values]
        rows.append((name, foreign(curve.kind, 20), sheet.spark(finite, top), write.fixed(peak), span))
    sheet.table(("trigger", "kind", "curve", "peak", "scales"), rows, right=(3,))


def _weights(sheet: Sheet, report: Report) -> None:
    weights = _digest.fact(report, WeightStatistics)
    if weights is None:
        return
    sheet.heading("Weights", f"{write.count(len(weights.layers), 'layer')}; the heaviest by Frobenius norm")
    rows = [
        (
            f"{foreign(_COMPONENT.get(each.component, each.component), 16)} {foreign(short(each.module_path))}",
            write.number(each.frobenius),
            write.number(each.spectral),
            f"{write.fixed(each.effective_rank, 1)} of {each.rank}",
            write.share(each.leading_share),
        )
        for each in _digest.heaviest(report, _MOST_LAYERS)
    ]
    if rows:
        head = ("layer", "norm", "spectral", "eff. rank", "leading")
        sheet.table(head, rows, right=(1, 2, 3, 4))
    for bad in weights.bad_numbers[:_MOST_LISTED]:
        sheet.paragraph(f"{write.count(bad.count, 'number')} not finite in {foreign(bad.tensor)}", 2, "red")


def _stages(sheet: Sheet, report: Report) -> None:
    sheet.heading("Stages")
    told = ""
    for each in _digest.stages(report):
        took = write.seconds(each.seconds) if each.seconds else "–"
        status = sheet.paint(each.status.ljust(7), _STATUS[each.status])
        reason = "" if each.status is Status.RAN or each.reason == told else foreign(each.reason, 240)
        told = each.reason or told
        beside = reason if len(reason) <= sheet.width - 35 else ""
        sheet.line(f"  {each.name.ljust(8)}  {status}  {took.rjust(11)}   {sheet.paint(beside, 'dim')}".rstrip())
        if reason and not beside:
            sheet.paragraph(reason, 12, "dim")


def _isolation(sheet: Sheet, report: Report) -> None:
    locks, load = report.evidence.all(IsolationFacts), _digest.fact(report, LoadFacts)
    if locks:
        sheet.heading("Isolation in force")
        for each in locks:
            failed = [name for name, held in each.checks.items() if not held]
            missing = f"; not held: {', '.join(map(foreign, failed))}" if failed else ""
            peak = f"; peak {write.size(each.peak_memory_bytes)}" if each.peak_memory_bytes else ""
            sheet.pair(foreign(each.role), _digest.isolation_summary(each) + missing + peak)
    if load is not None:
        sheet.heading("Loading")
        sheet.pair("base", f"{foreign(load.base)}, {foreign(load.pipeline_class)} on {foreign(load.device)}")
        sheet.pair("applied", f"{load.applied} of {load.expected} updates")
        sheet.pair("parameters", _digest.base_kept(load))
        sheet.pair("scale 0", "identical to the base, bit for bit" if load.scale_zero_identical else "DIFFERS from the base")


def _coverage(sheet: Sheet, report: Report) -> None:
    _missing(sheet, report)
    if limits := report.verdict.limits:
        sheet.heading("Limits", "no statement is made about")
        sheet.bullets(foreign(each, 240) for each in limits)


def _missing(sheet: Sheet, report: Report) -> None:
    missing = report.verdict.not_assessed
    sheet.heading("Not assessed", "" if missing else _digest.not_asked(report))
    if missing and all(len(each) <= _SHORT_NAME for each in missing):
        sheet.paragraph(", ".join(map(foreign, missing)), 2)
    else:
        sheet.bullets(foreign(each, 240) for each in missing)


def _closing(sheet: Sheet, report: Report, look: Look) -> None:
    if look.written:
        sheet.heading("Written")
        for each in look.written:
            sheet.line(foreign(each, 400), indent=2)
    if report.command:
        sheet.heading("Repeat")
        sheet.command(foreign(report.command, 1000))


FORMAT = Format(name="text", suffixes=(".txt",), render=_render, pieces=_pieces)
