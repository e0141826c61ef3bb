"""Reports, updates and spectra as DataFrames, as a notebook calls them."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import lorascan
from lorascan import analysis
from lorascan.analysis import layers_df, probes_df, reports_df, spectra_df
from lorascan.core.behaviour import ProbeFacts, ProbeObservation
from lorascan.core.errors import Refused, Unavailable
from lorascan.inspecting import METRICS
from tests.adapters.builders import ATTENTION, make_adapter, make_tensors

STEM = f"lora_unet_{ATTENTION.replace('.', '_')}"


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    path = tmp_path / "a.safetensors"
    path.write_bytes(make_adapter())
    return path


def test_the_package_exports_four_tables_and_nothing_else() -> None:
    assert analysis.__all__ == ["layers_df", "probes_df", "reports_df", "spectra_df"]
    assert {"read", "audit"} <= set(lorascan.__all__)
    assert lorascan.analysis is analysis
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = lorascan.nothing_such


def test_a_file_is_read_without_being_measured(adapter: Path, tmp_path: Path) -> None:
    found = lorascan.read(str(adapter))

    assert {each.module_path for each in found.updates} >= {ATTENTION}
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"<html>")
    with pytest.raises(Refused):
        lorascan.read(broken)


def test_layers_and_spectra_of_a_file_hold_the_exact_numbers(adapter: Path) -> None:
    tensors = make_tensors()
    delta = 2.0 * tensors[f"{STEM}.lora_up.weight"].astype(np.float64) @ tensors[f"{STEM}.lora_down.weight"].astype(np.float64)
    expected = np.linalg.svd(delta, compute_uv=False)[:4]

    layers, spectra = layers_df(adapter), spectra_df(str(adapter))

    layer = layers[layers["module_path"] == ATTENTION].iloc[0]
    values = spectra[spectra["module_path"] == ATTENTION]
    assert layer["frobenius"] == pytest.approx(np.linalg.norm(delta))
    assert values["singular_value"].tolist() == pytest.approx(expected.tolist())
    assert values["share"].tolist() == pytest.approx((expected / expected[0]).tolist())
    assert values["index"].tolist() == [0, 1, 2, 3]


def test_a_report_gives_the_layers_that_the_file_gives(adapter: Path) -> None:
    report = lorascan.audit(adapter, policy="static")

    assert layers_df(report)["frobenius"].tolist() == layers_df(adapter)["frobenius"].tolist()
    assert probes_df(report).empty
    assert "lift" in probes_df(report).columns


def test_an_update_without_numbers_keeps_its_row_and_gets_them_from_a_base(tmp_path: Path) -> None:
    path = tmp_path / "dora.safetensors"
    save_file({**make_tensors(), f"{STEM}.dora_scale": np.ones((64, 1), dtype=np.float32)}, path)

    without, with_base = (layers_df(path, base=each).set_index("module_path").loc[ATTENTION] for each in (None, "lab"))

    assert np.isnan(without["frobenius"])
    assert "base" in without["reason"]
    assert with_base["frobenius"] > 0
    assert with_base["relative_frobenius"] > 0


def test_reports_are_rows_and_a_refused_file_is_one_too(adapter: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"<html>")
    reports = [lorascan.audit(each, policy="static") for each in (adapter, broken)]

    table = reports_df(reports)

    assert table["name"].tolist() == ["a.safetensors", "broken.safetensors"]
    assert table["decision"].tolist() == [str(each.verdict.decision) for each in reports]
    assert table["updates"].tolist()[0] == 2
    assert len(reports_df(reports[1])) == 1
    assert layers_df(reports[1]).columns.tolist()[-len(METRICS) :] == list(METRICS)


def test_every_observation_is_a_row_with_its_lift(adapter: Path) -> None:
    seen = ProbeObservation(
        suite="s",
        prompt="p",
        trigger="",
        kind="plain",
        split="select",
        scale=1.0,
        seed=0,
        similarity_base=0.2,
        similarity_adapted=0.3,
        image_similarity=0.9,
    )
    probed = ProbeFacts(suites={}, observations=(seen,), tests=(), dose_response=(), pictures=())
    report = lorascan.audit(adapter, policy="static")
    report = replace(report, evidence=replace(report.evidence, facts=(*report.evidence.facts, probed)))

    (row,) = probes_df(report).to_dict("records")

    assert (row["prompt"], row["lift"]) == ("p", pytest.approx(0.1))


def test_pandas_is_loaded_by_a_call_and_not_by_the_import(adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = "import sys, lorascan.analysis; print('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip() == "False"

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(Unavailable, match="pandas"):
        layers_df(adapter)
