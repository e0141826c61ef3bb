"""Spectra of updates, against the dense product in float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lorascan.bases import manifests
from lorascan.core.adapter import LayerStatistics, WeightStatistics
from lorascan.dialects import read_adapter
from lorascan.weights import factors as factors_module
from lorascan.weights import measure, spectra
from tests.adapters.builders import vetted_tensors

Array = NDArray[np.generic]


def measured(tensors: dict[str, Array]) -> WeightStatistics:
    file = vetted_tensors(tensors)
    return measure(read_adapter(file, manifests()), file)


def layer(down: Array, up: Array, alpha: float | None = None) -> LayerStatistics:
    tensors = {"lora_unet_x.lora_down.weight": down, "lora_unet_x.lora_up.weight": up}
    if alpha is not None:
        tensors["lora_unet_x.alpha"] = np.array(alpha, dtype=np.float32)
    (found,) = measured(tensors).layers
    return found


def dense(down: Array, up: Array) -> NDArray[np.float64]:
    rank = down.shape[0]
    product = up.astype(np.float64).reshape(-1, rank) @ down.astype(np.float64).reshape(rank, -1)
    return np.linalg.svd(product, compute_uv=False)[: min(rank, *product.shape)]


def random_pair(seed: int, rank: int, rows: int, columns: int, dtype: str = "float32") -> tuple[Array, Array]:
    random = np.random.default_rng(seed)
    down, up = random.standard_normal((rank, columns)), random.standard_normal((rows, rank))
    return down.astype(dtype), up.astype(dtype)


@given(
    st.integers(0, 99),
    st.integers(1, 24),
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from(["float16", "float32", "float64"]),
)
def test_singular_values_are_those_of_the_dense_product(seed: int, rank: int, rows: int, columns: int, dtype: str) -> None:
    down, up = random_pair(seed, rank, rows, columns, dtype)
    expected = dense(down, up)

    found = layer(down, up)

    assert len(found.singular_values) == min(rank, rows, columns)
    assert np.abs(np.array(found.singular_values) - expected).max() <= 1e-8 * expected[0]


@pytest.mark.parametrize("condition", [1e2, 1e4, 1e6, 1e10, 1e16])
def test_ill_conditioned_factors_keep_the_accuracy(condition: float) -> None:
    random = np.random.default_rng(1)
    scale = np.geomspace(1, 1 / condition, 16)
    down = (random.standard_normal((16, 300)).T * scale).T
    up = random.standard_normal((200, 16)) * scale[::-1]
    expected = dense(down, up)

    found = np.array(layer(down, up).singular_values)

    assert np.abs(found - expected).max() <= 1e-8 * expected[0]


def test_dependent_rows_are_counted_out_of_the_rank() -> None:
    down, up = random_pair(0, 4, 30, 20)
    down[3] = down[2]

    found = layer(down, up)

    assert (found.rank, found.numerical_rank) == (4, 3)


def test_a_convolution_is_flattened() -> None:
    random = np.random.default_rng(0)
    down = random.standard_normal((4, 6, 3, 3)).astype(np.float32)
    up = random.standard_normal((10, 4, 1, 1)).astype(np.float32)

    found = layer(down, up)

    assert found.shape == (10, 54)
    assert found.singular_values == pytest.approx(tuple(dense(down, up)))


def test_every_statistic_follows_from_the_singular_values() -> None:
    down, up = random_pair(3, 5, 30, 20)
    values = dense(down, up) * 2.0
    shares = values / values.sum()

    found = layer(down, up, alpha=10.0)

    assert found.scaling == 2.0
    assert found.spectral == pytest.approx(values[0])
    assert found.frobenius == pytest.approx(np.sqrt((values**2).sum()))
    assert found.nuclear == pytest.approx(values.sum())
    assert found.stable_rank == pytest.approx((values**2).sum() / values[0] ** 2)
    assert found.leading_share == pytest.approx(values[0] ** 2 / (values**2).sum())
    assert found.entropy == pytest.approx(-(shares * np.log(shares)).sum())
    assert found.effective_rank == pytest.approx(np.exp(found.entropy))
    assert found.max_abs == max(np.abs(down).max(), np.abs(up).max())


def test_an_update_that_is_zero_has_no_rank_at_all() -> None:
    down, up = random_pair(0, 4, 30, 20)

    found = layer(down, np.zeros_like(up))

    assert (found.spectral, found.frobenius, found.numerical_rank, found.stable_rank) == (0.0, 0.0, 0, 0.0)


@pytest.mark.parametrize("size", [1e-7, 6e4])
def test_half_precision_at_both_ends_of_its_range_is_exact(size: float) -> None:
    down, up = random_pair(0, 4, 30, 20)
    down, up = (np.clip(each * size, -65504, 65504).astype(np.float16) for each in (down, up))

    found = layer(down, up)

    assert found.singular_values == pytest.approx(tuple(dense(down, up)), rel=1e-8)


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e150, 1e300])
def test_float64_beyond_its_own_squares_gives_finite_numbers(size: float) -> None:
    down, up = random_pair(0, 4, 30, 20, "float64")

    found = layer(down * size, up)

    assert found.singular_values == pytest.approx(tuple(np.minimum(dense(down, up) * size, 1.7e308)), rel=1e-6)
    assert np.isfinite(found.frobenius)


def test_numbers_that_overflow_together_are_capped() -> None:
    down, up = random_pair(0, 4, 30, 20, "float64")

    found = layer(down * 1e200, up * 1e200)

    assert found.spectral == pytest.approx(1.7976931348623157e308)
    assert found.numerical_rank >= 1


def test_a_bad_number_is_reported_and_its_module_is_not_measured() -> None:
    down, up = random_pair(0, 4, 30, 20)
    up[2, 1] = np.nan

    found = measured({"lora_unet_x.lora_down.weight": down, "lora_unet_x.lora_up.weight": up, "<s1>": down})

    assert found.layers == ()
    assert [(each.tensor, each.count, each.first_index) for each in found.bad_numbers] == [("lora_unet_x.lora_up.weight", 1, 9)]


def test_bad_numbers_in_tensors_that_are_no_update_are_found_too() -> None:
    down, up = random_pair(0, 4, 30, 20)
    word = np.array([1.0, np.inf], dtype=np.float32)

    found = measured({"lora_unet_x.lora_down.weight": down, "lora_unet_x.lora_up.weight": up, "<s1>": word})

    assert [each.tensor for each in found.bad_numbers] == ["<s1>"]
    assert len(found.layers) == 1


def test_an_adapter_in_small_blocks_gives_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [random_pair(seed, rank, 50, 70) for seed, rank in enumerate((4, 60, 8))]
    pairs[2][0][1] = pairs[2][0][0]
    whole = [layer(*pair).singular_values for pair in pairs]
    monkeypatch.setattr(factors_module, "BLOCK", 64)
    monkeypatch.setattr(spectra, "_STACK", 16)

    for pair, expected in zip(pairs, whole, strict=True):
        assert layer(*pair).singular_values == pytest.approx(expected, abs=1e-8 * expected[0])


def test_modules_of_many_ranks_come_back_in_their_order() -> None:
    tensors: dict[str, Array] = {}
    for index, rank in enumerate((4, 8, 4, 2, 8)):
        down, up = random_pair(index, rank, 30, 20)
        tensors |= {f"lora_unet_x{index}.lora_down.weight": down, f"lora_unet_x{index}.lora_up.weight": up}

    for found in measured(tensors).layers:
        stem = f"lora_unet_{found.module_path}"
        expected = dense(tensors[f"{stem}.lora_down.weight"], tensors[f"{stem}.lora_up.weight"])
        assert found.singular_values == pytest.approx(tuple(expected))
