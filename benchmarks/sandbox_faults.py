"""Runs locked workers in a row with faults injected at random, and counts what they leave behind.

    python -m benchmarks.sandbox_faults --runs 200 --audits 0 --out benchmarks/results/sandbox-faults.json

A run starts a worker that imports no torch, lets it answer, injects one fault, and asks what became of it: which error the parent
raised, which decision an audit would reach, and whether a process, descriptor or file was left. `--audits` adds whole audits of a
lab adapter on the lab base whose adapted worker is killed at a random moment.
"""

import argparse
import json
import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from lorascan.core.errors import StageFailed
from lorascan.core.evidence import Evidence, StageName
from lorascan.core.findings import Decision
from lorascan.detectors import examine
from lorascan.policy import POLICIES, decide
from lorascan.sandbox import Lock, Session, WorkerError, outside, start
from lorascan.worker.client import stage_failures

PROGRAM = "tests.sandbox.programs.misbehave"
SMALL = Lock(
    memory_bytes=300 * 2**20, cpu_seconds=60, start_seconds=120, idle_seconds=60, wall_seconds=90, chatter_bytes=2**20, frames=5000
)
DEEDS = (
    *("hang", "bomb", "shared bomb", "thread bomb", "flood output", "flood errors", "flood progress", "close pipes", "segfault"),
    *("abort", "leave", "crash", "forbidden architecture", "huge length", "huge blob", "short frame", "no frame", "another hello"),
    *("deep", "not a number", "a pickle", "a list", "progress not finite"),
)
KILLED, STOPPED, NOTHING = "killed from outside", "stopped from outside", "no fault"
SILENT = ("hang", "short frame", STOPPED)
FAULTS = (*DEEDS, KILLED, STOPPED, NOTHING)
AT_START = ("crash", "segfault", "leave", "flood output", "huge length", "no frame")
ISOLATIONS = ("namespaces", "process")


@dataclass(slots=True)
class Tally:
    """What happened. `left` counts what a run left behind; `admitted` faulty runs that an audit would have admitted."""

    seed: int
    runs: int = 0
    by_fault: dict[str, int] = field(default_factory=dict)
    by_error: dict[str, int] = field(default_factory=dict)
    by_isolation: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=lambda: {"processes": 0, "descriptors": 0, "files": 0})
    admitted: int = 0
    unexplained: list[str] = field(default_factory=list)
    seconds: float = 0.0
    slowest: float = 0.0
    audits: int = 0


def run(chance: random.Random, isolation: str, fault: str) -> tuple[str, Decision]:
    """One worker, one fault: the error's name ("" where none), and what an audit would decide."""
    raised: list[str] = []

    def stages() -> Iterator[object]:
        yield from (StageName.FILE, StageName.WEIGHTS, StageName.LOAD)
        with stage_failures("adapted"):
            try:
                _fault(chance, isolation, fault)
            except WorkerError as error:
                raised.append(type(error).__name__)
                raise
        yield from (StageName.HUNT, StageName.PROBE)

    evidence = Evidence.collect(stages())
    findings, _ = examine(evidence)
    if raised and not any(each.rule.code.startswith("LS9") for each in findings):
        raised.append("and no finding")
    return " ".join(raised), decide(evidence, findings, (), POLICIES["ci"]).decision


def _fault(chance: random.Random, isolation: str, fault: str) -> None:
    arguments = {"at_start": fault} if fault in AT_START and chance.random() < 0.3 else {}
    lock = replace(SMALL, idle_seconds=3) if fault in SILENT else SMALL
    with start(PROGRAM, lock, isolation=isolation, blobs={"adapter": b"weights"}, arguments=arguments) as session:
        session.call("echo", {"n": 1}, blobs=[b"x"], reply_sizes=[1])
        if fault in DEEDS:
            session.call(fault, {})
            session.call("echo", {})  # "crash" and "leave" may be noticed by the next call only
        elif fault in (KILLED, STOPPED):
            _signal_while_it_works(chance, session, signal.SIGKILL if fault == KILLED else signal.SIGSTOP)


def _signal_while_it_works(chance: random.Random, session: Session, number: signal.Signals) -> None:
    """Send the worker a signal at a random moment while it answers one call after another."""
    timer = threading.Timer(chance.uniform(0, 0.3), _send, (session._child.worker, number))  # noqa: SLF001 - the fault
    timer.start()
    try:
        while True:
            session.call("echo", {}, blobs=[bytes(200_000)], reply_sizes=[200_000])
    finally:
        timer.join()


def _send(process: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)


