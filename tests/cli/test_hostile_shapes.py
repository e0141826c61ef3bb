"""Shapes that cost much or mean nothing: each ends at once, with a finding that names it."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file
from typer.testing import CliRunner

import lorascan
from lorascan.cli import application
from lorascan.core.findings import Decision
from tests.adapters.builders import ATTENTION, make_tensors

Tensors = dict[str, NDArray[np.generic]]
STEM = f"lora_unet_{ATTENTION.replace('.', '_')}"


def zeros(*shape: int) -> NDArray[np.float16]:
    return np.zeros(shape, dtype=np.float16)


def pair(rank: int, out: int = 64, width: int = 64) -> Tensors:
    return {f"{STEM}.lora_down.weight": zeros(rank, width), f"{STEM}.lora_up.weight": zeros(out, rank)}


def one_giant_tensor() -> Tensors:
    return {**make_tensors(), f"{STEM[:-1]}k.diff": zeros(4200, 4200)}


REFUSED: dict[str, tuple[Callable[[], Tensors], str]] = {
    "a rank of a hundred thousand": (lambda: pair(100_000), "LS402"),
    "a dimension of nothing": (lambda: pair(0), "LS605"),
    "α as a vector": (lambda: {**make_tensors(), f"{STEM}.alpha": np.ones(64, dtype=np.float32)}, "LS604"),
    "a convolution's up factor with a kernel": (lambda: {**pair(4), f"{STEM}.lora_up.weight": zeros(64, 4, 3, 3)}, "LS605"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_shape_that_means_nothing_is_refused_by_its_rule(case: str, tmp_path: Path) -> None:
    make, rule = REFUSED[case]
    path = tmp_path / "a.safetensors"
    save_file(make(), path)

    inspected = CliRunner().invoke(application(), ["inspect", str(path), "-f", "json"])
    report = lorascan.audit(path, policy="static")

    assert (inspected.exit_code, inspected.stdout) == (1, "")
    assert rule in inspected.stderr
    assert report.verdict.decision is Decision.REJECT
    assert rule in {each.rule.code for each in report.findings}


def test_thirty_thousand_modules_are_refused_from_the_header(tmp_path: Path) -> None:
    header: dict[str, object] = {}
    for index in range(30_000):
        for side, shape in (("down", [1, 2]), ("up", [2, 1])):
            start = 4 * len(header)
            header[f"lora_unet_m{index}.lora_{side}.weight"] = {"dtype": "F16", "shape": shape, "data_offsets": [start, start + 4]}
    text = json.dumps(header).encode()
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(4 * len(header)))

    inspected = CliRunner().invoke(application(), ["inspect", str(path)])
    report = lorascan.audit(path, policy="static")

    assert inspected.exit_code == 1
    assert report.verdict.decision is Decision.REJECT
    assert any(each.measured == 60_000 for each in report.findings)


def test_one_giant_tensor_is_listed_without_a_spectrum_and_never_admitted(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file(one_giant_tensor(), path)

    modules = json.loads(CliRunner().invoke(application(), ["inspect", str(path), "-f", "json"]).stdout)["modules"]
    report = lorascan.audit(path, policy="static")

    giant = next(each for each in modules if each["kind"] == "diff")
    assert (giant["frobenius"], giant["spectral"]) == (None, None)
    assert "no exact spectrum" in giant["reason"]
    assert report.verdict.decision is not Decision.ADMIT


def test_a_file_all_of_subnormals_is_measured_exactly(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    random = np.random.default_rng(0)
    tensors = {name: (3e-6 * random.standard_normal(value.shape)).astype(np.float16) for name, value in pair(4).items()}
    save_file(tensors, path)
    down, up = (tensors[f"{STEM}.lora_{side}.weight"].astype(np.float64) for side in ("down", "up"))

    (module,) = json.loads(CliRunner().invoke(application(), ["inspect", str(path), "-f", "json"]).stdout)["modules"]

    assert module["frobenius"] == pytest.approx(np.linalg.norm(up @ down), rel=1e-9)
    assert module["spectral"] == pytest.approx(np.linalg.norm(up @ down, 2), rel=1e-9)
