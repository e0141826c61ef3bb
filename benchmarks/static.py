"""Times `lorascan audit --policy static` cold, against what no audit can do without.

    python -m benchmarks.static [--megabytes 20] [--large-gigabytes 2] [--runs 5]

Small file: whole processes, wall and CPU seconds, median of the runs. Large files: the audit's time against reading the
same file and taking one SHA-256 of it, interleaved in one run, so that a busy machine slows both alike; beside them the
first part of the audit alone: a private copy of the bytes, and the two digests that every report holds. The files hold
random numbers of a trained adapter's size under the names and shapes of a known base, laid out by name as the safetensors
library does; they lie in the page cache. What no audit of this report can do without is told too: the libraries' start, the
private copy with its two digests, and the multiplications and decompositions of the Gram matrices at the rates that numpy
reaches on one core at that rank, all but the start spread over all cores.
"""

import argparse
import compileall
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command sets for itself

import numpy as np

import lorascan
from lorascan.bases import manifests
from lorascan.intake import receive
from lorascan.settings import DEFAULT

RESULTS = Path(__file__).parent / "results"
CHUNK = 8 * 2**20
SIZES = {"F16": 2, "F32": 4}
LIBRARIES = """
import os
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
import numpy, pydantic, typer
class Settings(pydantic.BaseModel):
    number: int = 1
app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
@app.command()
def run(number: int = 1) -> None:
    Settings(number=number)
app(["--number", "2"])
"""
"""What the libraries of every audit cost before any work."""
GOAL = 0.6
"""Share of the speed of reading and one SHA-256."""


class Case(NamedTuple):
    """What an adapter trains: the linear modules of a base's attention and feed-forward blocks, or every module."""

    family: str
    component: str
    every: bool
    title: str


SMALL = Case("sd15", "unet", every=False, title="SD 1.5, attention and feed-forward")
LARGE = (
    Case("sdxl", "unet", every=False, title="SDXL, attention and feed-forward"),
    Case("sdxl", "unet", every=True, title="SDXL, every module, convolutions too"),
    Case("flux1_dev", "transformer", every=False, title="FLUX.1, attention and feed-forward"),
)


def shapes(case: Case) -> list[tuple[str, tuple[int, ...]]]:
    """Module path and weight shape of every module that the adapter trains."""
    modules = next(each for each in manifests() if each.family == case.family).modules[case.component]
    linear = len(("out", "in"))
    return [(path, shape) for path, shape in modules.items() if case.every or (len(shape) == linear and "transformer_blocks" in path)]


