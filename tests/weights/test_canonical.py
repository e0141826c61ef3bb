"""The update written anew, and what diffusers and peft make of it."""

import json
import struct

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load

from lorascan.bases import manifests
from lorascan.core.errors import Unavailable
from lorascan.dialects import read_adapter
from lorascan.weights.canonical import canonical
from tests.adapters.builders import ATTENTION, TEXT, make_adapter, make_tensors, vetted, vetted_tensors
from tests.weights.kinds import draw

LAB = next(each for each in manifests() if each.family == "lab")
Matrices = dict[tuple[str, str], NDArray[np.float64]]


def rewritten(content: bytes) -> dict[str, NDArray[np.float32]]:
    file = vetted(content)
    return load(canonical(read_adapter(file, manifests()), file))


@pytest.mark.parametrize("dialect", ["kohya", "peft", "diffusers_legacy"])
def test_every_dialect_is_written_alike(dialect: str) -> None:
    written = rewritten(make_adapter(dialect=dialect, alpha=None))

    original = make_tensors(dialect="peft", alpha=None)
    assert set(written) == set(original)
    assert all(np.array_equal(written[name], original[name]) for name in written)


def test_the_scaling_is_multiplied_into_the_second_factor() -> None:
    plain, scaled = rewritten(make_adapter(alpha=None)), rewritten(make_adapter(alpha=8.0))

    assert np.array_equal(scaled[f"unet.{ATTENTION}.lora_A.weight"], plain[f"unet.{ATTENTION}.lora_A.weight"])
    assert np.array_equal(scaled[f"unet.{ATTENTION}.lora_B.weight"], 2 * plain[f"unet.{ATTENTION}.lora_B.weight"])


def test_nothing_foreign_is_written() -> None:
    tensors = make_tensors()
    tensors["<s1>"] = np.ones(3, dtype=np.float32)
    tensors["lora_unet_nowhere.lora_down.weight"] = np.ones((2, 4), dtype=np.float32)
    tensors["lora_unet_nowhere.lora_up.weight"] = np.ones((4, 2), dtype=np.float32)
    file = vetted_tensors(tensors)

    content = canonical(read_adapter(file, manifests()), file)

    header = json.loads(content[8 : 8 + struct.unpack("<Q", content[:8])[0]])
    sides = [f"lora_{side}.weight" for side in "AB"]
    assert set(header) == {f"{stem}.{side}" for stem in (f"unet.{ATTENTION}", f"text_encoder.{TEXT}") for side in sides}
    assert {each["dtype"] for each in header.values()} == {"F32"}


def test_a_share_of_a_fused_matrix_is_written_as_its_own_rows() -> None:
    from tests.dialects.flux import QKV, TINY

    down, up = np.ones((2, 8), dtype=np.float32), np.arange(48, dtype=np.float32).reshape(24, 2)
    stem = "lora_unet_double_blocks_0_img_attn_qkv"
    file = vetted_tensors({f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up})

    written = load(canonical(read_adapter(file, (TINY,)), file))

    assert set(written) == {f"transformer.{path}.lora_{side}.weight" for path in QKV for side in "AB"}
    for index, path in enumerate(QKV):
        assert np.array_equal(written[f"transformer.{path}.lora_A.weight"], down)
        assert np.array_equal(written[f"transformer.{path}.lora_B.weight"], up[8 * index : 8 * index + 8])


def test_a_file_of_other_kinds_only_is_never_loaded_as_nothing() -> None:
    stem = f"lora_unet_{ATTENTION.replace('.', '_')}"
    file = vetted_tensors(
        {f"{stem}.hada_w{n}_{side}": np.ones((64, 4) if side == "a" else (4, 64), dtype=np.float32) for n in (1, 2) for side in "ab"}
    )

    with pytest.raises(Unavailable, match="loha"):
        canonical(read_adapter(file, manifests()), file)


