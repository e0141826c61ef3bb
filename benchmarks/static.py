"""Times `lorascan audit --policy static` cold, against what no audit can do without.

    python -m benchmarks.static [--megabytes 20] [--large-gigabytes 2] [--runs 5]

Small file: whole processes, wall and CPU seconds, median of the runs. Large file: the audit's time against reading the
same file and taking one SHA-256 of it, interleaved in one run, so that a busy machine slows both alike; beside them the
first part of the audit alone: a private copy of the bytes, and the two digests that every report holds. The files hold
random numbers of a trained adapter's size under the names and shapes of a known base, laid out by name as the safetensors
library does; they lie in the page cache.
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
from typing import Any

import numpy as np

import lorascan
from lorascan.bases import manifests
from lorascan.intake import receive
from lorascan.settings import DEFAULT

RESULTS = Path(__file__).parent / "results"
CHUNK = 8 * 2**20
SIZES = {"F16": 2, "F32": 4}


def factors(family: str, rank: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of both factors for every linear module of attention and feed-forward blocks."""
    modules = next(each for each in manifests() if each.family == family).modules["unet"]
    for path, shape in modules.items():
        if len(shape) == len(("out", "in")) and "transformer_blocks" in path:
            yield f"unet.{path}.lora_A.weight", (rank, shape[1])
            yield f"unet.{path}.lora_B.weight", (shape[0], rank)


def write(path: Path, family: str, rank: int, dtype: str) -> int:
    """Write the adapter; numbers repeat after a few MiB, which changes nothing for what is timed. Returns its bytes.

    Small blocks, because a child's peak memory begins at its parent's.
    """
    header: dict[str, Any] = {}
    at = 0
    for name, shape in sorted(factors(family, rank)):
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


def rank_for(family: str, dtype: str, size: int) -> int:
    """The rank that makes a file of about so many bytes."""
    return max(1, round(size / (SIZES[dtype] * sum(prod(shape) for _, shape in factors(family, 1)))))


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
    small, large = folder / "small.safetensors", folder / "large.safetensors"
    small_rank = rank_for("sd15", "F16", megabytes * 10**6)
    small_size = write(small, "sd15", small_rank, "F16")
    (cold, numpy, bare) = medians(runs, lambda: audit(small), lambda: process("-c", "import numpy"), lambda: process("-c", ""))
    large_rank = rank_for("sdxl", "F32", int(gigabytes * 10**9))
    large_size = write(large, "sdxl", large_rank, "F32")
    (whole, first, least) = medians(max(1, runs // 2), lambda: audit(large), lambda: received(large), lambda: floor(large))
    return {
        "version": lorascan.__version__,
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "small": {"bytes": small_size, "rank": small_rank, "audit": cold, "import numpy": numpy, "python": bare},
        "large": {
            "bytes": large_size,
            "rank": large_rank,
            "audit": whole,
            "copy and two digests": first,
            "read and SHA-256": least,
            "share of the floor's speed": least["wall"] / whole["wall"],
        },
    }


def page(found: dict[str, Any]) -> str:
    """The figures as Markdown."""
    small, large = found["small"], found["large"]
    cold, whole, least = small["audit"], large["audit"], large["read and SHA-256"]
    first = large["copy and two digests"]
    return f"""# The static gate's speed

Written by `python -m benchmarks.static`: lorascan {found["version"]}, Python {found["python"]}, {found["cores"]} cores, load average
{found["load"]:.1f} at the end. A loaded machine lengthens wall times; CPU seconds suffer less.

| {small["bytes"] / 1e6:.0f} MB, SD 1.5 names, rank {small["rank"]}, F16 | wall s | CPU s | peak MB |
|---|---|---|---|
| `lorascan audit --policy static`, a cold process | {cold["wall"]:.2f} | {cold["cpu"]:.2f} | {cold["peak"] / 1e6:.0f} |
| `import numpy` alone | {small["import numpy"]["wall"]:.2f} | {small["import numpy"]["cpu"]:.2f} | |
| Python alone | {small["python"]["wall"]:.2f} | {small["python"]["cpu"]:.2f} | |

| {large["bytes"] / 1e9:.2f} GB, SDXL names, rank {large["rank"]}, F32 | wall s | CPU s | peak MB |
|---|---|---|---|
| `lorascan audit --policy static` | {whole["wall"]:.2f} | {whole["cpu"]:.2f} | {whole["peak"] / 1e6:.0f} |
| of that, the private copy with SHA-256 and AutoV3 | {first["wall"]:.2f} | {first["cpu"]:.2f} | |
| reading it and one SHA-256 | {least["wall"]:.2f} | {least["cpu"]:.2f} | |

The large audit runs at {large["share of the floor's speed"]:.0%} of the speed of reading the file and taking one SHA-256; the goal is 60 %.
What it does beside: a second digest (AutoV3), a copy that nobody else can change, two passes over the numbers, and an exact
spectrum of every update in float64, whose cost grows with the rank. The goals for the small file are 1 s wall on a quiet machine
and 0.7 s CPU.
"""


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
