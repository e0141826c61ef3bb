"""The rules on keys, scope and numbers: silent on honest files, loud on bad ones."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from lorascan.bases import identify, manifests
from lorascan.core.adapter import Claims, PeftClaims
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Severity
from lorascan.detectors import detectors
from lorascan.detectors.number_types import WEIGHT_TYPES
from lorascan.dialects import Reason, read_adapter
from lorascan.weights import measure
from lorascan.weights.decode import FORMATS
from tests.adapters.builders import ATTENTION, make_tensors, vetted_tensors

Tensors = dict[str, NDArray[np.generic]]
STEM = f"lora_unet_{ATTENTION.replace('.', '_')}"
OURS = (
    "alphas",
    "bad_numbers",
    "base_match",
    "base_weights",
    "dialect_trouble",
    "effect_share",
    "embedded_tensors",
    "factor_shapes",
    "key_scope",
    "magnitude",
    "number_types",
)


def honest(dialect: str = "kohya") -> Tensors:
    """Entries of a size that training makes."""
    return {name: value if value.ndim == 0 else value * np.float32(0.05) for name, value in make_tensors(dialect=dialect).items()}


def findings(tensors: Tensors, claims: Claims | None = None) -> list[Finding]:
    file = vetted_tensors(tensors, claims=claims)
    adapter = read_adapter(file, manifests())
    base = identify(adapter, None, file.facts.claims)
    evidence = Evidence(facts=(file.facts, adapter, base, measure(adapter, file)))
    return [finding for name in OURS for finding in detectors()[name].examine(evidence)]


def codes(tensors: Tensors, claims: Claims | None = None) -> list[tuple[str, Severity]]:
    return [(each.rule.code, each.severity) for each in findings(tensors, claims)]


@pytest.mark.parametrize("dialect", ["kohya", "peft", "diffusers_legacy"])
def test_an_honest_adapter_has_no_finding_but_what_comfyui_does_not_apply(dialect: str) -> None:
    told = [] if dialect == "kohya" else [("LS505", Severity.INFO)]

    assert codes(honest(dialect)) == told


def with_tensor(name: str, value: NDArray[np.generic] | float = 1.0) -> Callable[[Tensors], Tensors]:
    return lambda tensors: {**tensors, name: np.asarray(value, dtype=getattr(value, "dtype", np.float32))}


def module(stem: str, rank: int = 2, width: int = 8) -> Tensors:
    down = np.full((rank, width), 0.01, dtype=np.float32)
    return {f"{stem}.lora_A.weight": down, f"{stem}.lora_B.weight": down.T.copy()}


def many(heavy: float) -> Tensors:
    paths = [path for path, shape in LAB.items() if shape == (64, 64)][:16]
    tensors: Tensors = {}
    for index, path in enumerate(paths):
        found = module(f"unet.{path}", width=64)
        found[f"unet.{path}.lora_B.weight"] *= np.float32(heavy if index == 0 else 1.0)
        tensors |= found
    return tensors


LAB = next(each for each in manifests() if each.family == "lab").modules["unet"]

CASES: dict[str, tuple[Callable[[Tensors], Tensors], str, Severity]] = {
    "safety checker": (lambda t: {**t, **module("safety_checker.x")}, "LS501", Severity.HIGH),
    "safety checker's weight": (with_tensor("safety_checker.concept_embeds"), "LS501", Severity.HIGH),
    "safety checker below a wrapper": (with_tensor("base_model.model.safety_checker.concept_embeds"), "LS501", Severity.HIGH),
    "safety checker in kohya's manner": (with_tensor("lora_safety_checker_x.weight"), "LS501", Severity.HIGH),
    "unknown module": (lambda t: {**t, **module("unet.nowhere")}, "LS502", Severity.MEDIUM),
    "unknown base": (lambda _: module("transformer.nowhere"), "LS502", Severity.MEDIUM),
    "embedding": (with_tensor("<s1>"), "LS503", Severity.MEDIUM),
    "full diff": (with_tensor(f"{STEM[:-1]}k.diff", np.zeros((64, 64), dtype=np.float32)), "LS504", Severity.MEDIUM),
    "bias": (with_tensor(f"{STEM}.lora_B.bias"), "LS504", Severity.MEDIUM),
    "base weight": (with_tensor("conv_in.weight"), "LS406", Severity.HIGH),
    "mixed dialects": (lambda t: {**t, **module(f"unet.{ATTENTION[:-1]}k", width=64)}, "LS505", Severity.MEDIUM),
    "control": (with_tensor("lora_controlnet"), "LS506", Severity.MEDIUM),
    "rotations that need a config": (
        with_tensor(f"{STEM[:-1]}k.oft_R.weight", np.zeros((4, 120), dtype=np.float32)),
        "LS508",
        Severity.MEDIUM,
    ),
    "unknown tensor": (with_tensor("something"), "LS510", Severity.MEDIUM),
    "integer factors": (
        lambda t: {**t, f"{STEM}.lora_up.weight": np.ones((64, 4), dtype=np.int32)},
        "LS601",
        Severity.HIGH,
    ),
    "infinity": (with_tensor("<s1>", float("inf")), "LS602", Severity.HIGH),
    "large": (lambda t: {**t, f"{STEM}.lora_up.weight": t[f"{STEM}.lora_up.weight"] * 100}, "LS603", Severity.MEDIUM),
    "overflow": (lambda t: {**t, f"{STEM}.lora_up.weight": t[f"{STEM}.lora_up.weight"] * 1e7}, "LS603", Severity.HIGH),
    "alpha 0": (with_tensor(f"{STEM}.alpha", 0.0), "LS604", Severity.MEDIUM),
    "alpha 100": (with_tensor(f"{STEM}.alpha", 100.0), "LS604", Severity.MEDIUM),
    "alpha huge": (with_tensor(f"{STEM}.alpha", 1e8), "LS604", Severity.HIGH),
    "alpha on one": (lambda t: {k: v for k, v in t.items() if k != f"{STEM}.alpha"}, "LS604", Severity.MEDIUM),
    "alpha alone": (with_tensor("lora_unet_x.alpha"), "LS605", Severity.LOW),
    "no effect": (lambda t: {k: np.zeros_like(v) if ".lora_up" in k else v for k, v in t.items()}, "LS606", Severity.MEDIUM),
    "full rank": (lambda _: module(f"unet.{ATTENTION}", rank=64, width=64), "LS607", Severity.LOW),
    "one heavy layer": (lambda _: many(8.0), "LS608", Severity.LOW),
    "one layer times ten thousand": (lambda _: many(10_000.0), "LS608", Severity.MEDIUM),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_file_is_found(case: str) -> None:
    change, code, severity = CASES[case]

    assert (code, severity) in codes(change(honest()))


def test_sixteen_even_layers_have_no_heavy_one() -> None:
    assert codes(many(1.0)) == [("LS505", Severity.INFO)]


@pytest.mark.parametrize("reason", list(Reason))
def test_no_leftover_is_silent(reason: Reason) -> None:
    from dataclasses import replace

    from lorascan.core.adapter import Leftover

    file = vetted_tensors(honest())
    adapter = read_adapter(file, manifests())
    adapter = replace(adapter, leftovers=(Leftover(span=file.spans[0], reason=reason),))
    evidence = Evidence(facts=(file.facts, adapter, identify(adapter, None, Claims()), measure(adapter, file)))

    assert [finding for name in OURS for finding in detectors()[name].examine(evidence)]


def test_a_claim_of_another_base_is_only_a_remark() -> None:
    assert codes(honest(), Claims(base="sdxl_base_v1-0")) == [("LS502", Severity.LOW)]
    assert codes(honest(), Claims(base="something else")) == []


def test_a_config_that_trains_biases_is_for_review() -> None:
    claims = Claims(peft={"unet": PeftClaims(rank=4, bias="all")})
    assert ("LS406", Severity.MEDIUM) in codes(honest(), claims)
    assert codes(honest(), Claims(peft={"unet": PeftClaims(rank=4, bias="none")})) == []


def test_a_slider_of_one_layer_is_no_heavy_layer() -> None:
    """Fifteen layers that were never trained do not make the sixteenth an outlier."""
    alone = {name: value * np.float32(not name.endswith("lora_B.weight") or "16" in name) for name, value in many(1.0).items()}
    assert ("LS608", Severity.MEDIUM) not in codes(alone)


def test_the_types_that_hold_weights_are_those_that_are_measured() -> None:
    assert set(FORMATS) == WEIGHT_TYPES


@pytest.mark.parametrize("name", OURS)
def test_a_detectors_manual_has_its_four_parts(name: str) -> None:
    manual = __import__(f"lorascan.detectors.{name}", fromlist=["DETECTOR"]).__doc__

    for part in ("What it measures:", "Why it matters:", "When it is wrong:", "Source:"):
        assert part in manual
