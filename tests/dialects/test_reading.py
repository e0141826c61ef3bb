"""How a vetted file becomes updates and leftovers."""

import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascan.bases import manifests
from lorascan.core.adapter import Adapter, Claims, PeftClaims, VettedFile
from lorascan.core.errors import Refused
from lorascan.dialects import Reason, read_adapter
from lorascan.dialects._endings import split
from tests.adapters.builders import ATTENTION, TEXT, make_adapter, make_tensors, vetted, vetted_tensors, zero_file

STEM = f"lora_unet_{ATTENTION.replace('.', '_')}"


def read(shapes: dict[str, tuple[int, ...]], claims: Claims | None = None) -> Adapter:
    return read_adapter(zero_file(shapes, claims=claims), manifests())


def refusals(shapes: dict[str, tuple[int, ...]], claims: Claims | None = None) -> list[str]:
    with pytest.raises(Refused) as caught:
        read(shapes, claims)
    return [each.code for each in caught.value.refusals]


@pytest.mark.parametrize("dialect", ["kohya", "peft", "diffusers_legacy"])
def test_each_dialect_gives_the_same_modules(dialect: str) -> None:
    adapter = read_adapter(vetted(make_adapter(dialect=dialect)), manifests())

    found = {(each.component, each.module_path, each.shape, each.rank) for each in adapter.updates}
    assert found == {("unet", ATTENTION, (64, 64), 4), ("text_encoder", TEXT, (128, 128), 4)}
    assert adapter.facts.dialects == (dialect,)
    assert adapter.facts.update_count == 2


@pytest.mark.parametrize("dialect", ["peft", "diffusers_legacy"])
@pytest.mark.parametrize("inner", ["", "text_model."])
def test_text_encoder_names_are_read_with_and_without_text_model(dialect: str, inner: str) -> None:
    down, up = (".lora_A", ".lora_B") if dialect == "peft" else (".lora_linear_layer.down", ".lora_linear_layer.up")
    stem = f"text_encoder.{inner}{TEXT}"

    adapter = read({f"{stem}{down}.weight": (4, 128), f"{stem}{up}.weight": (128, 4)})

    assert [each.module_path for each in adapter.updates] == [TEXT]


def test_a_peft_folder_names_no_component_and_its_shape_decides() -> None:
    stem = "base_model.model.text_model.encoder.layers.0.self_attn.q_proj"

    for width, component in ((768, "text_encoder"), (1280, "text_encoder_2")):
        shapes = {f"{stem}.lora_A.default.weight": (4, width), f"{stem}.lora_B.default.weight": (width, 4)}
        sdxl = [each for each in manifests() if each.family == "sdxl"]
        adapter = read_adapter(zero_file(shapes), sdxl)

        assert [each.component for each in adapter.updates] == [component]


def test_original_sdxl_names_are_read_in_the_base_that_they_fit() -> None:
    stem = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"

    adapter = read({f"{stem}.lora_down.weight": (8, 2048), f"{stem}.lora_up.weight": (640, 8)})

    update = adapter.updates[0]
    assert update.module_path == "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"
    assert update.dialect == "kohya-sgm"


def test_a_name_that_no_base_knows_stays_as_the_file_has_it() -> None:
    adapter = read({"transformer.x.y.lora_A.weight": (4, 8), "transformer.x.y.lora_B.weight": (8, 4)})

    update = adapter.updates[0]
    assert (update.component, update.module_path, update.resolved) == ("transformer", "x.y", False)


@pytest.mark.parametrize(
    ("dtype", "stored"),
    [
        ("F16", struct.pack("<e", 6.0)),
        ("F32", struct.pack("<f", 6.0)),
        ("F64", struct.pack("<d", 6.0)),
        ("BF16", struct.pack("<f", 6.0)[2:]),
        ("I64", struct.pack("<q", 6)),
    ],
)
def test_alpha_is_read_from_every_type_that_writers_use(dtype: str, stored: bytes) -> None:
    file = vetted(make_adapter(alpha=None))
    adapter = read_adapter(with_alpha(file, dtype, stored), manifests())

    update = next(each for each in adapter.updates if each.component == "unet")
    assert (update.alpha, update.alpha_origin, update.scaling) == (6.0, "tensor", 1.5)


