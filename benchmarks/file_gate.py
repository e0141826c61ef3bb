"""Runs other scanners and lorascan's file gate over the same corpus, side by side.

    python -m benchmarks.file_gate --out benchmarks/results/file-gate --scanners VENV

Scanners are installed into the virtual environment VENV, which is made where it is missing, from the package registry that the
machine is set up with. Each case of `tests/hostile/cases` is laid down as a file or folder; each scanner gets its path as a user
would give it, in a process of its own, which is forked from one that has imported the scanner (`forked.py`): a start takes some of
them longer than the file. Every `--cold`-th case is asked again from a cold start; the seconds are those. Caught: a hostile case for
which the scanner reports an issue by its exit code; fickling, whose answer is a severity, by any of its `--json-output` above
LIKELY_SAFE. False alarm: the same for an honest case. A crash, a timeout, an unsupported file and an empty scan catch nothing. lorascan
is asked with `audit --policy static`: a case counts as caught unless it is admitted, and as a false alarm unless it is.

Each answer is kept in a ledger (`--ledger`) by scanner, its version and the digest of the case: a run that was stopped, or whose scanner
had used up its `--budget`, goes on where it was. A case that takes longer than `--timeout` has no answer.
"""

import argparse
import contextlib
import hashlib
import importlib.metadata
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

