"""Measures many audits in one call: memory that must not grow with their number, what the cache spares, what a kill costs.

    python -m benchmarks.fleet [--files 2000] [--few 200] [--modules 16]
    python -m benchmarks.fleet --killed       # the same files: killed when half of the results are kept, then run again
    python -m benchmarks.fleet --whole        # one audit with every stage and picture, from the cache, and anew: minutes

The first writes `files` small adapters and audits `few` and all of them under the static policy, each in a process of its own
with a text report on stdout and JSON and SARIF files, first without any kept result, then from the cache. The last also compares
the bytes of the JSON reports of two whole audits under SOURCE_DATE_EPOCH. Each writes
into results/fleet.json and leaves what the others have written there.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import lorascan
from lorascan.bases import manifests

RESULT = Path(__file__).parent / "results" / "fleet.json"
GROWTH_MB = 16
"""Goal: the most by which the peak may grow from few files to all."""
WHOLE_RATIO = 20
"""Goal: an audit with pictures comes from the cache so many times faster."""
ADAPTER = Path(lorascan.__file__).parent / "lab" / "assets" / "adapters" / "poisoned_unet-dev-6.safetensors"


def write_many(folder: Path, files: int, modules: int) -> None:
    """So many different adapters of rank 1 under SD 1.5's names."""
    from safetensors.numpy import save  # noqa: PLC0415 - the children need no memory of it

    shapes = list(islice(_linear("sd15"), modules))
    random = np.random.default_rng(0)
    for number in range(files):
        tensors = {}
        for path, (out, into) in shapes:
            tensors[f"unet.{path}.lora_A.weight"] = (0.01 * random.standard_normal((1, into))).astype(np.float16)
            tensors[f"unet.{path}.lora_B.weight"] = (0.01 * random.standard_normal((out, 1))).astype(np.float16)
        (folder / f"{number:05}.safetensors").write_bytes(save(tensors))


def _linear(family: str) -> Iterator[tuple[str, tuple[int, int]]]:
    modules = next(each for each in manifests() if each.family == family).modules["unet"]
    for path, shape in modules.items():
        if len(shape) == 2 and "attn" in path:
            yield path, (shape[0], shape[1])


def command_for(target: Path, out: Path) -> list[str]:
    """An audit of a file or folder whose JSON report comes into `out`."""
    return [sys.executable, "-m", "lorascan", "audit", str(target), "--exit-zero", "-o", str(out / "all.json")]


def audited(target: Path, out: Path, cache: Path, *more: str, **variables: str) -> dict[str, float]:
    """One call over a file or folder: wall and CPU seconds, and the peak resident MB of its largest process."""
    command = command_for(target, out)
    began = time.perf_counter()
    with (out / "stdout").open("wb") as stdout:
        environment = {**os.environ, "LORASCAN_CACHE_DIR": str(cache), **variables}
        child = subprocess.Popen([*command, *more], stdout=stdout, env=environment)
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        message = f"the audit of {target} ended with {child.returncode}"
        raise SystemExit(message)
    return {
        "wall_s": round(time.perf_counter() - began, 2),
        "cpu_s": round(used.ru_utime + used.ru_stime, 2),
        "peak_mb": round(used.ru_maxrss / 1024, 1),
    }


def fleet(files: int, few: int, modules: int) -> dict[str, Any]:
    """Few and all files, each cold and from the cache."""
    found: dict[str, Any] = {"modules_each": modules, "files": {}}
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "all").mkdir()
        (work / "few").mkdir()
        write_many(work / "all", files, modules)
        for each in islice(sorted((work / "all").iterdir()), few):
            (work / "few" / each.name).hardlink_to(each)
        for folder, amount in (("few", few), ("all", files)):
            cache = work / f"cache of {folder}"
            static = ("--policy", "static", "-o", str(work / "all.sarif"))
            runs = {run: audited(work / folder, work, cache, *static) for run in ("cold", "from the cache")}
            kept = json.loads((work / "all.json").read_bytes())
            if len(kept) != amount or not all(each["cached"] for each in kept):
                message = f"of {amount} results {sum(bool(each['cached']) for each in kept)} came from the cache"
                raise SystemExit(message)
            found["files"][str(amount)] = runs
    grown = {run: found["files"][str(files)][run]["peak_mb"] - found["files"][str(few)][run]["peak_mb"] for run in runs}
    return found | {"growth_mb": {run: round(each, 1) for run, each in grown.items()}, "goal_growth_mb": GROWTH_MB}


