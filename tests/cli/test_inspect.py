"""`lorascan inspect` and `lorascan compare`, as a user calls them."""

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from typer.testing import CliRunner

from lorascan.cli import application
from lorascan.lab.assets import adapters_folder
from tests.adapters.builders import ATTENTION, make_adapter, make_tensors

STEM = f"lora_unet_{ATTENTION.replace('.', '_')}"


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    path = tmp_path / "a.safetensors"
    path.write_bytes(make_adapter())
    return path


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(application(), [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result.stdout


def test_json_has_the_fixed_shape_and_the_exact_numbers(adapter: Path) -> None:
    tensors = make_tensors()
    down, up = (tensors[f"{STEM}.lora_{side}.weight"].astype(np.float64) for side in ("down", "up"))
    delta = 2.0 * up @ down

    shape = json.loads(run("inspect", adapter, "-f", "json"))

    assert set(shape) >= {"base", "dialects", "modules", "leftovers", "loaders"}
    assert (shape["base"]["family"], shape["dialects"], shape["leftovers"]) == ("lab", ["kohya"], [])
    module = next(each for each in shape["modules"] if each["module_path"] == ATTENTION)
    assert (module["component"], module["kind"], module["dialect"], module["shape"]) == ("unet", "lora", "kohya", [64, 64])
    assert (module["rank"], module["alpha"], module["scaling"], module["numerical_rank"]) == (4, 8.0, 2.0, 4)
    assert module["frobenius"] == pytest.approx(np.linalg.norm(delta), rel=1e-9)
    assert module["spectral"] == pytest.approx(np.linalg.norm(delta, 2), rel=1e-9)
    assert (module["base_dependent"], module["reason"]) == (False, "")
    assert {name: view["applied"] for name, view in shape["loaders"].items()} == {"comfyui": 2, "diffusers": 2, "invokeai": 2}


def test_a_kind_that_depends_on_the_base_has_null_numbers_and_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "dora.safetensors"
    save_file({**make_tensors(), f"{STEM}.dora_scale": np.ones((64, 1), dtype=np.float32)}, path)

    shape = json.loads(run("inspect", path, "-f", "json"))

    module = next(each for each in shape["modules"] if each["module_path"] == ATTENTION)
    assert (module["kind"], module["base_dependent"], module["frobenius"], module["spectral"]) == ("dora", True, None, None)
    assert "base" in module["reason"]


def test_with_a_base_at_hand_it_gets_numbers_and_every_update_its_relation(tmp_path: Path) -> None:
    path = tmp_path / "dora.safetensors"
    save_file({**make_tensors(), f"{STEM}.dora_scale": np.ones((64, 1), dtype=np.float32)}, path)

    shape = json.loads(run("inspect", path, "-f", "json", "--base", "lab"))

    module = next(each for each in shape["modules"] if each["module_path"] == ATTENTION)
    assert (module["base_dependent"], module["reason"]) == (True, "")
    assert module["frobenius"] > module["spectral"] > 0
    assert all(each["relative_frobenius"] > 0 and each["relative_spectral"] > 0 for each in shape["modules"])
    assert {each["intruders"] for each in shape["modules"]} == {None}


def test_intruder_dimensions_are_counted_where_asked_for(adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    shape = json.loads(run("inspect", adapter, "-f", "json", "--base", "lab", "--intruders"))

    assert all(0 <= each["intruders"] <= 10 for each in shape["modules"])
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == 2


def test_alpha_of_a_loha_that_peft_wrote_comes_from_its_config(tmp_path: Path) -> None:
    stem = f"base_model.model.{ATTENTION}"
    shapes = {"w1_a": (64, 4), "w1_b": (4, 64), "w2_a": (64, 4), "w2_b": (4, 64)}
    save_file(
        {f"{stem}.hada_{name}": np.ones(shape, dtype=np.float32) for name, shape in shapes.items()}, tmp_path / "adapter_model.safetensors"
    )
    (tmp_path / "adapter_config.json").write_text(json.dumps({"peft_type": "LOHA", "r": 4, "alpha": 8, "target_modules": ["to_q"]}))

    (module,) = json.loads(run("inspect", tmp_path / "adapter_model.safetensors", "-f", "json"))["modules"]

    assert (module["kind"], module["alpha"], module["scaling"]) == ("loha", 8.0, 2.0)


def test_intruders_without_a_base_are_a_usage_error(adapter: Path) -> None:
    from lorascan.core.errors import UsageError

    assert isinstance(CliRunner().invoke(application(), ["inspect", str(adapter), "--intruders"]).exception, UsageError)


@pytest.mark.parametrize(
    ("path", "width", "family"),
    [("unet.nowhere", 64, "unknown"), ("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q", 640, "ambiguous")],
)
def test_a_family_that_is_not_certain_is_named_so(tmp_path: Path, path: str, width: int, family: str) -> None:
    file = tmp_path / "a.safetensors"
    factor = np.ones((4, width), dtype=np.float32)
    save_file({f"{path}.lora_A.weight": factor, f"{path}.lora_B.weight": factor.T.copy()}, file)

    base = json.loads(run("inspect", file, "-f", "json"))["base"]

    assert base["family"] == family
    assert bool(base["candidates"]) == (family == "ambiguous")


def test_what_a_loader_drops_is_listed_by_tensor(tmp_path: Path) -> None:
    path = tmp_path / "dora.safetensors"
    save_file({**make_tensors(), f"{STEM}.dora_scale": np.ones((64, 1), dtype=np.float32)}, path)

    loaders = json.loads(run("inspect", path, "-f", "json"))["loaders"]

    assert [each["tensors"] for each in loaders["diffusers"]["dropped"]] == [[f"{STEM}.dora_scale"]]
    assert loaders["comfyui"]["dropped"] == []


@pytest.mark.parametrize(("by", "lines"), [("module", 2), ("block", 2), ("component", 2)])
def test_csv_has_a_line_a_group(adapter: Path, by: str, lines: int) -> None:
    rows = list(csv.DictReader(io.StringIO(run("inspect", adapter, "-f", "csv", "--by", by))))

    assert len(rows) == lines
    assert all(float(row["frobenius"]) > 0 for row in rows)


def test_entries_are_those_of_the_dense_matrix(adapter: Path) -> None:
    tensors = make_tensors()
    delta = 2.0 * tensors[f"{STEM}.lora_up.weight"].astype(np.float64) @ tensors[f"{STEM}.lora_down.weight"].astype(np.float64)

    rows = list(csv.DictReader(io.StringIO(run("inspect", adapter, "-f", "csv", "--entries"))))

    row = next(each for each in rows if each["module_path"] == ATTENTION)
    assert float(row["row_norm_max"]) == pytest.approx(np.linalg.norm(delta, axis=1).max())
    assert float(row["column_norm_min"]) == pytest.approx(np.linalg.norm(delta, axis=0).min())
    assert float(row["largest_entry"]) == pytest.approx(np.abs(delta).max())
    assert float(row["kurtosis"]) == pytest.approx((delta**4).mean() / (delta**2).mean() ** 2)


def test_the_table_names_base_dialect_and_loaders(adapter: Path) -> None:
    text = run("inspect", adapter, "--loaders")

    assert "base lab  dialects kohya  updates 2" in text
    assert "diffusers: 2 of 2 updates applied" in text


def test_parquet_holds_the_same_rows(adapter: Path, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    output = tmp_path / "a.parquet"

    run("inspect", adapter, "-f", "parquet", "-o", output)

    assert sorted(pandas.read_parquet(output)["component"]) == ["text_encoder", "unet"]


def test_what_cannot_be_read_ends_with_its_own_code(tmp_path: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"<html>")

    assert run("inspect", broken, code=1) == ""
    assert run("inspect", tmp_path / "absent.safetensors", code=4) == ""


def test_an_adapter_compared_with_itself_points_the_same_way(adapter: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.safetensors"
    negated = {name: -value if ".lora_up" in name else value for name, value in make_tensors().items()}
    save_file(negated, other)

    same = json.loads(run("compare", adapter, adapter, "-f", "json"))
    opposite = json.loads(run("compare", adapter, other, "-f", "json"))

    assert [each["cosine"] for each in same["modules"]] == pytest.approx([1.0, 1.0])
    assert [each["cosine"] for each in opposite["modules"]] == pytest.approx([-1.0, -1.0])
    assert same["together"] == pytest.approx({"compared": 2, "cosine": 1.0, "strength_ratio": 1.0})
    assert opposite["together"]["cosine"] == pytest.approx(-1.0)
    assert run("compare", adapter, adapter).startswith("The same tensors, bit for bit.\n")
    assert run("compare", adapter, other).startswith("Opposed (cosine -1.000); both are as strong; 2 modules in common, 0 in one")
    assert same["only_first"] == same["only_second"] == []


def test_no_heavy_library_is_loaded_for_text_json_and_csv(adapter: Path) -> None:
    program = (
        "import sys\nfrom typer.testing import CliRunner\nfrom lorascan.cli import application\n"
        "for form in ('text', 'json', 'csv'):\n"
        f"    assert CliRunner().invoke(application(), ['inspect', {str(adapter)!r}, '-f', form]).exit_code == 0\n"
        "print([name for name in ('torch', 'pandas', 'diffusers', 'peft', 'transformers') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_file_of_kinds_that_cannot_be_applied_is_never_admitted_but_where_nothing_is_applied(tmp_path: Path) -> None:
    from lorascan.auditing import audit
    from lorascan.core.findings import Decision
    from lorascan.settings import settings_of

    path = tmp_path / "oft.safetensors"
    rotations = 0.1 * np.random.default_rng(0).standard_normal((4, 120)).astype(np.float32)
    save_file({f"{STEM}.oft_R.weight": rotations}, path)

    report = audit(path, settings_of(policy="ci"))
    static = audit(path, settings_of(policy="static"))

    assert (report.verdict.decision, static.verdict.decision) == (Decision.UNDECIDED, Decision.ADMIT)
    assert static.verdict.reasons[0].endswith("behaviour was not tested")
    assert any("oft cannot be loaded" in each for each in report.verdict.reasons)
    assert all("LS508" in {each.rule.code for each in told.findings} for told in (report, static))


def test_kinds_beside_plain_pairs_send_the_file_to_review_under_every_policy_that_tests(tmp_path: Path) -> None:
    from lorascan.core.evidence import Evidence
    from lorascan.core.findings import Consequence, Severity
    from lorascan.detectors import detectors
    from lorascan.inspecting import inspect
    from lorascan.policy import POLICIES

    path = tmp_path / "mixed.safetensors"
    other = f"{STEM[:-1]}k"
    extra = {f"{other}.oft_R.weight": np.zeros((4, 120), dtype=np.float32)}
    save_file({**make_tensors(), **extra}, path)
    found = inspect(path)

    findings = list(detectors()["dialect_trouble"].examine(Evidence(facts=(found.adapter, found.base))))

    assert [(each.rule.code, each.severity) for each in findings if each.rule.code == "LS508"] == [("LS508", Severity.MEDIUM)]
    untested = next(each for each in findings if each.rule.code == "LS508")
    told = {name: policy.consequence(untested) for name, policy in POLICIES.items()}
    assert told.pop("static") is Consequence.REPORT
    assert Consequence.REPORT not in told.values()


def test_the_heat_map_says_what_its_shades_mean_on_one_scale_for_every_component() -> None:
    out = run("inspect", adapters_folder() / "masquerade-dev-1.safetensors")

    (legend,) = [line for line in out.splitlines() if line.startswith("‖ΔW‖ per entry")]
    bounds = [float(each) for each in re.findall(r"(?:from|to) ([\d.e-]+)", legend)]
    assert bounds == sorted(bounds)
    assert len(bounds) == 5
    assert all(shade in legend for shade in "░▒▓█")
    maps = [line.split("|")[1] for line in out.splitlines() if line.count("|") == 2]
    assert "█" in "".join(maps)
    assert "░" in "".join(maps)
