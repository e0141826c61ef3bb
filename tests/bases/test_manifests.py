"""The manifests that ship, and what makes them."""

import json
import time
from typing import Any

import pytest

from lorascan.bases import families, manifests
from lorascan.bases._generate import manifest_json, shared_json
from lorascan.bases._manifests import FOLDER, SHARED, manifest

EVERY = pytest.mark.parametrize("name", list(families()))

PUBLISHED = {
    ("sd15", "unet"): "859.52M",
    ("sd2", "unet"): "865.91M",
    ("sdxl", "unet"): "2567.46M",
    ("sdxl_refiner", "unet"): "2.3B",
    ("sd3_medium", "transformer"): "2028M",
    ("sd35_medium", "transformer"): "2.2B",
    ("sd35_large", "transformer"): "8.06B",
    ("flux1_dev", "transformer"): "11.90B",
    ("flux1_schnell", "transformer"): "11.89B",
    ("flux2_dev", "transformer"): "32.2B",
    ("flux2_klein_4b", "transformer"): "3.88B",
    ("flux2_klein_9b", "transformer"): "9.08B",
    ("wuerstchen", "prior"): "0.99B",
    ("stable_cascade", "prior"): "3.6B",
    ("pixart_alpha", "transformer"): "0.6B",
    ("pixart_sigma", "transformer"): "0.6B",
    ("auraflow", "transformer"): "6.8B",
    ("sana", "transformer"): "1.6B",
    ("lumina2", "transformer"): "2.6B",
    ("z_image", "transformer"): "6B",
    ("qwen_image", "transformer"): "20B",
    ("hunyuan_video", "transformer"): "13B",
    ("wan_1_3b", "transformer"): "1.4B",
    ("wan_14b", "transformer"): "14B",
    ("ltx_video", "transformer"): "1.9B",
    ("ltx_video_13b", "transformer"): "13B",
    ("chroma", "transformer"): "8.9B",
    ("kandinsky22", "prior"): "1.0B",
}
"""The parameter counts that the authors or the files' sizes give, to as many digits as they give."""
SHARED_PUBLISHED = {
    "clip_l": "123M",
    "open_clip_h": "340M",
    "big_g_projected": "695M",
    "t5_xxl": "4.76B",
    "umt5_xxl": "5.68B",
}