TIMEOUT, BUDGET = 30.0, 600.0  # seconds a case, and seconds that one scanner may take in one run
ISSUE, CLEAN, NOTHING = "issue", "clean", "nothing"
"""What a scanner said of a case; NOTHING: it crashed, hung, or scanned no file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """A command line, and what its exit codes mean.

    The command is made of the scripts' folder, the case's path and the place of a result file. `told` reads what the scanner said
    from that file instead of its exit code.
    """

    name: str
    command: Callable[[Path, Path, Path], list[str]]
    issue: tuple[int, ...] = (1,)
    clean: tuple[int, ...] = (0,)
    packages: tuple[str, ...] = ()
    own: int = 1
    """Words of the command that name the program, before its arguments."""
    told: Callable[[Path], str] | None = None


def severities(result: Path) -> str:
    """What fickling's result file says: one JSON object a pickle of the file, one behind the other; above LIKELY_SAFE is an issue."""
    text, found, at = result.read_text(encoding="utf-8", errors="replace") if result.exists() else "", [], 0
    try:
        while text[at:].strip():
            value, end = json.JSONDecoder().raw_decode(text[at:].lstrip())
            at += len(text[at:]) - len(text[at:].lstrip()) + end
            found.append(value["severity"])
    except ValueError:
        return NOTHING
    return NOTHING if not found else CLEAN if set(found) == {"LIKELY_SAFE"} else ISSUE


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
        command=lambda _, path, _result: [sys.executable, "-m", "lorascan", "audit", str(path), "--policy", "static", "-q"],
        issue=(1, 3, 4, 5),
        own=3,
    ),
    Scanner(
        name="modelaudit",
        command=lambda bin_, path, _: [str(bin_ / "modelaudit"), "scan", "--no-cache", "--quiet", str(path)],
        packages=("modelaudit",),
    ),
    Scanner(
        name="picklescan",
        command=lambda bin_, path, _: [str(bin_ / "picklescan"), "--path", str(path)],
        packages=("picklescan",),
    ),
    Scanner(
        name="modelscan",
        command=lambda bin_, path, _: [str(bin_ / "modelscan"), "-p", str(path)],
        packages=("modelscan",),
    ),
    Scanner(
        name="fickling",
        command=lambda bin_, path, result: [str(bin_ / "fickling"), "--check-safety", "--json-output", str(result), str(path)],
        packages=("fickling",),
        told=severities,
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
    """The installed version; lorascan's with a digest of its sources, so that answers of older ones do not count."""
    if not scanner.packages:
        sources = sorted((Path(__file__).parent.parent / "lorascan").rglob("*.py"))
        told = hashlib.sha256(b"".join(each.read_bytes() for each in sources)).hexdigest()[:8]
        return f"{importlib.metadata.version(scanner.name)}+{told}"
    program = f"import importlib.metadata as m; print(m.version({scanner.name!r}))"
    return subprocess.run([str(scripts / "python"), "-c", program], check=True, capture_output=True, text=True).stdout.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One line of the ledger. `case` is the digest of the case's files; seconds are wall time without the scanner's start."""

    scanner: str
    version: str
    case: str
    said: str
    seconds: float


def digest(case: Case) -> str:
    """SHA-256 of what the case lays down."""
    parts = sorted((name, content if isinstance(content, bytes) else content.target.encode()) for name, content in case.files.items())
    whole = hashlib.sha256(case.target.encode("utf-8", "surrogateescape"))
    for name, content in parts:
        whole.update(name.encode("utf-8", "surrogateescape") + b"\0" + hashlib.sha256(content).digest())
    return whole.hexdigest()


def kept(ledger: Path) -> dict[tuple[str, str, str], Answer]:
    """The answers of earlier runs; a line that was cut off is left out."""
    if not ledger.exists():
        return {}
    lines = [line for line in ledger.read_text(encoding="utf-8").split("\n") if line.endswith("}")]
    answers = [Answer(**json.loads(line)) for line in lines]
    return {(each.scanner, each.version, each.case): each for each in answers}


class Fork:
    """A process that has imported a scanner and forks a child for each case; started at the first case."""

    def __init__(self, scanner: Scanner, scripts: Path) -> None:
        """Remember what to start."""
        self.scanner, self.scripts = scanner, scripts
        self.process: subprocess.Popen[str] | None = None

    def started(self) -> subprocess.Popen[str]:
        """The process, warmed with an honest adapter; `forked.py` says what it answers."""
        if self.process is None:
            python = sys.executable if not self.scanner.packages else str(self.scripts / "python")
            warm = laid_down(next(iter(honest().values())), Path(tempfile.mkdtemp(prefix="file-gate-warm-")))
            program = [python, str(Path(__file__).parent / "forked.py"), self.scanner.name]
            arguments = self.scanner.command(self.scripts, warm, warm.parent / "result.json")[self.scanner.own :]
            self.process = subprocess.Popen(
                [*program, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environment(),
            )
        return self.process

    def asked(self, path: Path, result: Path, timeout: float) -> tuple[int | None, float, bool]:
        """Exit code, wall seconds, whether there was a traceback."""
        process = self.started()
        arguments = self.scanner.command(self.scripts, path, result)[self.scanner.own :]
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"arguments": arguments, "folder": str(path.parent), "seconds": timeout}) + "\n")
        process.stdin.flush()
        told = json.loads(process.stdout.readline())
        return told["code"], told["seconds"], told["traceback"]

    def close(self) -> None:
        """End the process, if there is one."""
        if self.process is not None:
            self.process.communicate()


def environment() -> dict[str, str]:
    """The scanners' environment: no colour, nothing sent home."""
    return {**os.environ, "NO_COLOR": "1", "PROMPTFOO_DISABLE_TELEMETRY": "1", "NO_ANALYTICS": "1"}


def said(fork: Fork, path: Path, timeout: float) -> tuple[str, float]:
    """What the scanner says of a path, and how long it took once it was imported."""
    scanner, work = fork.scanner, Path(tempfile.mkdtemp(prefix="file-gate-told-"))
    try:
        code, taken, traceback = fork.asked(path, work / "result.json", timeout)
        told = scanner.told(work / "result.json") if scanner.told else ""
    finally:
        shutil.rmtree(work)
    if traceback:  # Python ends with 1 then, which is no finding
        return NOTHING, taken
    if scanner.told:
        return told, taken
    return (ISSUE if code in scanner.issue else CLEAN if code in scanner.clean else NOTHING), taken


def cold(scanner: Scanner, run: "Run", cases: dict[str, Case]) -> list[float]:
    """Wall seconds of the scanner over each case, its start included, in order of size."""
    taken = []
    for case in cases.values():
        folder = Path(tempfile.mkdtemp(prefix="file-gate-"))
        path = laid_down(case, folder)
        command = scanner.command(run.scripts, path, folder / "told.json")
        began = time.perf_counter()
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(
                command, capture_output=True, timeout=run.timeout, check=False, env=environment(), stdin=subprocess.DEVNULL, cwd=path.parent
            )
        taken.append(time.perf_counter() - began)
        shutil.rmtree(folder)
    return sorted(taken)


def sample(cases: dict[str, Case], every: int) -> dict[str, Case]:
    """Every n-th case, in order: the same for all scanners."""
    return {name: case for number, (name, case) in enumerate(cases.items()) if number % every == 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run may take, and where its answers go."""

    scripts: Path
    ledger: Path
    timeout: float
    budget: float
    cold: int


def answers(scanner: Scanner, run: Run, cases: dict[str, Case]) -> dict[str, Answer]:
    """Case name → the scanner's answer, from the ledger or asked now, in order until the budget is used up."""
    known, own = kept(run.ledger), version(scanner, run.scripts)
    found: dict[str, Answer] = {}
    began, fork = time.perf_counter(), Fork(scanner, run.scripts)
    for name, case in cases.items():
        key = (scanner.name, own, digest(case))
        if key not in known and time.perf_counter() - began < run.budget:
            folder = Path(tempfile.mkdtemp(prefix="file-gate-"))
            told, taken = said(fork, laid_down(case, folder), run.timeout)
            shutil.rmtree(folder)
            known[key] = Answer(scanner=scanner.name, version=own, case=key[2], said=told, seconds=round(taken, 3))
            run.ledger.parent.mkdir(parents=True, exist_ok=True)
            with run.ledger.open("a", encoding="utf-8") as stream:
                stream.write("\n" + json.dumps(asdict(known[key])))
        if key in known:
            found[name] = known[key]
    fork.close()
    return found


def measure(scanner: Scanner, run: Run, bad: dict[str, Case], good: dict[str, Case]) -> Row | None:
    """One scanner over all cases that it has answered; None where it has answered none."""
    found = answers(scanner, run, {**bad, **good})
    bad, good = ({name: case for name, case in cases.items() if name in found} for cases in (bad, good))
    if not bad:
        return None
    told = {name: each.said for name, each in found.items()}
    times = cold(scanner, run, sample({**bad, **good}, run.cold))
    alarms = [name for name in good if told[name] == ISSUE]
    return Row(
        scanner=scanner.name,
        version=next(each.version for each in found.values()),
        hostile=len(bad),
        caught=sum(told[name] == ISSUE for name in bad),
        honest=len(good),
        false_alarms=len(alarms),
        nothing=sum(each == NOTHING for each in told.values()),
        median_seconds=round(times[len(times) // 2], 2),
        largest_seconds=round(times[-1], 2),
        missed_by_group={group: _share(group, bad, told) for group in sorted({name.partition(":")[0] for name in bad})},
        false_alarms_on=alarms,
    )


def _share(group: str, bad: dict[str, Case], answers: dict[str, str]) -> str:
    own = [name for name in bad if name.startswith(f"{group}:")]
    return f"{sum(answers[name] != ISSUE for name in own)} of {len(own)}"


def page(rows: Sequence[Row], every: int, cold: int) -> str:
    """The rows as Markdown."""
    groups = sorted({group for row in rows for group in row.missed_by_group})
    part = "the whole corpus" if every == 1 else f"every {every}th case of the corpus"
    return "\n".join(
        [
            "# The file gate beside other scanners",
            "",
            f"Written by `python -m benchmarks.file_gate` over {part} in `tests/hostile/cases`, which this project wrote and was tuned",
            "to: read lorascan's own figure as a regression test, and the others' as what they do not look for. Each scanner ran with its",
            "defaults, in a process a case. Seconds are wall time from a cold start, one after the other, on every",
            f"{cold}th of those cases.",
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
            *(f"| {row.scanner} | {' | '.join(row.missed_by_group.get(group, '–') for group in groups)} |" for row in rows),
            "",
            "Caught means that the scanner reports an issue by its exit code; fickling, that it gives a severity above LIKELY_SAFE.",
            "fickling judges pickles alone and calls what is none, safetensors files too, likely unsafe; picklescan and modelscan judge",
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
    parser.add_argument("--ledger", type=Path, default=Path("build/file-gate.jsonl"), help="where answers are kept")
    parser.add_argument("--timeout", type=float, default=TIMEOUT, help="seconds a case")
    parser.add_argument("--budget", type=float, default=BUDGET, help="seconds a scanner in this run")
    parser.add_argument("--cold", type=int, default=40, help="time every n-th case from a cold start")
    parser.add_argument("--only", nargs="*", default=[each.name for each in SCANNERS])
    given = parser.parse_args()
    run = Run(scripts=install(given.scanners.resolve()), ledger=given.ledger, timeout=given.timeout, budget=given.budget, cold=given.cold)
    bad, good = sample(hostile(), given.every), sample(honest(), given.every)
    rows = []
    for scanner in (each for each in SCANNERS if each.name in given.only):
        row = measure(scanner, run, bad, good)
        if row is None:
            print(f"{scanner.name}: no answer yet", flush=True)
            continue
        rows.append(row)
        print(f"{row.scanner}: caught {row.caught} of {row.hostile}, false alarms {row.false_alarms} of {row.honest}", flush=True)
    if not rows:
        return
    result = {"every": given.every, "rows": [asdict(row) for row in rows]}
    given.out.with_suffix(".json").write_text(json.dumps(result, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    given.out.with_suffix(".md").write_text(page(rows, given.every, given.cold), encoding="utf-8")


if __name__ == "__main__":
    main()
