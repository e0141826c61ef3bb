"""Audits the targets of one call, one after the other."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lorascan.auditing import audit, judged, slim, unfinished
from lorascan.cache import Cache, as_asked, at_place, digest_of, key_of, same_base
from lorascan.commands._shelf import Shelf
from lorascan.commands._stderr import note, say
from lorascan.console import progress
from lorascan.core.adapter import FileIdentity
from lorascan.core.errors import LorascanError, Refusal, StageFailed
from lorascan.core.findings import Decision
from lorascan.core.progress import Listener
from lorascan.core.recall import Recall
from lorascan.core.report import Gate, Report
from lorascan.deadline import deadline
from lorascan.policy import Rulebook
from lorascan.settings import Settings
from lorascan.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What every target of one call shares; `cache` is None where none is used."""

    settings: Settings
    rules: Rulebook
    cache: Cache | None
    quiet: bool


def audit_all(targets: Sequence[Target], call: Call, into: Shelf) -> None:
    """Put a report for each target on the shelf, in their order: one that could not be audited to its end is undecided."""
    recall = Recall()
    command = shlex.join(["lorascan", *sys.argv[1:]])
    gates: list[tuple[str, Gate]] = []
    with progress(len(targets), quiet=call.quiet) as begin:
        for number, each in enumerate(targets, 1):
            report = _reported(each, call, command, recall, begin(number, each.path.name))
            said = f"{each.shown or each.path}: {report.verdict.decision}" + (" (from the cache)" if report.cached else "")
            note(f"{number:,}/{len(targets):,} {said}" if len(targets) > 1 else said)
            if report.gate.waivers or report.gate.expired or report.gate.unused:
                gates.append((report.name, report.gate))
            into.put(report)
    if call.cache is not None:
        call.cache.prune()
    _tell_waivers(gates, call.rules)


def _reported(target: Target, call: Call, command: str, recall: Recall, listener: Listener) -> Report:
    """The target's report, at the place that readers know."""
    try:
        with deadline(call.settings.timeout_seconds):
            report = _one(target, call, command, recall, listener)
    except StageFailed as error:  # between two stages
        report = _failed(target, call, command, error)
    except MemoryError:
        refusal = Refusal(code="LS910", message="the audit needed more memory than there is")
        report = _failed(target, call, command, StageFailed(refusal))
    return slim(at_place(report, target.shown) if target.shown else report)


def _failed(target: Target, call: Call, command: str, error: StageFailed) -> Report:
    say(f"{target.shown or target.path}: undecided, {error}", "error")
    return unfinished(target.path, error, call.rules, command=command)


def _one(target: Target, call: Call, command: str, recall: Recall, listener: Listener) -> Report:
    found = digest_of(target.path, call.settings.limits.file_bytes) if call.cache is not None else None
    key = _key(target, call, found) if found is not None else None
    kept = _kept(target, call, command, key)
    if kept is not None:
        return kept
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


def _tell_waivers(gates: Sequence[tuple[str, Gate]], rules: Rulebook) -> None:
    """Waivers that no longer count, and those that nothing needed; `gates` by the names of their files."""
    for name, gate in gates:
        for each in gate.expired:
            say(f"{name}: expired, counts no longer: {each}")
        for each in gate.unused:
            say(f"{name}: not needed: {each}")
    seen = {each for _, gate in gates for each in (*gate.waivers, *gate.expired, *gate.unused)}
    others = [str(each) for each in rules.waivers if str(each) not in seen]
    if others:
        say(f"{len(others):,} waivers are about files that were not audited here: {'; '.join(others[:5])}", "info")