@pytest.mark.parametrize("stored", [struct.pack("<f", float("nan")), struct.pack("<f", float("-inf"))])
def test_alpha_that_is_not_finite_is_refused(stored: bytes) -> None:
    with pytest.raises(Refused, match="LS604"):
        read_adapter(with_alpha(vetted(make_adapter(alpha=None)), "F32", stored), manifests())


def test_alpha_that_is_no_scalar_is_refused() -> None:
    shapes = {f"{STEM}.alpha": (2,), f"{STEM}.lora_down.weight": (4, 64), f"{STEM}.lora_up.weight": (64, 4)}

    assert refusals(shapes) == ["LS604"]


def with_alpha(file: VettedFile, dtype: str, stored: bytes) -> VettedFile:
    """The file with an α tensor of these bytes for the attention module."""
    start = len(file.content)
    span = replace(file.spans[0], name=f"{STEM}.alpha", dtype=dtype, shape=(), start=start, stop=start + len(stored))
    return replace(file, content=memoryview(bytes(file.content) + stored), spans=(*file.spans, span))


def test_alpha_comes_from_the_embedded_config_where_no_tensor_gives_it() -> None:
    peft = PeftClaims(rank=4, alpha=8.0, alpha_pattern={"attn1.to_q": 2.0}, rank_stabilized=True)
    file = vetted(make_adapter(dialect="peft", alpha=None), claims=Claims(peft={"unet": peft}))

    adapter = read_adapter(file, manifests())

    scalings = {each.component: (each.alpha, each.alpha_origin, each.scaling) for each in adapter.updates}
    assert scalings == {"unet": (2.0, "peft metadata", 1.0), "text_encoder": (None, "missing", 1.0)}


def test_tensors_of_another_rank_than_the_embedded_config_says_are_refused() -> None:
    peft = PeftClaims(rank=8, alpha=8.0)
    file = vetted(make_adapter(dialect="peft"), claims=Claims(peft={"unet": peft}))

    with pytest.raises(Refused, match="LS605"):
        read_adapter(file, manifests())


@pytest.mark.parametrize(
    ("shapes", "code"),
    [
        ({f"{STEM}.lora_down.weight": (4, 64)}, "LS605"),
        ({f"{STEM}.lora_up.weight": (64, 4)}, "LS605"),
        ({f"{STEM}.lora_down.weight": (4, 64), f"{STEM}.lora_up.weight": (64, 5)}, "LS605"),
        ({f"{STEM}.lora_down.weight": (0, 64), f"{STEM}.lora_up.weight": (64, 0)}, "LS605"),
        ({f"{STEM}.lora_down.weight": (4,), f"{STEM}.lora_up.weight": (64, 4)}, "LS605"),
        ({f"{STEM}.lora_down.weight": (4, 64, 3, 3), f"{STEM}.lora_up.weight": (64, 4, 3, 3)}, "LS605"),
        ({f"{STEM}.lora_down.weight": (5000, 64), f"{STEM}.lora_up.weight": (64, 5000)}, "LS402"),
        ({"unet.x.lora_A.other.weight": (4, 64), "unet.x.lora_B.other.weight": (64, 4)}, "LS507"),
        ({"model.diffusion_model.out.2.weight": (4, 320, 3, 3)}, "LS509"),
        ({"emb_params": (1, 768)}, "LS509"),
        ({}, "LS509"),
    ],
)
def test_broken_factors_and_files_that_are_no_adapter_are_refused(shapes: dict[str, tuple[int, ...]], code: str) -> None:
    assert refusals(shapes)[0] == code


def test_what_the_file_is_instead_is_named() -> None:
    with pytest.raises(Refused, match="a full checkpoint"):
        read({"model.diffusion_model.out.2.weight": (4, 320, 3, 3)})
    with pytest.raises(Refused, match="textual-inversion"):
        read({"emb_params": (1, 768)})


