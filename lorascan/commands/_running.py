"""Audits the targets of one call, one after the other."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lorascan.auditing import audit, judged, slim
from lorascan.cache import Cache, as_asked, at_place, digest_of, key_of, same_base
from lorascan.commands._stderr import note, say
from lorascan.console import progress
from lorascan.core.adapter import FileIdentity
from lorascan.core.errors import LorascanError, StageFailed
from lorascan.core.findings import Decision
from lorascan.core.recall import Recall
from lorascan.core.report import Report
from lorascan.deadline import deadline
from lorascan.policy import Rulebook
from lorascan.settings import Settings
from lorascan.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What every target of one call shares; `cache` is None where none is used, `total` counts the targets."""

    settings: Settings
    rules: Rulebook
    cache: Cache | None
    quiet: bool
    total: int = 1


def audit_all(targets: Sequence[Target], call: Call) -> tuple[list[Report], bool]:
    """A report for each target, and whether one was lost: its time ran out between two stages."""
    reports, lost = [], False
    recall = Recall()
    command = shlex.join(["lorascan", *sys.argv[1:]])
    for number, each in enumerate(targets, 1):
        try:
            with deadline(call.settings.timeout_seconds):
                report = _one(each, call, command, recall, number)
                report = at_place(report, each.shown) if each.shown else report
        except StageFailed as error:
            lost = True
            say(f"{each.path}: undecided, {error}", "error")
        else:
            note(f"{each.path}: {report.verdict.decision}" + (" (from the cache)" if report.cached else ""))
            reports.append(slim(report))
    if call.cache is not None:
        call.cache.prune()
    _tell_waivers(reports, call.rules)
    return reports, lost


def _one(target: Target, call: Call, command: str, recall: Recall, number: int) -> Report:
    found = digest_of(target.path, call.settings.limits.file_bytes) if call.cache is not None else None
    key = _key(target, call, found) if found is not None else None
    kept = _kept(target, call, command, key)
    if kept is not None:
        return kept
    place = f"{number:,}/{call.total:,} " if call.total > 1 else ""
    with progress(f"{place}{target.path.name}", quiet=call.quiet) as listener:
        report = audit(
            target.path,
            call.settings,
            listener=listener,
            command=command,
            surroundings=target.surroundings,
            recall=recall,
            rules=call.rules,
        )
    if call.cache is None:
        return report
    if key is not None and key == _key(target, call, _audited(report)):  # else it, or what stands beside it, changed meanwhile
        try:
            call.cache.put(key, report)
        except OSError as error:
            note(f"cannot keep the result: {error.strerror or error}")
    return replace(report, cached=False)


def _audited(report: Report) -> str:
    """The digest of the bytes that were audited; "" where none were read."""
    return next((each.sha256 for each in report.evidence.all(FileIdentity)), "")


def _key(target: Target, call: Call, digest: str) -> str | None:
    """The cache's key of a target whose bytes have this digest, or None where what stands beside it cannot be read."""
    try:
        return key_of(target.path, digest, call.settings, loads=call.rules.policy.loads, surroundings=target.surroundings)
    except LorascanError:
        return None


def _kept(target: Target, call: Call, command: str, key: str | None) -> Report | None:
    """An earlier result, judged by the rules of today; None where there is none or these rules need more evidence."""
    if call.cache is None or key is None:
        return None
    found = call.cache.get(key)
    if found is None or not same_base(found, call.settings):
        return None
    report = judged(as_asked(at_place(found, target.path), command), call.rules)
    return None if report.verdict.decision is Decision.UNDECIDED else report


def _tell_waivers(reports: Sequence[Report], rules: Rulebook) -> None:
    """Waivers that no longer count, and those that nothing needed."""
    for report in reports:
        for each in report.gate.expired:
            say(f"{report.name}: expired, counts no longer: {each}")
        for each in report.gate.unused:
            say(f"{report.name}: not needed: {each}")
    seen = {each for report in reports for each in (*report.gate.waivers, *report.gate.expired, *report.gate.unused)}
    others = [str(each) for each in rules.waivers if str(each) not in seen]
    if others:
        say(f"{len(others):,} waivers are about files that were not audited here: {'; '.join(others[:5])}", "info")
