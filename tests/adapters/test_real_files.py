"""Published adapters: every tensor is an update or a leftover with a reason."""

import json
from collections import Counter
from pathlib import Path

import pytest

from lorascan.bases import identify, manifests
from lorascan.core.adapter import Adapter, Claims, VettedFile
from lorascan.dialects import Reason, dialects, read_adapter
from lorascan.dialects._endings import split
from lorascan.weights import measure
from tests.adapters.builders import vetted, zero_file

DATA = Path(__file__).resolve().parent.parent / "data" / "real_adapters"
KEY_LISTS = sorted((DATA / "invokeai_key_shapes").glob("*.json"))


def accounted(adapter: Adapter, file: VettedFile) -> bool:
    """Whether every span is part of an update or a leftover, and none is both."""
    used = {span.name for update in adapter.updates for span in update.spans}
    left = [each.span.name for each in adapter.leftovers]
    return not used & set(left) and len(used) + len(left) == len(file.spans)


def test_a_diffusers_013_file_is_read_and_measured_whole() -> None:
    file = vetted((DATA / "catundchat" / "pytorch_lora_weights.safetensors").read_bytes())

    adapter = read_adapter(file, manifests())
    facts = identify(adapter, None, Claims())

    assert accounted(adapter, file)
    assert adapter.facts.dialects == ("diffusers_legacy",)
    assert (len(adapter.updates), adapter.leftovers, facts.family, facts.match) == (128, (), "sd15", 1.0)
    layers = measure(adapter, file).layers
    assert len(layers) == 128
    assert all(0 < each.spectral < 10 for each in layers)


@pytest.mark.parametrize(("name", "rank", "words"), [("analog_svd_rank4", 4, 0), ("lora_disney", 1, 2)])
def test_a_positional_file_is_placed_by_the_one_walk_that_fits_every_shape(name: str, rank: int, words: int) -> None:
    file = vetted((DATA / "cloneofsimo" / f"{name}.safetensors").read_bytes())

    adapter = read_adapter(file, manifests())
    facts = identify(adapter, None, Claims())

    assert accounted(adapter, file)
    assert adapter.facts.dialects == ("cloneofsimo",)
    assert (len(adapter.updates), {each.rank for each in adapter.updates}) == (192, {rank})
    assert [each.reason for each in adapter.leftovers] == [Reason.EMBEDDING] * words
    assert (facts.family, facts.match) == ("sd15", 1.0)
    by_path = {each.module_path: each.tensors[1].name for each in adapter.updates}
    assert by_path["down_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj"] == "unet:4:up"
    assert by_path["mid_block.attentions.0.transformer_blocks.0.attn2.to_v"] == "unet:142:up"
    assert measure(adapter, file).bad_numbers == ()


EXPECTED = {
    "anima_lora_kohya_format": ("kohya", {"lora": 11}),
    "anima_lora_kohya_with_te_format": ("kohya", {"lora": 9}),
    "anima_lora_lokr_format": ("native", {"dora": 2, "lokr": 1}),
    "anima_lora_peft_format": ("native", {"lora": 6}),
    "flux_control_lora_format": ("bfl", {"lora": 314, "bias": 314, "set": 152}),
    "flux_dora_onetrainer_format": ("onetrainer", {"dora": 506}),
    "flux_lokr_bfl_format": ("native", {"lokr": 6}),
    "flux_lora_aitoolkit_format": ("native", {"lora": 228}),
    "flux_lora_diffusers_base_model_format": ("peft_folder", {"lora": 381}),
    "flux_lora_diffusers_format": ("peft", {"lora": 494}),
    "flux_lora_diffusers_no_proj_mlp_format": ("peft", {"lora": 342}),
    "flux_lora_kohya_format": ("kohya", {"lora": 304}),
    "flux_lora_kohya_with_te1_format": ("kohya", {"lora": 376}),
    "flux_lora_xlabs_format": ("xlabs", {"lora": 12}),
    "krea2_lora_kohya_format": ("kohya", {"lora": 40}),
    "qwen_image_lora_diffusers_format": ("diffusers", {"lora": 3}),
    "qwen_image_lora_kohya_format": ("kohya", {"lokr": 8}),
}
"""Name of the list → dialect, and how many groups of tensors of each kind it holds."""


@pytest.mark.parametrize("path", KEY_LISTS, ids=lambda path: path.name.partition(".")[0])
def test_every_key_of_a_published_adapter_is_accounted_for(path: Path) -> None:
    shapes = json.loads(path.read_text(encoding="utf-8"))
    file = zero_file({name: tuple(shape) for name, shape in shapes.items()})
    dialect, kinds = EXPECTED[path.name.partition(".")[0]]

    adapter = read_adapter(file, manifests())

    assert accounted(adapter, file)
    assert adapter.leftovers == ()
    assert {each.partition("-")[0] for each in adapter.facts.dialects} == {dialect}
    assert Counter(name for name, _ in {(each.name, each.tensors) for each in adapter.updates}) == kinds


def test_every_name_of_nine_thousand_is_of_a_known_naming_and_suffix() -> None:
    names = json.loads((DATA / "lora_inspector_rs_keys.json").read_text(encoding="utf-8"))
    kohya = dialects()["kohya"]

    parts = [split(name) for name in names]

    assert len(parts) == 9025
    assert all(part.ending.text for part in parts)
    assert all(kohya.claims(part.stem, part.ending.spelling) for part in parts if part.ending.role != "alpha")
    assert {part.ending.text for part in parts} == {
        ".alpha",
        ".lora_down.weight",
        ".lora_up.weight",
        ".lokr_w1",
        ".lokr_w2",
        *(f".hada_w{side}_{each}" for side in (1, 2) for each in "ab"),
        ".oft_diag",
    }
    known = [part.stem for part in parts if place(part.stem, part.ending.spelling)]
    assert len(known) > 0.97 * len(parts)


def place(stem: str, spelling: str) -> bool:
    """Whether a base that ships has the module of this stem."""
    return any(dialects()["kohya"].places(stem, spelling, each)[0].known for each in manifests() if each.family in {"sd15", "sdxl"})