def test_two_updates_of_one_module_are_refused() -> None:
    path = f"unet.{ATTENTION}"
    tensors = {f"{path}.lora_A.weight": (4, 64), f"{path}.lora_B.weight": (64, 4)}
    kohya = {f"{STEM}.lora_down.weight": (4, 64), f"{STEM}.lora_up.weight": (64, 4)}
    twice = {**tensors, f"{path}.lora_A.default.weight": (4, 64), f"{path}.lora_B.default.weight": (64, 4)}

    assert refusals({**tensors, **kohya}) == ["LS505"]
    assert refusals(twice) == ["LS505"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("<s1>", Reason.EMBEDDING),
        ("bundle_emb.word.clip_l", Reason.EMBEDDING),
        ("lora_controlnet", Reason.CONTROL_MARKER),
        ("lora_unet_x.dora_scale", Reason.DORA),
        ("conv_in.to_q.up", Reason.CONTROL_LORA),
        (f"{STEM}.reshape_weight", Reason.FULL_RANK),
        (f"{STEM}.lora_A.bias", Reason.BIAS),
        ("conv_in.weight", Reason.BASE_WEIGHT),
        ("conv_in.bias", Reason.BIAS),
        ("lora_unet_y.alpha", Reason.ALPHA_ONLY),
        ("something else", Reason.UNKNOWN),
        (".alpha", Reason.UNKNOWN),
        ("", Reason.UNKNOWN),
    ],
)
def test_a_tensor_that_is_no_update_is_kept_with_its_reason(name: str, reason: Reason) -> None:
    pair = {f"{STEM}.lora_down.weight": (4, 64), f"{STEM}.lora_up.weight": (64, 4)}

    adapter = read({**pair, name: (3,)})

    assert [(each.span.name, each.reason) for each in adapter.leftovers] == [(name, reason)]
    assert len(adapter.updates) == 1


@given(st.lists(st.text(max_size=40), max_size=8, unique=True))
def test_no_name_is_lost_and_none_crashes_the_reader(names: list[str]) -> None:
    file = zero_file({**dict.fromkeys(names, (2, 2)), "unet.x.lora_A.weight": (4, 8), "unet.x.lora_B.weight": (8, 4)})

    try:
        adapter = read_adapter(file, manifests())
    except Refused:
        return
    spans = [each.span.name for each in adapter.leftovers]
    for update in adapter.updates:
        spans += [each.name for each in update.spans]
    assert sorted(spans) == sorted(each.name for each in file.spans)


@given(st.text(min_size=1, max_size=60))
def test_a_name_is_split_without_losing_a_character_of_its_stem(name: str) -> None:
    part = split(name)

    assert name.startswith(part.stem)
    assert not part.ending.text or name.endswith(part.ending.text)


@given(st.integers(1, 6), st.one_of(st.none(), st.floats(0.5, 64.0, width=16)))
def test_what_kohya_writes_is_read_back(rank: int, alpha: float | None) -> None:
    tensors = make_tensors(rank=rank, alpha=alpha, dialect="kohya")

    adapter = read_adapter(vetted_tensors(tensors), manifests())

    for update in adapter.updates:
        assert update.rank == rank
        assert update.scaling == pytest.approx(1.0 if alpha is None else alpha / rank)
        assert all(np.prod(span.shape) == tensors[span.name].size for span in update.tensors)


def glora(**others: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    shapes = {"a1": (64, 4), "a2": (4, 64), "b1": (64, 4), "b2": (4, 64), **others}
    return {f"{STEM}.{role}.weight": shape for role, shape in shapes.items()}


@pytest.mark.parametrize(
    "others",
    [{"bm": (3, 9)}, {"bm": (4,)}, {"bm": ()}, {"bm": (4, 0, 3, 3)}, {"bm": (4, 5, 3, 3)}, {"b1": (64, 4, 2)}, {"a2": (5, 64)}],
)
def test_factors_of_glora_that_do_not_fit_are_refused(others: dict[str, tuple[int, ...]]) -> None:
    assert len(read(glora()).updates) == 1
    assert refusals(glora(**others)) == ["LS605"]


@pytest.mark.parametrize("shape", [(64, 64), (320, 4, 3, 3)])
def test_a_marker_does_not_turn_a_base_weight_into_a_vector(shape: tuple[int, ...]) -> None:
    pair = {f"{STEM[:-1]}k.lora_down.weight": (4, 64), f"{STEM[:-1]}k.lora_up.weight": (64, 4)}
    adapter = read({**pair, f"{STEM}.weight": shape, f"{STEM}.on_input": ()})

    assert [each.kind for each in adapter.updates] == ["lora"]
    assert Reason.BASE_WEIGHT in {each.reason for each in adapter.leftovers}


@pytest.mark.parametrize("role", ["diff", "set_weight"])
def test_a_magnitude_does_not_turn_a_whole_tensor_into_dora(role: str) -> None:
    adapter = read({f"{STEM}.{role}": (64, 64), f"{STEM}.dora_scale": (64, 1)})

    assert [each.kind for each in adapter.updates] == ["diff"]
    assert [each.reason for each in adapter.leftovers] == [Reason.DORA]
