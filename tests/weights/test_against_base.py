"""Updates beside the base's weights, against formulas written anew on dense matrices."""

import stat
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lorascan.bases import base_weights, manifests_for
from lorascan.core.adapter import LayerStatistics
from lorascan.dialects import read_adapter
from lorascan.weights import measure
from lorascan.weights.against_base import NO_WEIGHT, AgainstBase, Relation, against_base
from lorascan.weights.formed import MISFIT
from lorascan.weights.krylov import spectral_norm
from tests.adapters.builders import vetted_tensors
from tests.bases.builders import INDEX, TEXT, write

Dense = NDArray[np.float64]
OUT, IN, SIDE, KERNEL = 24, 32, 6, 3
LINEAR = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k"
CONV = "down_blocks.0.resnets.0.conv1"
STEM = f"lora_unet_{LINEAR.replace('.', '_')}"
CONV_STEM = f"lora_unet_{CONV.replace('.', '_')}"


def draw(seed: int, *shape: int) -> Dense:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32).astype(np.float64)


WEIGHT = draw(100, OUT, IN)
KERNELS = draw(101, 12, SIDE, KERNEL, KERNEL)
BIAS = draw(102, OUT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pipeline folder whose UNet has one linear module and one convolution."""
    import json

    from safetensors.numpy import save_file

    base = tmp_path / "base"
    (base / "unet").mkdir(parents=True)
    (base / "text_encoder").mkdir()
    (base / "model_index.json").write_text(json.dumps(INDEX))
    tensors = {f"{LINEAR}.weight": WEIGHT, f"{LINEAR}.bias": BIAS, f"{CONV}.weight": KERNELS}
    save_file({name: value.astype(np.float32) for name, value in tensors.items()}, base / "unet" / "diffusion_pytorch_model.safetensors")
    write(base / "text_encoder" / "model.safetensors", TEXT)
    return base


def told(folder: Path, tensors: dict[str, Dense], *, intruders: bool = False) -> AgainstBase:
    file = vetted_tensors({name: np.asarray(value, dtype=np.float32) for name, value in tensors.items()})
    adapter = read_adapter(file, manifests_for(str(folder)))
    weights = base_weights(folder)
    return against_base(adapter, file, measure(adapter, file), weights, intruders=intruders, cache=folder.parent / "cache")


def layer(folder: Path, tensors: dict[str, Dense]) -> LayerStatistics:
    (found,) = told(folder, tensors).layers.values()
    return found


def pair(stem: str = STEM, rank: int = 4) -> tuple[dict[str, Dense], Dense]:
    down, up = draw(1, rank, IN), draw(2, OUT, rank)
    return {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up, f"{stem}.alpha": np.array(2.0)}, 2.0 / rank * up @ down


def rotations(blocks: Dense, constraint: float = 0.0) -> Dense:
    skew = blocks - np.swapaxes(blocks, -1, -2)
    if 0 < constraint < np.linalg.norm(skew):
        skew = skew * constraint / np.linalg.norm(skew)
    eye = np.eye(blocks.shape[-1])
    return np.stack([np.linalg.solve((eye - each).T, (eye + each).T).T for each in skew.reshape(-1, *eye.shape)])


def dora(magnitude: Dense, axis: int) -> tuple[dict[str, Dense], Dense]:
    tensors, delta = pair()
    changed = WEIGHT + delta
    return tensors, magnitude * changed / np.linalg.norm(changed, axis=axis, keepdims=True) - WEIGHT


def dora_scale_by_rows() -> tuple[dict[str, Dense], Dense]:
    magnitude = draw(3, OUT, 1)
    tensors, delta = dora(magnitude, 1)
    return {**tensors, f"{STEM}.dora_scale": magnitude}, delta


def dora_scale_by_columns() -> tuple[dict[str, Dense], Dense]:
    magnitude = draw(3, 1, IN)
    tensors, delta = dora(magnitude, 0)
    return {**tensors, f"{STEM}.dora_scale": magnitude}, delta


def peft_dora() -> tuple[dict[str, Dense], Dense]:
    magnitude = draw(3, OUT)
    tensors, delta = dora(magnitude[:, None], 1)
    return {**tensors, f"{STEM}.lora_magnitude_vector": magnitude}, delta


def dora_of_a_convolution() -> tuple[dict[str, Dense], Dense]:
    down, up, magnitude = draw(1, 4, SIDE, KERNEL, KERNEL), draw(2, 12, 4, 1, 1), draw(3, 1, SIDE, 1, 1)
    changed = KERNELS + (up.reshape(12, 4) @ down.reshape(4, -1)).reshape(KERNELS.shape)
    norms = np.sqrt((changed**2).sum(axis=(0, 2, 3), keepdims=True))
    tensors = {f"{CONV_STEM}.lora_down.weight": down, f"{CONV_STEM}.lora_up.weight": up, f"{CONV_STEM}.dora_scale": magnitude}
    return tensors, (magnitude * changed / norms - KERNELS).reshape(12, -1)


def ia3_on_input() -> tuple[dict[str, Dense], Dense]:
    factors = draw(1, 1, IN)
    return {f"{STEM}.weight": factors, f"{STEM}.on_input": np.array(1.0)}, WEIGHT * factors


def ia3_on_output() -> tuple[dict[str, Dense], Dense]:
    factors = draw(1, OUT, 1)
    return {f"{STEM}.weight": factors, f"{STEM}.on_input": np.array(0.0)}, WEIGHT * factors


def pefts_ia3() -> tuple[dict[str, Dense], Dense]:
    factors = draw(1, OUT, 1)
    return {f"base_model.model.{LINEAR}.ia3_l": factors}, WEIGHT * (factors - 1)


def oft() -> tuple[dict[str, Dense], Dense]:
    blocks, rescale = draw(1, 4, 6, 6), draw(2, OUT, 1)
    turned = np.einsum("knm,kni->kmi", rotations(blocks), WEIGHT.reshape(4, 6, IN)).reshape(OUT, IN)
    return {f"{STEM}.oft_blocks": blocks, f"{STEM}.rescale": rescale, f"{STEM}.alpha": np.array(0.0)}, rescale * turned - WEIGHT


def bounded_oft() -> tuple[dict[str, Dense], Dense]:
    blocks = draw(1, 4, 6, 6)
    turned = np.einsum("knm,kni->kmi", rotations(blocks, 0.125 * OUT), WEIGHT.reshape(4, 6, IN)).reshape(OUT, IN)
    return {
        f"oft_{STEM.removeprefix('lora_')}.oft_blocks": blocks,
        f"oft_{STEM.removeprefix('lora_')}.alpha": np.array(0.125),
    }, turned - WEIGHT


def boft() -> tuple[dict[str, Dense], Dense]:
    """Two stages of six blocks of four: rows 2 apart, then 4 apart, meet in a block."""
    blocks = draw(1, 2, 6, 4, 4)
    turned = WEIGHT
    for stage, half in enumerate((2, 4)):
        order = np.arange(OUT).reshape(-1, 2, half).transpose(0, 2, 1).reshape(-1)
        matrix = np.zeros((OUT, OUT))
        for index, block in enumerate(rotations(blocks[stage])):
            members = order[4 * index : 4 * index + 4]
            matrix[np.ix_(members, members)] = block
        turned = matrix @ turned
    return {f"{STEM}.oft_blocks": blocks, f"{STEM}.alpha": np.array(0.0)}, turned - WEIGHT


def glora() -> tuple[dict[str, Dense], Dense]:
    a1, a2, b1, b2 = draw(1, IN, 3), draw(2, 3, IN), draw(3, OUT, 3), draw(4, 3, IN)
    names = {"a1": a1, "a2": a2, "b1": b1, "b2": b2}
    return {f"{STEM}.{name}.weight": value for name, value in names.items()}, WEIGHT @ a1 @ a2 + b1 @ b2


def older_glora() -> tuple[dict[str, Dense], Dense]:
    a1, a2, b1, b2 = draw(1, 3, IN), draw(2, IN, 3), draw(3, 3, IN), draw(4, OUT, 3)
    names = {"a1": a1, "a2": a2, "b1": b1, "b2": b2}
    tensors = {f"{STEM}.{name}.weight": value for name, value in names.items()} | {f"{STEM}.alpha": np.array(6.0)}
    return tensors, 2.0 * (WEIGHT @ a2 @ a1 + b2 @ b1)


def set_weight() -> tuple[dict[str, Dense], Dense]:
    new = draw(1, OUT, IN)
    return {f"{STEM}.set_weight": new}, new - WEIGHT


CASES = {
    make.__name__: make
    for make in (
        dora_scale_by_rows,
        dora_scale_by_columns,
        peft_dora,
        dora_of_a_convolution,
        ia3_on_input,
        ia3_on_output,
        pefts_ia3,
        oft,
        bounded_oft,
        boft,
        glora,
        older_glora,
        set_weight,
    )
}


@pytest.mark.parametrize("case", CASES)
def test_a_kind_that_depends_on_the_base_gets_its_numbers(folder: Path, case: str) -> None:
    tensors, delta = CASES[case]()

    found = layer(folder, tensors)

    assert found.frobenius == pytest.approx(np.linalg.norm(delta), rel=1e-6)
    assert found.spectral == pytest.approx(np.linalg.norm(delta, 2), rel=1e-6)
    assert found.shape == delta.shape


def test_norms_are_set_beside_those_of_the_weight(folder: Path) -> None:
    tensors, delta = pair()

    (relation,) = told(folder, tensors).relations.values()

    assert relation.frobenius == pytest.approx(np.linalg.norm(delta) / np.linalg.norm(WEIGHT), rel=1e-9)
    assert relation.spectral == pytest.approx(np.linalg.norm(delta, 2) / np.linalg.norm(WEIGHT, 2), rel=1e-9)
    assert relation.intruders is None


def test_a_bias_is_set_beside_the_bias(folder: Path) -> None:
    tensors, _ = pair()
    change = draw(5, OUT)

    found = told(folder, {**tensors, f"{STEM}.diff_b": change}).relations["unet", LINEAR, "bias"]

    assert found.frobenius == pytest.approx(np.linalg.norm(change) / np.linalg.norm(BIAS), rel=1e-9)


def test_what_the_base_does_not_have_or_does_not_fit_is_said(folder: Path) -> None:
    nowhere = {"lora_unet_nowhere.dora_scale": draw(1, 4), **pair("lora_unet_nowhere")[0]}
    misfit = {f"{STEM}.oft_blocks": draw(1, 5, 5, 5)}

    assert list(told(folder, nowhere).reasons.values()) == [NO_WEIGHT]
    assert list(told(folder, misfit).reasons.values()) == [MISFIT]


def test_a_new_direction_intrudes_and_one_of_the_base_does_not(folder: Path) -> None:
    left, values, right = np.linalg.svd(WEIGHT, full_matrices=False)
    fresh = np.outer(left[:, -9:].sum(axis=1), draw(7, IN))
    fresh *= 4 * values[0] / np.linalg.norm(fresh)
    own = np.outer(left[:, 0], right[0]) * values[0]

    def count(delta: Dense) -> int | None:
        up, size, down = np.linalg.svd(delta, full_matrices=False)
        tensors = {f"{STEM}.lora_up.weight": up[:, :1] * size[0], f"{STEM}.lora_down.weight": down[:1]}
        (relation,) = told(folder, tensors, intruders=True).relations.values()
        return relation.intruders

    assert count(own) == 0
    assert count(fresh) == 1


def test_the_bases_vectors_are_kept_for_the_user_alone_and_a_broken_cache_is_made_anew(folder: Path) -> None:
    tensors, _ = pair()
    first = told(folder, tensors, intruders=True)
    (kept,) = (folder.parent / "cache").iterdir()
    before = kept.read_bytes()

    kept.write_bytes(b"broken")
    again = told(folder, tensors, intruders=True)

    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert first.relations == again.relations
    assert kept.read_bytes() == before
    assert isinstance(next(iter(first.relations.values())), Relation)


@pytest.mark.parametrize("shape", [(300, 200), (90, 700), (1, 5), (3, 3), (70, 70)])
def test_a_spectral_norm_is_that_of_the_whole_decomposition(shape: tuple[int, int]) -> None:
    flat, zero = draw(0, *shape), np.zeros(shape)

    assert spectral_norm(flat) == pytest.approx(np.linalg.norm(flat, 2), rel=1e-9)
    assert spectral_norm(np.eye(*shape)) == pytest.approx(1.0)
    assert spectral_norm(zero) == 0.0
