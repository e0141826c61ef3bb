"""Measures the peak memory of a measurement beyond the file it measures (goal M1: 80 MB).

Each case runs in a process of its own: once up to the reading, once with the measurement; the difference of their peaks
is what measuring costs.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

RESULT = Path(__file__).parent / "results" / "memory.json"
GOAL_MB = 80
CASES = {
    "sd15-like, 200 modules of rank 16": (200, 1280, 16),
    "rank 1024": (8, 2048, 1024),
    "rank 4096 on a side of 512": (4, 512, 4096),
    "6,000 modules of rank 4": (6000, 64, 4),
}
"""Modules, width, rank."""


def write(path: Path, modules: int, width: int, rank: int) -> None:
    """A kohya-named float16 adapter of random numbers."""
    from safetensors.numpy import save_file  # noqa: PLC0415

    random = np.random.default_rng(0)
    tensors = {}
    for index in range(modules):
        stem = f"lora_unet_m{index}"
        tensors[f"{stem}.lora_down.weight"] = random.standard_normal((rank, width), dtype=np.float32).astype(np.float16)
        tensors[f"{stem}.lora_up.weight"] = random.standard_normal((width, rank), dtype=np.float32).astype(np.float16)
    save_file(tensors, path)


def peak(path: Path, *, measured: bool) -> float:
    """Peak resident memory in MB of a process that reads the file, and measures it or not."""
    command = [sys.executable, __file__, "--inside", str(path), *(["--measured"] if measured else [])]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def inside(path: Path, *, measured: bool) -> None:
    """What the process of its own does."""
    from lorascan.bases import manifests  # noqa: PLC0415
    from lorascan.dialects import read_adapter  # noqa: PLC0415
    from lorascan.intake import receive, vet_received  # noqa: PLC0415
    from lorascan.settings import DEFAULT  # noqa: PLC0415
    from lorascan.weights import measure  # noqa: PLC0415

    vetted = vet_received(receive(path, DEFAULT.limits), DEFAULT.limits)
    adapter = read_adapter(vetted, manifests())
    if measured:
        measure(adapter, vetted)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    """Measure every case and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=RESULT)
    parser.add_argument("--inside", type=Path)
    parser.add_argument("--measured", action="store_true")
    asked = parser.parse_args()
    if asked.inside:
        inside(asked.inside, measured=asked.measured)
        return
    figures: dict[str, object] = {"goal_mb": GOAL_MB}
    with tempfile.TemporaryDirectory() as name:
        for number, (case, (modules, width, rank)) in enumerate(CASES.items()):
            path = Path(name) / f"{number}.safetensors"
            write(path, modules, width, rank)
            before, after = peak(path, measured=False), peak(path, measured=True)
            figures[case] = {"file_mb": path.stat().st_size / 2**20, "beyond_mb": after - before, "peak_mb": after}
            path.unlink()
    asked.output.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
