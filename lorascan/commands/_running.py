"""Audits the targets of one call, one after the other."""

import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lorascan.answers import Answers
from lorascan.auditing import audit, judged, slim, unfinished
from lorascan.cache import Cache, as_asked, at_place, digest_of, key_of, same_base
from lorascan.commands._stderr import note, say
from lorascan.console import both, progress, stage_lines
from lorascan.core.adapter import FileIdentity
from lorascan.core.errors import LorascanError, Refusal, StageFailed
from lorascan.core.findings import Decision
from lorascan.core.progress import Listener
from lorascan.core.recall import Recall
from lorascan.core.report import Gate, Report
from lorascan.core.text import counted
from lorascan.deadline import deadline
from lorascan.policy import Rulebook
from lorascan.settings import Settings
from lorascan.sources import NotThere, OnHub, located
from lorascan.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What every target of one call shares; `cache` is None where none is used.

    `elsewhere`: options that stand for the settings which the command line did not give.
    """

    settings: Settings
    rules: Rulebook
    cache: Cache | None
    quiet: bool
    elsewhere: tuple[str, ...] = ()


def audit_all(targets: Sequence[Target], call: Call, put: Callable[[Report], None]) -> int:
    """Hand on a report for each target, in their order, and hold none: one that could not be audited to its end is undecided.

    Returns how many have none, because their source has no such file.
    """
    answers = Answers.of(call.cache) if call.cache is not None else None
    recall = Recall(shelf=answers)
    command = shlex.join(["lorascan", *sys.argv[1:2], *call.elsewhere, *sys.argv[2:]])  # before a `--` that ends the options
    gates: list[tuple[str, Gate]] = []
    missing = 0
    with progress(len(targets), quiet=call.quiet, say=_tell) as begin:
        for number, each in enumerate(targets, 1):
            listener = begin(number, each.path.name)
            if not sys.stderr.isatty():
                listener = both(listener, stage_lines(each.path.name, note))
            report = _reported(each, call, command, recall, listener)
            if report is None:
                missing += 1
                continue
            said = f"{each.shown or each.path}: {report.verdict.decision}" + (" (from the cache)" if report.cached else "")
            note(f"{number:,}/{len(targets):,} {said}" if len(targets) > 1 else said)
            if report.gate.waivers or report.gate.expired or report.gate.unused:
                gates.append((report.name, report.gate))
            put(report)
    if call.cache is not None:
        call.cache.prune()
    if answers is not None:
        answers.prune()
    _tell_waivers(gates, call.rules)
    return missing


def _tell(line: str) -> None:
    say(line, "info")


def _reported(target: Target, call: Call, command: str, recall: Recall, listener: Listener) -> Report | None:
    """The target's report, at the place that readers know; None where its source has no such file."""
    try:
        with deadline(call.settings.timeout_seconds), _at_hand(target, call) as (here, remote):
            return _placed(_one(here, remote, call, command, recall, listener), here)
    except NotThere as error:
        say(f"no adapter found at {target.shown}: {error}", "error")
        return None
    except StageFailed as error:  # between two stages
        report = _failed(target, call, command, error)
    except MemoryError:
        refusal = Refusal(code="LS910", message="the audit needed more memory than there is")
        report = _failed(target, call, command, StageFailed(refusal))
    return _placed(report, target)


def _placed(report: Report, target: Target) -> Report:
    return slim(at_place(report, target.shown) if target.shown else report)


@contextmanager
def _at_hand(target: Target, call: Call) -> Iterator[tuple[Target, OnHub | None]]:
    """The target where it can be read; one that lies elsewhere gets a folder of its own, which does not outlive its audit."""
    if target.source is None:
        yield target, None
        return
    with tempfile.TemporaryDirectory(prefix="lorascan-hub-") as folder:
        remote = located(target.source, Path(folder), call.settings.limits)
        yield replace(target, path=remote.path, shown=remote.address), remote


def _failed(target: Target, call: Call, command: str, error: StageFailed) -> Report:
    say(f"{target.shown or target.path}: undecided, {error}", "error")
    return unfinished(target.path, error, call.rules, command=command)


def _one(target: Target, remote: OnHub | None, call: Call, command: str, recall: Recall, listener: Listener) -> Report:
    found = _digest(target, remote, call)
    key = _key(target, call, found) if found is not None else None
    kept = _kept(target, call, command, key)
    if kept is not None:
        return kept
    if remote is not None and not target.path.exists():
        remote.fetch()
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


def _digest(target: Target, remote: OnHub | None, call: Call) -> str | None:
    """The SHA-256 that results are kept by, before a file comes where its hub knows it; None without a cache."""
    if call.cache is None:
        return None
    if remote is not None and remote.sha256:
        return remote.sha256
    if remote is not None:
        remote.fetch()
    return digest_of(target.path, call.settings.limits.file_bytes)


def _audited(report: Report) -> str:
    """The digest of the bytes that were audited; "" where none were read."""
    return next((each.sha256 for each in report.evidence.all(FileIdentity)), "")


def _key(target: Target, call: Call, digest: str) -> str | None:
    """The cache's key of a target whose bytes have this digest, or None where what stands beside it cannot be read."""
    try:
        return key_of(target.path, digest, call.settings, loads=call.rules.policy.loads, surroundings=target.surroundings, rules=call.rules)
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
        say(f"{counted(len(others), 'waiver')} about files that were not audited here: {'; '.join(others[:5])}", "info")
