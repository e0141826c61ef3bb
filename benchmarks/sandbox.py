"""Times the start of a locked worker: the lock's own system calls, and the whole start beside the bare one.

    python -m benchmarks.sandbox --rounds 3 --light-rounds 15 --out benchmarks/results/sandbox.json

Each round starts, in turn, a bare worker and one behind each isolation, all importing torch, diffusers, peft and transformers;
CPU seconds (user and system, of the worker and all below it) are compared within the round, since wall time tells of the machine's
other work. The lock's steps are timed inside a fresh process.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from lorascan.sandbox import Lock, outside, start

PROGRAM = "tests.sandbox.programs.tiny_unet"
LIGHT = "lorascan.sandbox.payload"
ISOLATIONS = ("none", "process", "namespaces")
LOCK_CALLS = """
import os, sys, time
sys.path.insert(0, {root!r})
from lorascan.sandbox import landlock, privileges, seccomp
readable = {readable!r}
began = time.perf_counter()
privileges.volunteer_for_memory_killer()
privileges.die_with_parent(os.getppid())
privileges.limit({{"RLIMIT_CORE": 0, "RLIMIT_NOFILE": 256}})
privileges.give_up_the_rest(os.uname().machine)
own = [f"/proc/self/{{name}}" for name in landlock.OWN_FILES]
landlock.restrict([*readable, *landlock.SYSTEM_FILES, *own], ["/proc/self/task"])
for stage in (1, 2):
    seccomp.install(os.uname().machine, stage, os.getpid())
print(time.perf_counter() - began)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds: the lock's calls (median, largest); CPU of a start by isolation; what each adds to a start without libraries.

    `over_bare` is the share by which a start with the libraries exceeds the bare one of the same round.
    """

    lock_calls: float
    lock_calls_largest: float
    light_cpu: dict[str, float]
    added_cpu: dict[str, float]
    light_rounds: int
    cpu: dict[str, float]
    wall: dict[str, float]
    over_bare: dict[str, float]
    rounds: int


def lock_calls(times: int) -> list[float]:
    """Seconds that the lock's own steps take in a fresh process."""
    root = str(Path(__file__).resolve().parents[1])
    code = LOCK_CALLS.format(root=root, readable=["/usr/lib", "/lib", sys.base_prefix + "/lib", root])
    command = [sys.executable, "-c", code]
    return [float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(times)]


def started(isolation: str, program: str = PROGRAM) -> tuple[float, float]:
    """CPU seconds of the worker and what surrounds it, and wall seconds, of one whole start."""
    lock = Lock(memory_bytes=4 * 2**30, start_seconds=600)
    began = time.perf_counter()
    with start(program, lock, isolation=isolation):
        took = time.perf_counter() - began
        used, below = 0.0, outside.children(os.getpid())
        while below:
            used += sum(map(_processor_seconds, below))
            below = [each for process in below for each in outside.children(process)]
    return used, took


def _processor_seconds(process: int) -> float:
    """User and system time so far, of proc(5)'s fields 14 and 15."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def in_turns(rounds: int, program: str) -> dict[str, list[tuple[float, float]]]:
    """CPU and wall seconds by isolation; each round takes them in another order."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ISOLATIONS}
    for number in range(rounds):
        for name in ISOLATIONS[number % 3 :] + ISOLATIONS[: number % 3]:
            taken[name].append(started(name, program))
            print(program, name, *(f"{each:.2f} s" for each in taken[name][-1]), flush=True)
    return taken


def measured(rounds: int, light_rounds: int) -> Times:
    """The medians over so many rounds."""
    os.environ.pop("CI", None)
    calls = lock_calls(10)
    light = in_turns(light_rounds, LIGHT)
    heavy = in_turns(rounds, PROGRAM)
    return Times(
        lock_calls=round(statistics.median(calls), 5),
        lock_calls_largest=round(max(calls), 5),
        light_cpu=_medians(light, 0),
        added_cpu={name: round(statistics.median(_paired(light, name, lambda own, bare: own - bare)), 3) for name in ISOLATIONS[1:]},
        light_rounds=light_rounds,
        cpu=_medians(heavy, 0),
        wall=_medians(heavy, 1),
        over_bare={name: round(statistics.median(_paired(heavy, name, lambda own, bare: own / bare - 1)), 4) for name in ISOLATIONS[1:]},
        rounds=rounds,
    )


def _medians(taken: dict[str, list[tuple[float, float]]], which: int) -> dict[str, float]:
    return {name: round(statistics.median(each[which] for each in times), 3) for name, times in taken.items()}


def _paired(taken: dict[str, list[tuple[float, float]]], name: str, compare: Callable[[float, float], float]) -> list[float]:
    """The CPU seconds of each round beside the bare start of the same round."""
    return [compare(own, bare) for (own, _), (bare, _) in zip(taken[name], taken["none"], strict=True)]


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="starts with the libraries, one of each isolation")
    parser.add_argument("--light-rounds", type=int, default=15, help="starts without them")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    text = json.dumps(asdict(measured(asked.rounds, asked.light_rounds)), indent=1, sort_keys=True) + "\n"
    print(text)
    if asked.out:
        asked.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
