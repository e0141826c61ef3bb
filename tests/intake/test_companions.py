"""What stands beside an adapter: its PEFT config and its model card."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lorascan.core.adapter import FileFacts
from lorascan.core.errors import Refused
from lorascan.intake import companions, receive, vet_received
from lorascan.intake.front_matter import front_matter
from lorascan.settings import Limits
from tests.hostile.builders import container, entries

CARD = """---
base_model: "runwayml/stable-diffusion-v1-5"
instance_prompt: a photo of 'ohwx' dog
tags:
- text-to-image
- lora
widget:
- text: 'a nested thing'
trigger_words: [zwx, "red hat"]
license: ~
---
# A style

You should use `sks frame` to trigger the image generation.
"""


def peft_folder(folder: Path, config: object, card: str | None = None, name: str = "adapter_model.safetensors") -> Path:
    stem = "base_model.model.mid_block.attentions.0.proj_in"
    laid, payload = entries({f"{stem}.lora_A.weight": ("F32", (4, 8)), f"{stem}.lora_B.weight": ("F32", (8, 4))})
    path = folder / name
    path.write_bytes(container(laid, payload))
    (folder / "adapter_config.json").write_bytes(config if isinstance(config, bytes) else json.dumps(config).encode())
    if card is not None:
        (folder / "README.md").write_text(card, encoding="utf-8")
    return path


def vet(path: Path) -> FileFacts:
    return vet_received(receive(path, Limits()), Limits(), companions(path)).facts


def test_the_config_and_the_card_of_a_peft_folder_are_claims(tmp_path: Path) -> None:
    claims = vet(peft_folder(tmp_path, {"r": 4, "lora_alpha": 8, "peft_type": "LORA"}, CARD)).claims

    assert (claims.peft[""].rank, claims.peft[""].alpha, claims.peft[""].source) == (4, 8.0, "adapter_config.json")
    assert claims.base == "runwayml/stable-diffusion-v1-5"
    assert claims.triggers == ("a photo of 'ohwx' dog", "zwx", "red hat", "sks frame")
    assert {"adapter_config.json", "README.md: tags"} <= {each.path for each in claims.metadata}


@pytest.mark.parametrize(
    ("config", "code"),
    [
        (b'{"r":4,"r":8}', "LS106"),
        (b"{", "LS400"),
        (b"[]", "LS400"),
        (b'{"r":"\xff"}', "LS400"),
        (b'{"lora_alpha":NaN}', "LS400"),
        (b'{"r":' + b"9" * 5_000 + b"}", "LS400"),
        (b'{"a":' + b"[" * 500 + b"]" * 500 + b"}", "LS400"),
        (b" " * (4 * 2**20 + 1), "LS400"),
        (b'{"target_modules":"(a+)+$"}', "LS401"),
        (b'{"r":100000}', "LS402"),
        (b'{"lora_alpha":"8"}', "LS403"),
    ],
)
def test_a_bad_config_beside_the_weights_refuses_the_file(tmp_path: Path, config: bytes, code: str) -> None:
    with pytest.raises(Refused) as caught:
        vet(peft_folder(tmp_path, config))

    assert caught.value.refusals[0].code == code


def test_a_config_that_is_no_file_refuses_and_a_card_that_is_none_does_not(tmp_path: Path) -> None:
    path = peft_folder(tmp_path, {})
    (tmp_path / "README.md").mkdir()
    assert vet(path).claims.triggers == ()

    (tmp_path / "adapter_config.json").unlink()
    os.mkfifo(tmp_path / "adapter_config.json")
    with pytest.raises(Refused, match="no regular file"):
        vet(path)


def test_another_adapters_config_is_not_believed(tmp_path: Path) -> None:
    """A loose file among several has nothing to do with the config; the only one of its folder has."""
    path = peft_folder(tmp_path, {"r": 4}, name="style.safetensors")
    assert "" in vet(path).claims.peft

    (tmp_path / "other.safetensors").write_bytes(b"")
    assert vet(path).claims.peft == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("# no front matter", {}),
        ("---\nnever: closed\n", {}),
        ("---\na: b\n---\n", {"a": ("b",)}),
        ("\ufeff---\na: 'it''s'\nb: \"x\\\"y\"\nc: [1, 2]\n---", {"a": ("it's",), "b": ('x"y',), "c": ("1", "2")}),
        ("---\na: one # remark\na: two\n---", {"a": ("one",)}),
        ("---\na: |\n  folded\nb: &x\nc: !!python/object x\n---", {"a": (), "b": (), "c": ()}),
        ("---\na:\n- x\n- y: z\n- 'w'\n---", {"a": ("x", "w")}),
    ],
)
def test_front_matter_gives_plain_values_and_leaves_the_rest(text: str, found: dict[str, tuple[str, ...]]) -> None:
    assert front_matter(text) == found


@settings(deadline=None)
@given(st.text(alphabet="-:[]{}'\"#|>&*!ab \n\t\\", max_size=200))
def test_any_card_is_read_without_an_error(text: str) -> None:
    for values in front_matter(f"---\n{text}\n---\n").values():
        assert all(each.strip() and len(each) <= 500 for each in values)
