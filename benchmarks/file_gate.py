"""Runs other scanners and lorascan's file gate over the same corpus, side by side.

    python -m benchmarks.file_gate --out benchmarks/results/file-gate --scanners VENV

Scanners are installed into the virtual environment VENV, which is made where it is missing, from the package registry that the
machine is set up with. Each case of `tests/hostile/cases` is laid down as a file or folder; each scanner gets its path as a user
would give it, in a process of its own. Caught: a hostile case for which the scanner reports an issue by its exit code. False alarm: the
same for an honest case. A crash, a timeout, an unsupported file and an empty scan catch nothing. lorascan is asked with `audit --policy
static`: a case counts as caught unless it is admitted, and as a false alarm unless it is.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.hostile.case import Case, laid_down
from tests.hostile.cases import honest, hostile

TIMEOUT = 60.0  # seconds a case
ISSUE, CLEAN, NOTHING = "issue", "clean", "nothing"
"""What a scanner said of a case; NOTHING: it crashed, hung, or scanned no file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """A command line, and what its exit codes mean."""

    name: str
    command: Callable[[Path, Path], list[str]]
    issue: tuple[int, ...]
    clean: tuple[int, ...]
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One scanner over the corpus; seconds are wall time a case, its start included."""

    scanner: str
    version: str
    hostile: int
    caught: int
    honest: int
    false_alarms: int
    nothing: int
    median_seconds: float
    largest_seconds: float
    missed_by_group: dict[str, str]
    false_alarms_on: list[str]


SCANNERS = (
    Scanner(
        name="lorascan",
        command=lambda _, path: [sys.executable, "-m", "lorascan", "audit", str(path), "--policy", "static", "-q"],
        issue=(1, 3, 4, 5),
        clean=(0,),
    ),
    Scanner(
        name="modelaudit",
        command=lambda bin_, path: [str(bin_ / "modelaudit"), "scan", "--no-cache", "--quiet", str(path)],
        issue=(1,),
        clean=(0,),
        packages=("modelaudit",),
    ),
    Scanner(
        name="picklescan",
        command=lambda bin_, path: [str(bin_ / "picklescan"), "--path", str(path)],
        issue=(1,),
        clean=(0,),
        packages=("picklescan",),
    ),
    Scanner(
        name="modelscan",
        command=lambda bin_, path: [str(bin_ / "modelscan"), "-p", str(path)],
        issue=(1,),
        clean=(0,),
        packages=("modelscan",),
    ),
    Scanner(
        name="fickling",
        command=lambda bin_, path: [str(bin_ / "fickling"), "--check-safety", str(path)],
        issue=(1,),
        clean=(0,),
        packages=("fickling",),
    ),
)


def install(folder: Path) -> Path:
    """The scripts of a virtual environment that holds every scanner."""
    scripts = folder / "bin"
    if not scripts.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        packages = [each for scanner in SCANNERS for each in scanner.packages]
        subprocess.run([str(scripts / "python"), "-m", "pip", "install", "--quiet", *packages], check=True)
    return scripts


def version(scanner: Scanner, scripts: Path) -> str:
    """The installed version."""
    python = str(scripts / "python") if scanner.packages else sys.executable
    program = f"import importlib.metadata as m; print(m.version({scanner.name!r}))"
    return subprocess.run([python, "-c", program], check=True, capture_output=True, text=True).stdout.strip()


def said(scanner: Scanner, scripts: Path, path: Path) -> tuple[str, float]:
    """What the scanner says of a path, and how long it took."""
    began = time.perf_counter()
    environment = {**os.environ, "NO_COLOR": "1", "PROMPTFOO_DISABLE_TELEMETRY": "1", "NO_ANALYTICS": "1"}
    try:
        done = subprocess.run(
            scanner.command(scripts, path),
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
            cwd=path.parent,
        )
    except subprocess.TimeoutExpired:
        return NOTHING, TIMEOUT
    taken = time.perf_counter() - began
    if b"Traceback (most recent call last)" in done.stderr:  # Python ends with 1 then, which is no finding
        return NOTHING, taken
    return (ISSUE if done.returncode in scanner.issue else CLEAN if done.returncode in scanner.clean else NOTHING), taken


def sample(cases: dict[str, Case], every: int) -> dict[str, Case]:
    """Every n-th case, in order: the same for all scanners."""
    return {name: case for number, (name, case) in enumerate(cases.items()) if number % every == 0}


def measure(scanner: Scanner, scripts: Path, bad: dict[str, Case], good: dict[str, Case]) -> Row:
    """One scanner over all cases."""
    answers: dict[str, str] = {}
    times: list[float] = []
    for name, case in {**bad, **good}.items():
        folder = Path(tempfile.mkdtemp(prefix="file-gate-"))
        answers[name], taken = said(scanner, scripts, laid_down(case, folder))
        times.append(taken)
        shutil.rmtree(folder)
    groups = sorted({name.partition(":")[0] for name in bad})
    alarms = [name for name in good if answers[name] == ISSUE]
    return Row(
        scanner=scanner.name,
        version=version(scanner, scripts),
        hostile=len(bad),
        caught=sum(answers[name] == ISSUE for name in bad),
        honest=len(good),
        false_alarms=len(alarms),
        nothing=sum(each == NOTHING for each in answers.values()),
        median_seconds=round(sorted(times)[len(times) // 2], 2),
        largest_seconds=round(max(times), 2),
        missed_by_group={group: _share(group, bad, answers) for group in groups},
        false_alarms_on=alarms,
    )


def _share(group: str, bad: dict[str, Case], answers: dict[str, str]) -> str:
    own = [name for name in bad if name.startswith(f"{group}:")]
    return f"{sum(answers[name] != ISSUE for name in own)} of {len(own)}"


def page(rows: Sequence[Row], every: int) -> str:
    """The rows as Markdown."""
    groups = list(rows[0].missed_by_group)
    part = "the whole corpus" if every == 1 else f"every {every}th case of the corpus"
    return "\n".join(
        [
            "# The file gate beside other scanners",
            "",
            f"Written by `python -m benchmarks.file_gate` over {part} in `tests/hostile/cases`, which this project wrote and was tuned",
            "to: read lorascan's own figure as a regression test, and the others' as what they do not look for. Each scanner ran with its",
            "defaults, in a process a case; seconds hold its start, on two cores that other work kept busy.",
            "",
            "| scanner | version | hostile caught | false alarms | no answer | seconds a case, median | largest |",
            "|---|---|---|---|---|---|---|",
            *(
                f"| {row.scanner} | {row.version} | {row.caught} of {row.hostile} ({row.caught / row.hostile:.0%}) "
                f"| {row.false_alarms} of {row.honest} | {row.nothing} | {row.median_seconds} | {row.largest_seconds} |"
                for row in rows
            ),
            "",
            "Hostile cases not caught, by group:",
            "",
            f"| scanner | {' | '.join(groups)} |",
            f"|---|{'---|' * len(groups)}",
            *(f"| {row.scanner} | {' | '.join(row.missed_by_group[group] for group in groups)} |" for row in rows),
            "",
            "Caught means that the scanner reports an issue by its exit code. fickling judges pickles alone, picklescan and modelscan",
            "pickles and archives of them: what they do not look for is no fault of theirs, but it is what an adapter can bring.",
            "",
        ]
    )


def main() -> None:
    """Parse, install, measure, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.file_gate")
    parser.add_argument("--out", type=Path, required=True, help="path without suffix")
    parser.add_argument("--scanners", type=Path, default=Path("build/scanners"))
    parser.add_argument("--every", type=int, default=1, help="take every n-th case only")
    parser.add_argument("--only", nargs="*", default=[each.name for each in SCANNERS])
    given = parser.parse_args()
    scripts = install(given.scanners.resolve())
    bad, good = sample(hostile(), given.every), sample(honest(), given.every)
    rows = []
    for scanner in (each for each in SCANNERS if each.name in given.only):
        row = measure(scanner, scripts, bad, good)
        rows.append(row)
        print(f"{row.scanner}: caught {row.caught} of {row.hostile}, false alarms {row.false_alarms} of {row.honest}", flush=True)
    result = {"every": given.every, "rows": [asdict(row) for row in rows]}
    given.out.with_suffix(".json").write_text(json.dumps(result, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    given.out.with_suffix(".md").write_text(page(rows, given.every), encoding="utf-8")


if __name__ == "__main__":
    main()
