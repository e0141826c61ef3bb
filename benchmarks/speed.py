"""Times the spectra against peers' methods, and the whole of `lorascan inspect`.

Ratios in one run, CPU time on one core, in turns; synthetic files of true shapes. Peers: `svdvals` of the formed ΔW in
float32 (sampled by shape and extrapolated), QR of both factors in float32 as resizing tools do; and as whole processes on
one PEFT-named folder gradience's audit and adaptersentry's scan, from an environment of their own:

    python -m venv build/peers
    build/peers/bin/pip install adaptersentry==2.0.2 gradience==0.11.0

lorascan's modules are compiled beforehand, as an installation compiles the peers'. Floors: reading the file from the page
cache; a pass over the bytes in memory; and the first of them with the multiplications of the Gram matrices at the measured
rate of a matrix product.
"""

import argparse
import compileall
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import lorascan
from lorascan.bases import manifests
from lorascan.core.adapter import Adapter, VettedFile
from lorascan.dialects import read_adapter
from lorascan.intake import receive, vet_received
from lorascan.settings import DEFAULT
from lorascan.weights import measure

RESULT = Path(__file__).parent / "results" / "speed.json"
CASES = {"sd15_r16": ("sd15", "unet", 16), "sdxl_r32": ("sdxl", "unet", 32), "flux_r16": ("flux1_dev", "transformer", 16)}
GOALS = {
    "naive_svdvals": "P1: at least 500, on sd15_r16",
    "qr_float32": "P2: at least 2, each case",
    "gradience_audit": "P2: at least 3.5, whole processes",
    "adaptersentry_scan": "P2: at least 3, whole processes",
    "read_floor": "P3: at most 10 at rank 16 and below",
    "combined_floor": "P3: at most 6.5, each case",
    "inspect_cpu_s": "P5: at most 0.6 up to 57 MB",
    "A1_worst_error": "A1: at most 1e-8",
    "A2_subnormal_over_normal": "A2: at most 2",
    "P6_audit_static_wall_s": "P6: below 1 on a quiet machine",
}
PEERS = Path(__file__).parent.parent / "build" / "peers" / "bin"
SAMPLED = 1
"""Modules of each shape whose ΔW the naive method really forms."""


def shapes(family: str, component: str) -> list[tuple[str, tuple[int, int]]]:
    """The attention and feed-forward modules of a base, as most adapters train them."""
    manifest = next(each for each in manifests() if each.family == family)
    return [
        (path, (shape[0], shape[1]))
        for path, shape in manifest.modules[component].items()
        if len(shape) == 2 and ("attn" in path or ".ff" in path or "proj_mlp" in path)
    ]


def write(path: Path, component: str, modules: list[tuple[str, tuple[int, int]]], rank: int, entry: float = 0.02) -> None:
    """A PEFT-named float16 adapter of random numbers of this size."""
    from safetensors.numpy import save_file  # noqa: PLC0415

    random = np.random.default_rng(0)
    tensors = {}
    for name, (out, width) in modules:
        tensors[f"{component}.{name}.lora_A.weight"] = (entry * random.standard_normal((rank, width), dtype=np.float32)).astype(np.float16)
        tensors[f"{component}.{name}.lora_B.weight"] = (entry * random.standard_normal((out, rank), dtype=np.float32)).astype(np.float16)
    save_file(tensors, path)


def opened(path: Path) -> tuple[Adapter, VettedFile]:
    """The adapter, read and not measured."""
    vetted = vet_received(receive(path, DEFAULT.limits), DEFAULT.limits)
    return read_adapter(vetted, manifests()), vetted


def seconds(work: Callable[[], object], repeats: int) -> float:
    """The smallest CPU time of several runs."""
    best = float("inf")
    for _ in range(repeats):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


def factors32(vetted: VettedFile, adapter: Adapter) -> list[tuple[np.ndarray, np.ndarray]]:
    """(A, B) of every update as float32 arrays."""

    def array(span: object) -> np.ndarray:
        start, shape = span.start, span.shape  # type: ignore[attr-defined]
        return np.frombuffer(vetted.content, dtype="<f2", count=int(np.prod(shape)), offset=start).reshape(shape).astype(np.float32)

    return [(array(each.tensors[0]), array(each.tensors[1])) for each in adapter.updates]


