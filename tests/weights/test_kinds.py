"""Every kind of update with a ΔW of its own, against the dense matrix of its formula."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lorascan.bases import manifests
from lorascan.core.adapter import Adapter, WeightStatistics
from lorascan.dialects import read_adapter
from lorascan.weights import GATE_WORK, measure
from lorascan.weights.factors import Formed
from lorascan.weights.measure import NO_BUDGET
from lorascan.weights.operands import Source, operands
from lorascan.weights.spectra import dense_values
from lorascan.weights.statistics import KEPT
from tests.adapters.builders import vetted_tensors
from tests.dialects.flux import TINY
from tests.weights.kinds import KNOWN, Known

STEM = "lora_unet_x"
EVERY = pytest.mark.parametrize("case", KNOWN)


def tensors(known: Known, alpha: float | None = None, dtype: str = "float32") -> dict[str, NDArray[np.generic]]:
    found: dict[str, NDArray[np.generic]] = {f"{STEM}{ending}": each.astype(dtype) for ending, each in known.tensors.items()}
    if alpha is not None:
        found[f"{STEM}.alpha"] = np.array(alpha, dtype=np.float32)
    return found


def read(known: Known, alpha: float | None = None, dtype: str = "float32") -> tuple[Adapter, WeightStatistics]:
    file = vetted_tensors(tensors(known, alpha, dtype))
    adapter = read_adapter(file, manifests())
    return adapter, measure(adapter, file)


@EVERY
def test_shape_rank_and_norms_are_those_of_the_dense_matrix(case: str) -> None:
    known = KNOWN[case]
    expected = np.linalg.svd(known.delta, compute_uv=False)

    adapter, statistics = read(known)

    (update,), (layer,) = adapter.updates, statistics.layers
    assert (update.name, update.shape, update.rank) == (known.kind, known.delta.shape, known.rank)
    assert adapter.leftovers == ()
    assert layer.spectral == pytest.approx(expected[0], rel=1e-9)
    assert layer.frobenius == pytest.approx(np.linalg.norm(known.delta), rel=1e-9)
    assert layer.nuclear == pytest.approx(expected.sum(), rel=1e-7)
    assert layer.numerical_rank == np.linalg.matrix_rank(known.delta)
    found = np.zeros(len(expected))
    found[: len(layer.singular_values)] = layer.singular_values[: len(expected)]
    assert np.abs(found - expected).max() <= 1e-8 * expected[0]


@pytest.mark.parametrize("whole", [False, True])
def test_rows_of_a_kronecker_product_that_do_not_end_with_its_blocks_are_measured_exactly(whole: bool) -> None:  # noqa: FBT001
    stem, random = "lora_unet_double_blocks_0_img_attn_qkv", np.random.default_rng(0)
    w1 = random.standard_normal((4, 2)).astype(np.float32)
    a, b = random.standard_normal((6, 1)).astype(np.float32), random.standard_normal((1, 4)).astype(np.float32)
    two = {".lokr_w2": a @ b} if whole else {".lokr_w2_a": a, ".lokr_w2_b": b}
    file = vetted_tensors({f"{stem}.lokr_w1": w1, **{f"{stem}{ending}": value for ending, value in two.items()}})
    dense = np.kron(w1.astype(np.float64), a.astype(np.float64) @ b.astype(np.float64))

    layers = measure(read_adapter(file, (TINY,)), file).layers

    assert [each.frobenius for each in layers] == pytest.approx([np.linalg.norm(dense[8 * i : 8 * i + 8]) for i in range(3)], rel=1e-6)
    assert [each.spectral for each in layers] == pytest.approx([np.linalg.norm(dense[8 * i : 8 * i + 8], 2) for i in range(3)], rel=1e-6)
    assert [each.numerical_rank for each in layers] == [2, 2, 2]


def test_an_update_of_scaling_0_has_no_rank() -> None:
    _, statistics = read(KNOWN["lora"], alpha=0.0)

    (layer,) = statistics.layers
    assert (layer.numerical_rank, layer.frobenius, layer.spectral, layer.effective_rank) == (0, 0.0, 0.0, 0.0)


@EVERY
def test_alpha_scales_the_kinds_that_have_one_and_no_other(case: str) -> None:
    known = KNOWN[case]
    scaling = 6.0 / known.divisor if known.divisor else 1.0

    adapter, statistics = read(known, alpha=6.0)

    assert adapter.updates[0].scaling == pytest.approx(scaling)
    assert statistics.layers[0].frobenius == pytest.approx(scaling * np.linalg.norm(known.delta), rel=1e-9)
    assert [each.span.name for each in adapter.leftovers] == ([] if known.divisor or known.kind == "lokr" else [f"{STEM}.alpha"])


@pytest.mark.parametrize("case", ["lora", "tucker", "loha", "loha of rank 40", "lokr", "diff"])
@pytest.mark.parametrize("size", [2.0**-13, 2.0**-100, 2.0**30])
def test_no_size_of_numbers_under_or_overflows(case: str, size: float) -> None:
    known = KNOWN[case]
    scaled = Known(
        kind=known.kind,
        tensors={name: (each.astype(np.float64) * size).astype(np.float64) for name, each in known.tensors.items()},
        delta=known.delta,
        rank=known.rank,
    )
    factors = {"lora": 2, "tucker": 3, "loha": 4, "loha of rank 40": 4, "lokr": 3, "diff": 1}[case]
    expected = np.linalg.svd(known.delta, compute_uv=False)[0] * size**factors

    _, statistics = read(scaled, dtype="float64")

    assert statistics.layers[0].spectral == pytest.approx(expected, rel=1e-9)


def test_half_precision_subnormals_of_four_factors_keep_their_digits() -> None:
    known = KNOWN["loha"]
    halves = {f"{STEM}{name}": (each * np.float32(1e-6)).astype(np.float16) for name, each in known.tensors.items()}
    w1a, w1b, w2a, w2b = (each.astype(np.float64) for each in halves.values())
    file = vetted_tensors(halves)

    (layer,) = measure(read_adapter(file, manifests()), file).layers

    assert layer.spectral == pytest.approx(np.linalg.svd((w1a @ w1b) * (w2a @ w2b), compute_uv=False)[0], rel=1e-9)


@pytest.mark.parametrize(
    ("endings", "kind"),
    [
        ({".lora_down.weight": (4, 8), ".lora_up.weight": (6, 4), ".dora_scale": (6, 1)}, "dora"),
        ({".lora_down.weight": (4, 8), ".lora_up.weight": (6, 4), ".lora_magnitude_vector": (6,)}, "dora"),
        ({".lora_down.weight": (4, 8), ".lora_up.weight": (6, 4), ".magnitude": (1, 8)}, "dora"),
        ({".lokr_w1": (2, 2), ".lokr_w2": (3, 4), ".dora_scale": (6,)}, "dora"),
        ({".oft_blocks": (2, 3, 3)}, "oft"),
        ({".oft_diag": (2, 3, 3)}, "oft"),
        ({".oft_blocks": (1, 2, 3, 3), ".rescale": (6, 1)}, "boft"),
        ({".weight": (6, 1), ".on_input": ()}, "ia3"),
        ({".a1.weight": (8, 4), ".a2.weight": (4, 8), ".b1.weight": (6, 4), ".b2.weight": (4, 8)}, "glora"),
        ({".set_weight": (6, 8)}, "set"),
    ],
)
def test_a_kind_that_depends_on_the_base_has_no_numbers_and_a_reason(endings: dict[str, tuple[int, ...]], kind: str) -> None:
    file = vetted_tensors({f"{STEM}{ending}": np.ones(shape, dtype=np.float32) for ending, shape in endings.items()})

    adapter = read_adapter(file, manifests())
    statistics = measure(adapter, file)

    (update,) = adapter.updates
    assert (update.name, adapter.leftovers, statistics.layers) == (kind, (), ())
    assert [(each.kind, "base" in each.reason) for each in statistics.unmeasured] == [(kind, True)]


def test_a_dense_matrix_beyond_the_bounds_is_listed_and_not_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    module = sys.modules["lorascan.weights.measure"]
    monkeypatch.setattr(module, "DENSE_SIDE", 10)
    _, too_large = read(KNOWN["diff"])
    monkeypatch.setattr(module, "DENSE_SIDE", 4096)
    file = vetted_tensors(tensors(KNOWN["diff"]))
    no_budget = measure(read_adapter(file, manifests()), file, 10.0)

    monkeypatch.setattr(module, "DECODED", 10)
    _, decoded = read(KNOWN["tucker"])

    assert [each.reason for each in decoded.unmeasured] == [module.TOO_LARGE]
    assert [each.reason for each in (*too_large.unmeasured, *no_budget.unmeasured)] == [module.TOO_LARGE, module.NO_BUDGET]


def test_a_fused_kronecker_product_costs_a_gate_no_more_than_it_may() -> None:
    """30 kB whose three modules of 3,072 × 3,072 take minutes to solve."""
    stem = "lora_unet_double_blocks_0_img_attn_qkv"
    shapes = {"lokr_w1": (96, 48), "lokr_w2_a": (96, 64), "lokr_w2_b": (64, 64)}
    file = vetted_tensors({f"{stem}.{role}": np.ones(shape, dtype=np.float32) for role, shape in shapes.items()})
    adapter = read_adapter(file, manifests())

    found = measure(adapter, file, GATE_WORK)

    assert len(adapter.updates) == 3
    assert {each.reason for each in found.unmeasured} == {NO_BUDGET}


def test_a_pair_of_a_very_high_rank_counts_as_work() -> None:
    file = vetted_tensors(
        {f"{STEM}.lora_down.weight": np.ones((600, 640), np.float32), f"{STEM}.lora_up.weight": np.ones((640, 600), np.float32)}
    )

    assert [each.reason for each in measure(read_adapter(file, manifests()), file, 1e8).unmeasured] == [NO_BUDGET]


@pytest.mark.parametrize("kind", ["loha", "glora"])
def test_what_a_product_can_reach_is_told_of_an_update_that_is_not_measured(kind: str) -> None:
    sides = {"loha": [(f"hada_w{n}_{s}", (64, 33) if s == "a" else (33, 64)) for n in (1, 2) for s in "ab"]}
    sides["glora"] = [("a1.weight", (64, 4)), ("a2.weight", (4, 64)), ("b1.weight", (64, 4)), ("b2.weight", (4, 64))]
    file = vetted_tensors({f"{STEM}.{role}": np.full(shape, 3, dtype=np.float32) for role, shape in sides[kind]})

    (found,) = measure(read_adapter(file, manifests()), file, work=0.0).unmeasured

    assert found.max_abs == {"loha": 3**4 * 33, "glora": 3**2 * 4}[kind]


def test_a_long_spectrum_is_listed_whole_of_a_low_rank_update_alone() -> None:
    whole = np.eye(600, dtype=np.float32)
    pair = {f"{STEM}.lora_down.weight": np.eye(600, 640, dtype=np.float32), f"{STEM}.lora_up.weight": np.eye(640, 600, dtype=np.float32)}
    found = []
    for tensors_of in ({f"{STEM}.diff": whole}, pair):
        file = vetted_tensors(tensors_of)
        found.append(len(measure(read_adapter(file, manifests()), file).layers[0].singular_values))

    assert found == [KEPT, 600]


def test_a_hadamard_product_whose_rank_is_below_its_sides_is_a_pair_whatever_its_factors_ranks() -> None:
    """Formed whole it would be singular, and cost ten times as much."""
    shapes = {"hada_w1_a": (1280, 32), "hada_w1_b": (32, 1280), "hada_w2_a": (1280, 32), "hada_w2_b": (32, 1280)}
    named = {f"lora_unet_mid_block_attentions_0_proj_in.{role}": np.ones(shape, dtype=np.float32) for role, shape in shapes.items()}
    file = vetted_tensors(named)
    (update,) = read_adapter(file, manifests()).updates
    source = Source(content=file.content, largest={span.name: 1.0 for span in file.spans})

    (operand,) = operands(update, source)

    assert isinstance(operand, tuple)
    assert [each.rank for each in operand] == [1024, 1024]


def test_a_singular_dense_matrix_has_the_values_of_its_low_rank() -> None:
    random = np.random.default_rng(3)
    left, right = random.standard_normal((900, 40)), random.standard_normal((40, 700))

    values = dense_values(Formed(matrix=left @ right, unit=1.0))

    expected = np.linalg.svd(left @ right, compute_uv=False)
    assert np.abs(values - expected).max() <= 1e-13 * expected[0]


def test_singular_dense_matrices_beyond_the_work_of_a_gate_are_listed() -> None:
    """Their eigenvalues in vain, QR and SVD count: four of them would take ten seconds."""
    shapes = {"hada_w1_a": (1280, 40), "hada_w1_b": (40, 1280), "hada_w2_a": (1280, 40), "hada_w2_b": (40, 1280)}
    stems = [f"lora_unet_down_blocks_2_attentions_{block}_transformer_blocks_0_attn1_to_{each}" for block in (0, 1) for each in "qkv"]
    file = vetted_tensors({f"{stem}.{role}": np.ones(shape, dtype=np.float16) for stem in stems for role, shape in shapes.items()})
    adapter = read_adapter(file, manifests())

    found = measure(adapter, file, GATE_WORK)

    assert len(found.layers) == 2
    assert {each.reason for each in found.unmeasured} == {NO_BUDGET}
