"""Published adapters: every tensor is an update or a leftover with a reason."""

import json
from collections import Counter
from pathlib import Path

import pytest

from lorascan.bases import identify, manifests
from lorascan.core.adapter import Adapter, Claims, VettedFile
from lorascan.dialects import Reason, read_adapter
from lorascan.weights import measure
from tests.adapters.builders import vetted, zero_file

DATA = Path(__file__).resolve().parent.parent / "data" / "real_adapters"
KEY_LISTS = sorted((DATA / "invokeai_key_shapes").glob("*.json"))


def accounted(adapter: Adapter, file: VettedFile) -> bool:
    """Whether every span is a factor, an α tensor that was used, or a leftover."""
    names = Counter(each.span.name for each in adapter.leftovers)
    for update in adapter.updates:
        names.update((update.down.name, update.up.name))
    alphas = sum(each.alpha_origin == "tensor" for each in adapter.updates)
    return names.total() == len(names) and names.total() + alphas == len(file.spans)


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


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("analog_svd_rank4", {Reason.POSITIONAL: 384}),
        ("lora_disney", {Reason.POSITIONAL: 384, Reason.EMBEDDING: 2}),
    ],
)
def test_a_positional_file_is_named_and_not_guessed(name: str, reasons: dict[Reason, int]) -> None:
    file = vetted((DATA / "cloneofsimo" / f"{name}.safetensors").read_bytes())

    adapter = read_adapter(file, manifests())

    assert accounted(adapter, file)
    assert Counter(each.reason for each in adapter.leftovers) == reasons
    assert measure(adapter, file).bad_numbers == ()


@pytest.mark.parametrize("path", KEY_LISTS, ids=lambda path: path.name.partition(".")[0])
def test_every_key_of_a_published_adapter_is_accounted_for(path: Path) -> None:
    shapes = json.loads(path.read_text(encoding="utf-8"))
    file = zero_file({name: tuple(shape) for name, shape in shapes.items()})

    adapter = read_adapter(file, manifests())

    assert accounted(adapter, file)
    assert Reason.UNKNOWN not in {each.reason for each in adapter.leftovers}


def test_no_published_key_name_is_of_no_known_kind() -> None:
    names = json.loads((DATA / "lora_inspector_rs_keys.json").read_text(encoding="utf-8"))
    known = [name for name in names if not name.endswith((".lora_down.weight", ".lora_up.weight"))]

    adapter = read_adapter(zero_file(dict.fromkeys(known, ())), manifests())

    assert adapter.updates == ()
    assert {each.reason for each in adapter.leftovers} == {
        Reason.LOHA,
        Reason.LOKR,
        Reason.OFT,
        Reason.UNREAD_ALPHA,
    }