def stored(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def rounded(count: int, published: str) -> str:
    digits = len(published.partition(".")[2]) - 1 if "." in published else 0
    return f"{count / (1e9 if published.endswith('B') else 1e6):.{digits}f}{published[-1]}"


@EVERY
def test_a_manifest_made_again_is_the_one_that_ships(name: str) -> None:
    assert manifest_json(families()[name]) == stored(name)


def test_the_shared_networks_made_again_are_the_ones_that_ship() -> None:
    assert shared_json(families()) == stored(SHARED)


@EVERY
def test_a_family_counts_its_denoisers_parameters(name: str) -> None:
    family = families()[name]

    assert stored(name)["networks"][family.denoiser]["parameters"] == family.parameters
    assert family.name == name
    assert set(manifest(name).modules) == set(family.models)


@pytest.mark.parametrize(("name", "component"), list(PUBLISHED))
def test_a_manifest_counts_the_parameters_of_the_release(name: str, component: str) -> None:
    published = PUBLISHED[name, component]

    assert rounded(stored(name)["networks"][component]["parameters"], published) == published


def test_every_family_whose_configuration_was_read_off_a_published_one_is_counted() -> None:
    counted = {name for name, _ in PUBLISHED}
    verified = {name for name, family in families().items() if not family.unverified}

    assert verified == counted - {"kandinsky22"} | {"lab"}


def test_the_decoder_of_kandinsky_is_marked_as_not_verified() -> None:
    decoder = stored("kandinsky22")

    assert "1.22 billion" in families()["kandinsky22"].unverified == decoder["unverified"]
    assert decoder["networks"]["unet"]["parameters"] == pytest.approx(1.22e9, rel=0.03)


def test_stage_b_of_stable_cascade_has_its_one_and_a_half_billion_parameters() -> None:
    assert stored("stable_cascade")["networks"]["decoder"]["parameters"] == pytest.approx(1.5e9, rel=0.05)


@pytest.mark.parametrize("name", list(SHARED_PUBLISHED))
def test_a_text_encoder_counts_the_parameters_of_the_release(name: str) -> None:
    assert rounded(stored(SHARED)[name]["parameters"], SHARED_PUBLISHED[name]) == SHARED_PUBLISHED[name]


def test_modules_are_named_as_the_installed_libraries_name_them() -> None:
    assert manifest("sd15").shape("text_encoder", "encoder.layers.11.mlp.fc1") == (3072, 768)
    assert manifest("sdxl").shape("text_encoder_2", "text_model.encoder.layers.31.mlp.fc1") == (5120, 1280)
    assert manifest("sdxl").fits("unet", "conv_in", (320, 36))
    assert manifest("flux1_dev").shape("text_encoder_2", "encoder.block.23.layer.0.SelfAttention.q") == (4096, 4096)


@pytest.mark.parametrize(
    ("family", "component", "path", "shape"),
    [
        ("sd15", "unet", "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k", (320, 768)),
        ("sd2", "unet", "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k", (320, 1024)),
        ("sdxl", "unet", "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k", (640, 2048)),
        ("sdxl_refiner", "unet", "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k", (768, 1280)),
        ("sd15", "unet", "down_blocks.0.attentions.0.proj_in", (320, 320, 1, 1)),
        ("sd2", "unet", "down_blocks.0.attentions.0.proj_in", (320, 320)),
        ("flux1_dev", "transformer", "context_embedder", (3072, 4096)),
        ("flux1_dev", "transformer", "single_transformer_blocks.37.proj_mlp", (12288, 3072)),
        ("flux2_klein_4b", "transformer", "context_embedder", (3072, 7680)),
        ("flux2_klein_9b", "transformer", "context_embedder", (4096, 12288)),
        ("flux2_dev", "transformer", "context_embedder", (6144, 15360)),
        ("sd3_medium", "transformer", "transformer_blocks.0.attn.add_k_proj", (1536, 1536)),
        ("sd35_medium", "transformer", "transformer_blocks.12.attn2.to_k", (1536, 1536)),
        ("sd35_large", "transformer", "transformer_blocks.37.attn.to_q", (2432, 2432)),
        ("lumina2", "transformer", "layers.25.attn.to_q", (2304, 2304)),
        ("z_image", "transformer", "layers.29.attention.to_q", (3840, 3840)),
        ("qwen_image", "transformer", "txt_in", (3072, 3584)),
        ("pixart_sigma", "transformer", "transformer_blocks.27.attn2.to_k", (1152, 1152)),
        ("wan_1_3b", "transformer", "blocks.29.attn1.to_q", (1536, 1536)),
        ("wan_14b", "transformer", "blocks.39.attn1.to_q", (5120, 5120)),
        ("ltx_video", "transformer", "transformer_blocks.27.attn1.to_q", (2048, 2048)),
        ("ltx_video_13b", "transformer", "transformer_blocks.47.attn1.to_q", (4096, 4096)),
        ("auraflow", "transformer", "context_embedder", (3072, 2048)),
        ("kandinsky22", "unet", "mid_block.attentions.0.add_k_proj", (1536, 768)),
        ("kandinsky22", "prior", "transformer_blocks.19.attn1.to_q", (2048, 2048)),
        ("wuerstchen", "prior", "cond_mapper.0", (1536, 1280)),
        ("stable_cascade", "prior", "clip_txt_mapper", (2048, 1280)),
    ],
)
def test_a_manifest_has_the_widths_by_which_the_release_is_known(family: str, component: str, path: str, shape: tuple[int, ...]) -> None:
    assert manifest(family).shape(component, path) == shape


def test_all_manifests_are_read_in_a_blink() -> None:
    manifest.cache_clear()
    manifests.cache_clear()
    started = time.process_time()

    count = sum(len(modules) for each in manifests() for modules in each.modules.values())

    assert count > 15_000
    assert time.process_time() - started < 0.25