@contextmanager
def watched(tally: Tally) -> Iterator[None]:
    """Count what the block leaves behind."""
    before, others = (_descriptors(), _files()), set(outside.children(os.getpid()))
    yield
    tally.left["processes"] += len(_below(others))
    tally.left["descriptors"] += len(_descriptors() - before[0])
    tally.left["files"] += len(_files() - before[1])


def _below(others: set[int]) -> set[int]:
    """Processes of ours that are still there besides `others`, collected ones excepted."""
    until = time.monotonic() + 5
    while (found := set(outside.children(os.getpid())) - others) and time.monotonic() < until:
        time.sleep(0.02)
    return found


def _descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the names


def _files() -> set[str]:
    return {each.name for each in Path(tempfile.gettempdir()).glob("lorascan-*")}


@contextmanager
def own_place() -> Iterator[None]:
    """A folder for temporary files in which others leave nothing."""
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        before, tempfile.tempdir = tempfile.tempdir, place
        try:
            yield
        finally:
            tempfile.tempdir = before


def faults(seed: int, runs: int, *, told: Callable[[str], object] = print) -> Tally:
    """So many runs, every fault in turn in a random order, every isolation in turn."""
    with own_place():
        return _faults(seed, runs, told)


def _faults(seed: int, runs: int, told: Callable[[str], object]) -> Tally:
    chance, tally, began = random.Random(seed), Tally(seed=seed), time.monotonic()  # noqa: S311 - to be repeated
    start(PROGRAM, SMALL).close()  # the thread that starts workers is there from here on
    order = [fault for _ in range(runs // len(FAULTS) + 1) for fault in chance.sample(FAULTS, len(FAULTS))][:runs]
    counted: dict[str, Counter[str]] = {"fault": Counter(), "error": Counter(), "isolation": Counter()}
    for number, fault in enumerate(order):
        isolation = ISOLATIONS[number % len(ISOLATIONS)]
        at = time.monotonic()
        try:
            with watched(tally):
                error, decision = run(chance, isolation, fault)
        except KeyboardInterrupt:  # tell of what was run
            break
        tally.slowest = max(tally.slowest, time.monotonic() - at)
        if fault != NOTHING and decision is Decision.ADMIT:
            tally.admitted += 1
        if bool(error) is (fault == NOTHING) or "no finding" in error:  # no isolation at all counts as no error too
            tally.unexplained.append(f"{fault}: {error or 'no error'}")
        for name, value in (("fault", fault), ("error", error or "none"), ("isolation", isolation)):
            counted[name][value] += 1
        told(f"{number + 1}/{runs} {isolation} {fault}: {error or 'no error'}, {decision}")
    tally.runs, tally.seconds = sum(counted["fault"].values()), time.monotonic() - began
    tally.by_fault, tally.by_error, tally.by_isolation = (dict(sorted(counted[name].items())) for name in ("fault", "error", "isolation"))
    return tally


def audits(tally: Tally, count: int, seed: int, *, told: Callable[[str], object] = print) -> None:
    """Whole audits of an honest lab adapter, each with a worker that is killed at a random moment after it was started."""
    from lorascan.auditing import audit  # noqa: PLC0415 - heavy
    from lorascan.lab.assets import adapters_folder  # noqa: PLC0415

    chance = random.Random(seed)  # noqa: S311 - to be repeated
    adapter = next(adapters_folder().glob("style_declared*.safetensors"))
    for number in range(count):
        with own_place(), watched(tally):
            timer = threading.Timer(chance.uniform(1, 90), _kill_one, (chance,))
            timer.daemon = True
            timer.start()
            try:
                decision: Any = audit(adapter).verdict.decision
            except StageFailed as error:
                decision = error
            if timer.is_alive():
                timer.cancel()
            elif decision is Decision.ADMIT:
                tally.admitted += 1
        tally.audits += 1
        told(f"audit {number + 1}/{count}: {decision}")


def _kill_one(chance: random.Random) -> None:
    started = outside.children(os.getpid())
    if started:
        _send(outside.innermost(chance.choice(started)), signal.SIGKILL)


def main() -> None:
    """Run, print, write; an interrupt ends the runs and tells of those that were."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--audits", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    tally = faults(asked.seed, asked.runs)
    audits(tally, asked.audits, asked.seed)
    shape = asdict(replace(tally, seconds=round(tally.seconds, 1), slowest=round(tally.slowest, 1)))
    text = json.dumps(shape, indent=1, sort_keys=True) + "\n"
    print(text)
    if asked.out:
        asked.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