def factors(case: Case, rank: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of both factors of every module."""
    for path, shape in shapes(case):
        yield f"{case.component}.{path}.lora_A.weight", (rank, *shape[1:])
        yield f"{case.component}.{path}.lora_B.weight", (shape[0], rank, *(1 for _ in shape[2:]))


def write(path: Path, case: Case, rank: int, dtype: str) -> int:
    """Write the adapter; numbers repeat after a few MiB, which changes nothing for what is timed. Returns its bytes.

    Small blocks, because a child's peak memory begins at its parent's.
    """
    header: dict[str, Any] = {}
    at = 0
    for name, shape in sorted(factors(case, rank)):
        stop = at + prod(shape) * SIZES[dtype]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, stop]}
        at = stop
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    numbers = np.random.default_rng(0).standard_normal(2**20).astype(f"f{SIZES[dtype]}") * np.float16(0.01)
    block = numbers.astype(f"<f{SIZES[dtype]}").tobytes()
    with path.open("wb") as stream:
        stream.write(len(raw).to_bytes(8, "little") + raw)
        for start in range(0, at, len(block)):
            stream.write(block[: min(len(block), at - start)])
    return path.stat().st_size


def rank_for(case: Case, dtype: str, size: int) -> int:
    """The rank that makes a file of about so many bytes."""
    return max(1, round(size / (SIZES[dtype] * sum(prod(shape) for _, shape in factors(case, 1)))))


def gram_seconds(case: Case, rank: int) -> float:
    """CPU seconds of all Gram matrices, XᵀX of float64 numbers at hand, at the best rate of one core at this rank."""
    rows = 2**18 // rank
    block = np.random.default_rng(0).standard_normal((rank, rows))
    best = float("inf")
    for _ in range(50):
        began = time.process_time()
        np.matmul(block, block.T)
        best = min(best, time.process_time() - began)
    return best * sum(prod(shape) for _, shape in factors(case, rank)) / block.size


def solving_seconds(case: Case, rank: int) -> float:
    """CPU seconds of what follows of the Gram matrices: a Cholesky factor, two products, the eigenvalues; at their best rate."""
    block = np.random.default_rng(0).standard_normal((rank, 4 * rank))
    gram = block @ block.T
    best = float("inf")
    for _ in range(20):
        began = time.process_time()
        lower = np.linalg.cholesky(gram)
        np.linalg.eigvalsh(lower.T @ gram @ lower)
        best = min(best, time.process_time() - began)
    return best * len(shapes(case))


def process(*arguments: str) -> tuple[float, float, int]:
    """Wall seconds, CPU seconds and peak resident bytes of one process of this interpreter; it must end with 0."""
    began = time.perf_counter()
    child = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        message = f"{arguments} ended with {child.returncode}"
        raise SystemExit(message)
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def audit(path: Path) -> tuple[float, float, int]:
    """One cold static audit."""
    return process("-m", "lorascan", "audit", "--policy", "static", "--no-cache", "-f", "json", str(path))


def floor(path: Path) -> tuple[float, float, int]:
    """Read the file and take one SHA-256, in this process: no start-up counts against the audit's rival."""
    digest, began, cpu = hashlib.sha256(), time.perf_counter(), time.process_time()
    buffer = bytearray(CHUNK)
    with path.open("rb", buffering=0) as stream:
        while got := stream.readinto(buffer):
            digest.update(memoryview(buffer)[:got])
    return time.perf_counter() - began, time.process_time() - cpu, CHUNK


def received(path: Path) -> tuple[float, float, int]:
    """A private copy, its SHA-256 and that of the data area, in this process."""
    began, cpu = time.perf_counter(), time.process_time()
    receive(path, DEFAULT.limits)
    return time.perf_counter() - began, time.process_time() - cpu, path.stat().st_size


def medians(runs: int, *jobs: Callable[[], tuple[float, float, int]]) -> list[dict[str, float]]:
    """Each job's median wall, CPU and peak over interleaved runs; one run of each beforehand does not count."""
    taken = [[job() for job in jobs] for _ in range(runs + 1)][1:]
    columns = (zip(*(row[place] for row in taken), strict=True) for place in range(len(jobs)))
    return [dict(zip(("wall", "cpu", "peak"), map(statistics.median, each), strict=True)) for each in columns]


def measure(folder: Path, megabytes: int, gigabytes: float, runs: int) -> dict[str, Any]:
    """Both figures."""
    compileall.compile_dir(Path(lorascan.__file__).parent, quiet=2)  # as an installation does
    small = folder / "small.safetensors"
    small_rank = rank_for(SMALL, "F16", megabytes * 10**6)
    small_size = write(small, SMALL, small_rank, "F16")
    (cold, libraries, numpy, bare) = medians(
        runs, lambda: audit(small), lambda: process("-c", LIBRARIES), lambda: process("-c", "import numpy"), lambda: process("-c", "")
    )
    return {
        "version": lorascan.__version__,
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "small": {"bytes": small_size, "rank": small_rank, "audit": cold, "libraries": libraries, "import numpy": numpy, "python": bare},
        "large": [large(folder / "large.safetensors", each, int(gigabytes * 10**9), max(1, runs // 2), libraries["cpu"]) for each in LARGE],
    }


def large(path: Path, case: Case, size: int, runs: int, start: float) -> dict[str, Any]:
    """The figures of one large file, which is removed again. `start`: seconds that the libraries take to start."""
    rank = rank_for(case, "F32", size)
    size = write(path, case, rank, "F32")
    (whole, first, least) = medians(runs, lambda: audit(path), lambda: received(path), lambda: floor(path))
    path.unlink()
    gram, solving = gram_seconds(case, rank), solving_seconds(case, rank)
    shared = first["cpu"] + gram + solving
    bound = start + max(least["cpu"], shared / len(os.sched_getaffinity(0)))  # one digest cannot be shared out
    return {
        "title": case.title,
        "bytes": size,
        "rank": rank,
        "updates": len(shapes(case)),
        "audit": whole,
        "copy and two digests": first,
        "read and SHA-256": least,
        "gram cpu": gram,
        "solving cpu": solving,
        "bound": {"wall": bound, "cpu": start + shared},
        "share of the floor's speed": least["wall"] / whole["wall"],
        "largest possible share": least["wall"] / bound,
    }


def page(found: dict[str, Any]) -> str:
    """The figures as Markdown."""
    small = found["small"]
    cold = small["audit"]
    large = "\n\n".join(_large(each) for each in found["large"])
    return f"""# The static gate's speed

Written by `python -m benchmarks.static`: lorascan {found["version"]}, Python {found["python"]}, {found["cores"]} cores, load average
{found["load"]:.1f} at the end. A loaded machine lengthens wall times; CPU seconds suffer less.

| {small["bytes"] / 1e6:.0f} MB, SD 1.5 names, rank {small["rank"]}, F16 | wall s | CPU s | peak MB |
|---|---|---|---|
| `lorascan audit --policy static`, a cold process | {cold["wall"]:.2f} | {cold["cpu"]:.2f} | {cold["peak"] / 1e6:.0f} |
| typer, pydantic and numpy, no work | {small["libraries"]["wall"]:.2f} | {small["libraries"]["cpu"]:.2f} | |
| `import numpy` alone, one BLAS thread | {small["import numpy"]["wall"]:.2f} | {small["import numpy"]["cpu"]:.2f} | |
| Python alone | {small["python"]["wall"]:.2f} | {small["python"]["cpu"]:.2f} | |

The goals are 1 s wall on a quiet machine and 0.7 s CPU.

## Large files

The goal is 60 % of the speed of reading the file and taking one SHA-256. What the audit does beside: a second digest (AutoV3), a
copy that nobody else can change, two passes over the numbers, and an exact spectrum of every update in float64, whose cost grows
with the rank. The bound is what no program can go below that tells the same numbers with these libraries: their start on one
core, then the copy with its two digests, the multiplications of the Gram matrices (half of them, since they are symmetric) and
what gives their eigenvalues, spread evenly over all cores; names, decoding, the search for bad numbers and for twins, findings
and report for nothing. Two digests alone take 60 % of the goal's time on two cores; in float32, which is twice as fast, a Gram
matrix errs by 2e-4 of the largest singular value where 1e-8 is promised.

{large}
"""


def _large(found: dict[str, Any]) -> str:
    whole, least, first, bound = found["audit"], found["read and SHA-256"], found["copy and two digests"], found["bound"]
    title = f"{found['bytes'] / 1e9:.2f} GB, {found['title']}: {found['updates']} updates of rank {found['rank']}, F32"
    share, most = found["share of the floor's speed"], found["largest possible share"]
    parts = f"Gram matrices {found['gram cpu']:.2f} and eigenvalues {found['solving cpu']:.2f} CPU s"
    met = "met" if share >= GOAL else "missed" if most >= GOAL else "out of reach on this machine"
    return f"""| {title} | wall s | CPU s | peak MB |
|---|---|---|---|
| `lorascan audit --policy static` | {whole["wall"]:.2f} | {whole["cpu"]:.2f} | {whole["peak"] / 1e6:.0f} |
| of that, the private copy with SHA-256 and AutoV3 | {first["wall"]:.2f} | {first["cpu"]:.2f} | |
| reading it and one SHA-256 | {least["wall"]:.2f} | {least["cpu"]:.2f} | |
| bound: start, copy, two SHA-256, {parts} | {bound["wall"]:.2f} | {bound["cpu"]:.2f} | |

It runs at {share:.0%} of that speed, of at most {most:.0%} that the bound leaves: the goal is {met}."""


def main() -> None:
    """Measure, write JSON and Markdown, print the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=20)
    parser.add_argument("--large-gigabytes", type=float, default=2.0)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), asked.megabytes, asked.large_gigabytes, asked.runs)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "static.json").write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    (RESULTS / "static.md").write_text(page(found), encoding="utf-8")
    print(page(found))


if __name__ == "__main__":
    main()