def in_turns(repeats: int, **works: Callable[[], object]) -> dict[str, float]:
    """The smallest CPU time of each piece of work, all of them in turns."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(repeats):
        for name, work in works.items():
            best[name] = min(best[name], seconds(work, 1))
    return best


def by_qr(arrays: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """Singular values from QR of both factors, in float32; decoding is not counted."""
    for down, up in arrays:
        r_up, r_down = np.linalg.qr(up, mode="r"), np.linalg.qr(down.T, mode="r")
        np.linalg.svd(r_up @ r_down.T, compute_uv=False)


def naive(arrays: list[tuple[np.ndarray, np.ndarray]], adapter: Adapter) -> float:
    """CPU seconds of svdvals of every formed ΔW, extrapolated from `SAMPLED` modules of each shape."""
    counts = Counter(each.shape for each in adapter.updates)
    pairs = dict(zip([each.shape for each in adapter.updates], arrays, strict=True))
    total = 0.0
    for shape, count in counts.items():
        down, up = pairs[shape]
        total += count * seconds(lambda down=down, up=up: np.linalg.svd(up @ down, compute_uv=False), SAMPLED)
    return total


def gemm_rate() -> float:
    """Multiply-adds a second of a float64 matrix product."""
    one = np.random.default_rng(0).standard_normal((512, 512))
    return 512**3 / seconds(lambda: one @ one, 5)


def case(folder: Path, name: str, *, repeats: int, with_naive: bool) -> dict[str, float]:
    """The figures of one file."""
    family, component, rank = CASES[name]
    path = folder / f"{name}.safetensors"
    write(path, component, shapes(family, component), rank)
    adapter, vetted = opened(path)
    arrays = factors32(vetted, adapter)
    whole = np.frombuffer(vetted.content, dtype=np.uint8)
    best = in_turns(
        repeats,
        ours=lambda: measure(adapter, vetted),
        qr=lambda: by_qr(arrays),
        read=path.read_bytes,
        passed=lambda: whole[: whole.size // 8 * 8].view(np.int64).max(),
    )
    ours = best["ours"]
    flops = sum(rank * rank * sum(each.shape) for each in adapter.updates)
    figures = {
        "modules": len(adapter.updates),
        "megabytes": path.stat().st_size / 1e6,
        "lorascan_cpu_s": ours,
        "qr_float32": best["qr"] / ours,
        "read_floor": ours / best["read"],
        "pass_floor": ours / best["passed"],
        "combined_floor": ours / (best["read"] + flops / gemm_rate()),
    }
    if with_naive:
        figures["naive_svdvals"] = naive(arrays, adapter) / ours
    return figures


def subnormals(folder: Path, repeats: int) -> float:
    """A2: CPU time of a file all of subnormal numbers, over that of a normal one."""
    times = []
    for name, entry in (("normal", 0.02), ("subnormal", 1e-6)):
        path = folder / f"{name}.safetensors"
        write(path, "unet", shapes("sd15", "unet")[:100], 16, entry)
        adapter, vetted = opened(path)
        times.append(seconds(lambda adapter=adapter, vetted=vetted: measure(adapter, vetted), repeats))
    return times[1] / times[0]


def accuracy() -> float:
    """A1: the largest error of a singular value, as a share of the largest one, over factors of condition up to 1e16."""
    from lorascan.weights.factors import Formed  # noqa: PLC0415
    from lorascan.weights.spectra import singular_values  # noqa: PLC0415

    worst = 0.0
    for condition in (1e0, 1e2, 1e4, 1e6, 1e8, 1e12, 1e16):
        random = np.random.default_rng(1)
        scale = np.geomspace(1, 1 / condition, 16)
        down, up = random.standard_normal((300, 16)) * scale, random.standard_normal((200, 16)) * scale[::-1]
        (found,) = singular_values([(Formed(matrix=down, unit=1.0), Formed(matrix=up, unit=1.0))])
        exact = np.linalg.svd(np.linalg.qr(up, mode="r") @ np.linalg.qr(down, mode="r").T, compute_uv=False)
        worst = max(worst, float(np.abs(found - exact).max() / exact[0]))
    return worst


def process_seconds(*commands: list[str], repeats: int) -> list[float]:
    """The smallest CPU seconds of each command as a whole cold process, in turns; NaN for one that fails."""
    best = [float("inf")] * len(commands)
    for _ in range(repeats):
        for index, command in enumerate(commands):
            began = os.times()
            done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            ended = os.times()
            if done.returncode:
                best[index] = float("nan")
                continue
            best[index] = min(best[index], ended.children_user + ended.children_system - began.children_user - began.children_system)
    return best


def ratio(peer: float, ours: float) -> float | None:
    """The peer's time over lorascan's, None where the peer failed."""
    return None if math.isnan(peer) else peer / ours


def inspecting(path: Path) -> list[str]:
    """The command line of P5."""
    return [sys.executable, "-m", "lorascan", "inspect", str(path), "-f", "json"]


def peers(folder: Path, repeats: int) -> dict[str, object]:
    """P2: whole processes of two peers on one PEFT folder as language models have it, over lorascan's."""
    if not (PEERS / "python").exists():
        return {"missing": "no peers: see the head of this file"}
    home = folder / "peft"
    home.mkdir()
    modules = [(f"model.layers.{layer}.self_attn.{each}_proj", (2048, 2048)) for layer in range(24) for each in "qkvo"]
    path = home / "adapter_model.safetensors"
    write(path, "base_model.model", modules, 16)
    config = {"peft_type": "LORA", "r": 16, "lora_alpha": 16, "target_modules": ["q_proj", "k_proj", "v_proj", "o_proj"]}
    (home / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    python = str(PEERS / "python")
    gradience = [python, "-m", "gradience", "audit", "--peft-dir", str(home), "--json"]
    sentry = [python, "-m", "adaptersentry", "scan", str(path), "--format", "json"]
    ours, one, two = process_seconds(inspecting(path), gradience, sentry, repeats=repeats)
    return {
        "megabytes": path.stat().st_size / 1e6,
        "inspect_cpu_s": ours,
        "gradience_audit": ratio(one, ours),
        "adaptersentry_scan": ratio(two, ours),
    }


def audit_static(path: Path) -> float:
    """P6: wall seconds of `lorascan audit --policy static`, report included."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "lorascan", "audit", str(path), "--policy", "static", "-q", "--exit-zero", "--no-cache"],
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - began


def main() -> None:
    """Run every benchmark and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=RESULT)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--case", action="append", choices=list(CASES), help="only these (repeatable)")
    parser.add_argument("--no-naive", action="store_true", help="leave the slow peer out")
    asked = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # threads beside each other on one physical core would count double
    compileall.compile_dir(Path(lorascan.__file__).parent, quiet=2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chosen = asked.case or list(CASES)
        figures: dict[str, object] = {
            each: case(folder, each, repeats=asked.repeats, with_naive=not asked.no_naive and each == "sd15_r16") for each in chosen
        }
        figures["A1_worst_error"] = accuracy()
        figures["A2_subnormal_over_normal"] = subnormals(folder, asked.repeats)
        smallest = folder / f"{chosen[0]}.safetensors"
        figures["P2_processes"] = peers(folder, asked.repeats)
        largest = folder / "sdxl_r8.safetensors"
        write(largest, "unet", shapes("sdxl", "unet"), 8)
        small, large = process_seconds(inspecting(smallest), inspecting(largest), repeats=asked.repeats)
        figures["P5"] = {f"{path.stat().st_size / 1e6:.0f} MB": each for path, each in ((smallest, small), (largest, large))}
        figures["P6_audit_static_wall_s"] = audit_static(smallest)
    load = os.getloadavg()[0]
    figures["machine"] = {"python": platform.python_version(), "cores": os.cpu_count(), "load": load, "shared": load > 1.5}
    figures["goals"] = GOALS
    asked.output.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