def killed(files: int, modules: int) -> dict[str, Any]:
    """All files, killed without warning when half of the results are kept, then again: what was done is not done anew."""
    static = ("--policy", "static")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "all").mkdir()
        write_many(work / "all", files, modules)
        environment = {**os.environ, "LORASCAN_CACHE_DIR": str(work / "cache")}
        child = subprocess.Popen([*command_for(work / "all", work), *static], stdout=subprocess.DEVNULL, env=environment)
        while child.poll() is None and kept(work / "cache") < files // 2:
            time.sleep(0.1)
        child.kill()
        ended = child.wait()
        before, left = kept(work / "cache"), (work / "all.json").exists()
        again = audited(work / "all", work, work / "cache", *static)
        told = json.loads((work / "all.json").read_bytes())
    found = {
        "files": files,
        "killed_with": ended,
        "kept_when_killed": before,
        "half_written_report": left,
        "reports_after": len(told),
        "from_the_cache_after": sum(bool(each["cached"]) for each in told),
        "decisions_after": sorted({each["verdict"]["decision"] for each in told}),
        "again": again,
    }
    if ended != -signal.SIGKILL or len(told) != files or found["from_the_cache_after"] != before:
        message = f"the run did not go on where it was: {found}"
        raise SystemExit(message)
    return found


def kept(cache: Path) -> int:
    """How many results a cache holds."""
    return len(list(cache.glob("*/*.json")))


def whole() -> dict[str, Any]:
    """One adapter with every stage and its page of pictures: cold, from the cache, and a second time without one.

    The JSON of the two whole audits, both under SOURCE_DATE_EPOCH, is compared byte for byte.
    """
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        page, steady = ("-o", str(work / "page.html")), {"SOURCE_DATE_EPOCH": "1700000000"}
        cold = audited(ADAPTER, work, work / "cache", *page, **steady)
        first = (work / "all.json").read_bytes()
        told = json.loads(first)
        again = audited(ADAPTER, work, work / "cache", *page)
        if told["verdict"]["decision"] == "undecided" or not json.loads((work / "all.json").read_bytes())["cached"]:
            message = f"the first run was {told['verdict']['decision']}; the second did not come from the cache"
            raise SystemExit(message)
        audited(ADAPTER, work, work / "cache", *page, LORASCAN_CACHE="false", **steady)
        second = (work / "all.json").read_bytes()
    return {
        "adapter": ADAPTER.stem,
        "cold": cold,
        "from the cache": again,
        "ratio_wall": round(cold["wall_s"] / again["wall_s"], 1),
        "goal_ratio": WHOLE_RATIO,
        "two_runs_identical": first == second,
        "json_bytes": len(first),
    }


def main() -> None:
    """Measure, write what was measured beside what stands there, print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--few", type=int, default=200)
    parser.add_argument("--modules", type=int, default=16)
    parser.add_argument("--whole", action="store_true", help="the audit with pictures instead")
    parser.add_argument("--killed", action="store_true", help="a run that is killed in its middle instead")
    parser.add_argument("--output", type=Path, default=RESULT)
    asked = parser.parse_args()
    if asked.whole:
        found = {"whole": whole()}
    elif asked.killed:
        found = {"killed": killed(asked.files, asked.modules)}
    else:
        found = {"static": fleet(asked.files, asked.few, asked.modules)}
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    for each in found.values():
        each["machine"] = machine
    before = json.loads(asked.output.read_text(encoding="utf-8")) if asked.output.exists() else {}
    text = json.dumps(before | found, indent=1, sort_keys=True) + "\n"
    asked.output.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