def test_other_kinds_are_applied_as_exact_pairs() -> None:
    from lorascan.bases import base_weights, locate
    from lorascan.weights.canonical import read_canonical

    stems = [f"lora_unet_{path.replace('.', '_')}" for path in SQUARE[:3]]
    loha = {f".hada_w{n}_{side}": draw(n, *((64, 4) if side == "a" else (4, 64))) for n in (1, 2) for side in "ab"}
    lokr = {".lokr_w1": draw(3, 8, 8), ".lokr_w2": draw(4, 8, 8)}
    dora = {".lora_down.weight": draw(5, 4, 64), ".lora_up.weight": draw(6, 64, 4), ".dora_scale": draw(7, 64, 1) ** 2 + 1}
    file = vetted_tensors(
        {f"{stem}{end}": each for stem, kind in zip(stems, (loha, lokr, dora), strict=True) for end, each in kind.items()}
    )
    base = base_weights(locate("lab"))
    weight = base.read("unet", SQUARE[2], "weight")
    assert weight is not None
    original = np.frombuffer(weight.content, dtype={"F32": "<f4", "F16": "<f2"}[weight.span.dtype]).reshape(64, 64).astype(np.float64)

    tensors = read_canonical(canonical(read_adapter(file, manifests()), file, base))

    wide = {name: each.astype(np.float64) for name, each in tensors.items()}
    found = [wide[f"unet.{path}.lora_B.weight"] @ wide[f"unet.{path}.lora_A.weight"] for path in SQUARE[:3]]
    changed = original + dora[".lora_up.weight"].astype(np.float64) @ dora[".lora_down.weight"]
    turned = dora[".dora_scale"] * changed / np.linalg.norm(changed, axis=1, keepdims=True)
    sides = [loha[f".hada_w{n}_a"].astype(np.float64) @ loha[f".hada_w{n}_b"] for n in (1, 2)]
    expected = [sides[0] * sides[1], np.kron(lokr[".lokr_w1"], lokr[".lokr_w2"]), turned - original]
    assert len(tensors) == 6
    for one, other in zip(found, expected, strict=True):
        assert np.abs(one - other).max() <= 1e-5 * np.abs(other).max()


def test_what_does_not_fit_the_base_is_not_tested_in_silence() -> None:
    from lorascan.bases import base_weights, locate

    stem = f"lora_unet_{SQUARE[0].replace('.', '_')}"
    file = vetted_tensors({f"{stem}.lokr_w1": draw(1, 8, 8), f"{stem}.lokr_w2": draw(2, 8, 4)})
    adapter = read_adapter(file, (LAB,))

    with pytest.raises(Unavailable, match="do not fit"):
        canonical(adapter, file, base_weights(locate("lab")))


SQUARE = [path for path, shape in LAB.modules["unet"].items() if shape == (64, 64)]


def every_module(components: tuple[str, ...]) -> tuple[bytes, Matrices]:
    """A kohya file that updates every module of the lab with scaling 1.5, and the ΔW that it must make."""
    from safetensors.numpy import save

    random = np.random.default_rng(0)
    tensors, expected = {}, {}
    for component in components:
        prefix = {"unet": "lora_unet", "text_encoder": "lora_te_text_model"}[component]
        for path, shape in LAB.modules[component].items():
            down = random.standard_normal((4, *shape[1:])).astype(np.float32)
            up = random.standard_normal((shape[0], 4, *(1 for _ in shape[2:]))).astype(np.float32)
            stem = f"{prefix}_{path.replace('.', '_')}"
            tensors |= {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up}
            tensors[f"{stem}.alpha"] = np.array(6.0, dtype=np.float32)
            product = up.astype(np.float64).reshape(-1, 4) @ down.astype(np.float64).reshape(4, -1)
            expected[component, path] = 1.5 * product.reshape(shape)
    return save(tensors), expected


@pytest.mark.parametrize("components", [("unet",), ("text_encoder",), ("unet", "text_encoder")])
def test_diffusers_applies_exactly_the_update_that_was_read(components: tuple[str, ...]) -> None:
    from safetensors.torch import load as load_torch

    content, expected = every_module(components)
    file = vetted(content)
    pipeline = lab_pipeline()

    state = load_torch(canonical(read_adapter(file, manifests()), file))
    pipeline.load_lora_weights(dict(state), adapter_name="subject")

    assert len(state) == 2 * len(expected)
    for (component, path), delta_w in expected.items():
        module = getattr(pipeline, component).get_submodule(path)
        applied = module.get_delta_weight("subject").detach().double().numpy()
        assert np.abs(applied - delta_w).max() <= 1e-6 * np.abs(delta_w).max()


def lab_pipeline():  # noqa: ANN201 - diffusers has no types
    """A pipeline of the lab's architecture with random weights."""
    import torch
    from diffusers import DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    from lorascan.bases._patch_vae import PatchVae
    from lorascan.bases.lab import FAMILY

    torch.manual_seed(0)
    text = CLIPTextConfig(**FAMILY.models["text_encoder"].config)
    return StableDiffusionPipeline(
        unet=UNet2DConditionModel(**FAMILY.models["unet"].config),
        text_encoder=CLIPTextModel(text),
        vae=PatchVae(),
        tokenizer=None,
        scheduler=DDIMScheduler(clip_sample=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
