"""Bases that a user brings."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lorascan.bases import base_manifest, identify, locate, manifests_for, resolve_base
from lorascan.core.adapter import BaseFacts, Claims
from lorascan.core.errors import Unavailable, UsageError
from lorascan.dialects import read_adapter
from tests.adapters.builders import make_adapter, vetted, zero_file
from tests.bases.builders import INDEX, UNET, make_folder, write

QUERY = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
NO_BASE = BaseFacts(family=None, candidates=(), claimed=None, match=0.0, unknown_modules=())


def test_a_folders_modules_are_read_from_headers_alone(tmp_path: Path) -> None:
    manifest = base_manifest(make_folder(tmp_path / "base"))

    assert manifest.modules == {
        "unet": {name.removesuffix(".weight"): shape for name, shape in UNET.items() if len(shape) > 1},
        "text_encoder": {"encoder.layers.0.self_attn.q_proj": (16, 16)},
    }


def test_weights_in_several_files_are_read_together(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "base")
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    for number, (name, shape) in enumerate(UNET.items(), 1):
        path = folder / "unet" / f"diffusion_pytorch_model-{number:05}-of-{len(UNET):05}.safetensors"
        write(path, {name: shape})

    assert len(base_manifest(folder).modules["unet"]) == 4


def test_an_adapter_is_resolved_in_the_folder_that_was_asked_for(tmp_path: Path) -> None:
    folder = str(make_folder(tmp_path / "base"))
    stem = f"lora_unet_{QUERY.replace('.', '_')}"
    file = zero_file({f"{stem}.lora_down.weight": (2, 8), f"{stem}.lora_up.weight": (8, 2)})

    adapter = read_adapter(file, manifests_for(folder))
    facts = identify(adapter, folder, Claims())

    assert adapter.updates[0].module_path == QUERY
    assert (facts.family, facts.match, facts.unknown_modules) == ("sd15", 1.0, ())


def test_a_chosen_base_is_resolved_with_its_digest(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "base", variant=".fp16")

    base = resolve_base(str(folder), NO_BASE, scorer=tmp_path)

    assert (base.folder, base.family, base.variant, base.scorer) == (folder, "sd15", "fp16", tmp_path)
    (folder / "unet" / "config.json").write_text("{}")
    assert resolve_base(str(folder), NO_BASE, scorer=tmp_path).sha256 != base.sha256


def test_a_base_without_a_scorer_is_not_enough(tmp_path: Path) -> None:
    folder = str(make_folder(tmp_path / "base"))

    with pytest.raises(Unavailable, match="--scorer"):
        resolve_base(folder, NO_BASE)


def test_pickle_weights_are_named(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "base")
    (folder / "unet" / "diffusion_pytorch_model.safetensors").rename(folder / "unet" / "diffusion_pytorch_model.bin")

    with pytest.raises(Unavailable, match="only pickle weights: convert"):
        base_manifest(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"_class_name": ["pipeline", "Mine"]},
        {"_class_name": "AudioLDMPipeline"},
        {"_class_name": "FluxPipeline"},
        {"unet": [None, None]},
        {"unet": ["my_module", "UNet"]},
        {"vae": ["lorascan.bases._patch_vae", "Other"]},
    ],
)
def test_a_folder_that_asks_for_other_code_is_not_loaded(tmp_path: Path, change: dict[str, object]) -> None:
    folder = make_folder(tmp_path / "base", index={**INDEX, **change})

    with pytest.raises(Unavailable):
        resolve_base(str(folder), NO_BASE, scorer=tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff" * 16, b"\x02\0\0\0\0\0\0\0[]", b"\x0c\0\0\0\0\0\0\0" + b'{"a": {}    '])
def test_a_broken_weight_file_is_the_users_mistake(tmp_path: Path, content: bytes) -> None:
    folder = make_folder(tmp_path / "base")
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(content)

    with pytest.raises(UsageError):
        base_manifest(folder)


def test_a_base_of_no_known_kind_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    for name in ("nonsense", "a/b/c", "../secret", str(tmp_path / "empty")):
        with pytest.raises(UsageError):
            resolve_base(name, NO_BASE)


def test_a_cached_repository_is_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = "0123456789abcdef" * 2 + "01234567"
    cache = tmp_path / "hub" / "models--someone--model"
    snapshot = make_folder(cache / "snapshots" / commit)
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(commit)
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.delenv("HUGGINGFACE_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))

    assert locate("someone/model") == snapshot
    with pytest.raises(Unavailable, match="not in the local cache"):
        locate("someone/other")
    (cache / "refs" / "main").write_text("../../../etc")
    with pytest.raises(Unavailable, match="not in the local cache"):
        locate("someone/model")


def test_an_adapter_for_an_absent_base_says_which_one_it_needs() -> None:
    fits = BaseFacts(family="sd15", candidates=("sd15",), claimed=None, match=1.0, unknown_modules=())
    either = BaseFacts(family=None, candidates=("sd15", "sd2"), claimed=None, match=0.0, unknown_modules=())

    with pytest.raises(Unavailable, match=r"Stable Diffusion 1\.5: give a local diffusers folder"):
        resolve_base(None, fits)
    with pytest.raises(Unavailable, match=r"Stable Diffusion 1\.5 or Stable Diffusion 2"):
        resolve_base(None, either)
    with pytest.raises(Unavailable, match="fits no base"):
        resolve_base(None, NO_BASE)


def test_an_adapter_for_another_base_than_the_chosen_is_told_so_before_anything_is_started() -> None:
    other = BaseFacts(family="lab", candidates=("sd15",), claimed=None, match=0.1, unknown_modules=("unet.a",))
    variant = replace(other, match=0.9)

    with pytest.raises(Unavailable, match=r"made for Stable Diffusion 1\.5; 10 % of its modules fit the chosen base, lorascan's lab base"):
        resolve_base("lab", other)
    assert resolve_base("lab", variant).family == "lab"


def test_an_adapter_for_the_lab_is_identified_by_its_shapes() -> None:
    file = vetted(make_adapter())

    facts = identify(read_adapter(file, manifests_for(None)), None, Claims(base="SDXL"))

    assert (facts.family, facts.candidates, facts.match, facts.claimed) == ("lab", ("lab",), 1.0, "SDXL")


def test_metadata_decide_only_between_bases_that_fit() -> None:
    stem = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
    file = zero_file({f"{stem}.lora_A.weight": (4, 320), f"{stem}.lora_B.weight": (320, 4)})
    adapter = read_adapter(file, manifests_for(None))

    assert identify(adapter, None, Claims()).family is None
    assert identify(adapter, None, Claims()).candidates == ("sd15", "sd2")
    assert identify(adapter, None, Claims(base="sd_v2")).family == "sd2"
    assert identify(adapter, None, Claims(base="sdxl_base_v1-0")).family is None


def test_a_file_that_fits_a_base_only_in_part_names_what_does_not() -> None:
    shapes: dict[str, tuple[int, ...]] = {}
    for number, block in enumerate((0, 1, 2)):
        stem = f"unet.down_blocks.{block}.attentions.0.transformer_blocks.0.attn2.to_k"
        width = (320, 640, 999)[number]
        shapes |= {f"{stem}.lora_A.weight": (4, 768), f"{stem}.lora_B.weight": (width, 4)}
    adapter = read_adapter(zero_file(shapes), manifests_for(None))

    facts = identify(adapter, None, Claims())

    assert (facts.family, facts.candidates) == ("sd15", ())
    assert facts.unknown_modules == ("unet.down_blocks.2.attentions.0.transformer_blocks.0.attn2.to_k",)
    assert facts.match == pytest.approx(2 / 3)


def test_a_folder_index_that_is_no_json_is_a_usage_error(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "base")
    for text in ("not json", json.dumps([1]), "[" * 100_000):
        (folder / "model_index.json").write_text(text)

        with pytest.raises(UsageError):
            base_manifest(folder)
