"""Tells what diffusers' converters refuse that expect every module of every block.

Source: diffusers 0.42.1, `_convert_non_diffusers_lumina2_lora_to_diffusers`, `_convert_musubi_wan_lora_to_diffusers`,
`_convert_bfl_flux_control_lora_to_diffusers` (read, not copied); checked against them in tests.
"""

import re
from collections.abc import Collection, Iterable, Iterator

_LUMINA = ("attention.qkv", "attention.out", "feed_forward.w1", "feed_forward.w2", "feed_forward.w3")
_LUMINA_NORM = "adaLN_modulation.1"
_LUMINA_BLOCK = re.compile(r"(noise_refiner|context_refiner|layers)\.([0-9]+)\.")
_WAN = (*(f"{attention}_attn_{each}" for attention in ("self", "cross") for each in "qkvo"), "ffn_0", "ffn_2")
_WAN_PICTURE = ("cross_attn_k_img", "cross_attn_v_img")
_CONTROL_DOUBLE = tuple(f"{stream}_{each}" for stream in ("img", "txt") for each in ("attn.qkv", "attn.proj", "mlp.0", "mlp.2", "mod.lin"))
_CONTROL_SINGLE = ("linear1", "linear2", "modulation.lin")
_CONTROL = (
    *(f"{each}_in.{layer}_layer" for each in ("time", "vector") for layer in ("in", "out")),
    *("txt_in", "img_in", "final_layer.linear", "final_layer.adaLN_modulation.1"),
)


def lumina2(stems: Collection[str]) -> str:
    """Why the converter refuses these stems (without `diffusion_model.`), "" where it takes them all."""
    blocks = {(match[1], match[2]) for match in map(_LUMINA_BLOCK.match, stems) if match}
    counts = {stack: sum(each == stack for each, _ in blocks) for stack, _ in blocks}
    return _whole(stems, _lumina_modules(counts.items()))


def _lumina_modules(counts: Iterable[tuple[str, int]]) -> Iterator[str]:
    for stack, count in counts:
        for number in range(count):
            yield from (f"{stack}.{number}.{each}" for each in _LUMINA)
            if stack != "context_refiner":
                yield f"{stack}.{number}.{_LUMINA_NORM}"


def musubi(stems: Collection[str], scaled: Collection[str]) -> str:
    """Why the converter refuses these stems (without `lora_unet_`), of which those in `scaled` have an α."""
    odd = next((stem for stem in stems if not re.match(r"blocks_[0-9]+_", stem)), "")
    if odd:
        return f"IndexError: a name outside the blocks ({odd})"
    count = len({stem.split("_")[1] for stem in stems})
    picture = any("k_img" in stem for stem in stems) and any("v_img" in stem for stem in stems)
    modules = (*_WAN, *(_WAN_PICTURE if picture else ()))
    wanted = [f"blocks_{number}_{each}" for number in range(count) for each in modules]
    unscaled = next((stem for stem in wanted if stem in stems and stem not in scaled), "")
    return _whole(stems, wanted) or (f"KeyError: {unscaled}.alpha" if unscaled else "")


def control(stems: Collection[str]) -> str:
    """Why the converter of Black Forest Labs' control adapters refuses these stems, "" where none is missing."""
    double = (f"double_blocks.{number}.{each}" for number in range(19) for each in _CONTROL_DOUBLE)
    single = (f"single_blocks.{number}.{each}" for number in range(38) for each in _CONTROL_SINGLE)
    missing = next((each for each in (*_CONTROL, *double, *single) if each not in stems), "")
    return f"KeyError: {missing}.lora_A.weight" if missing else ""


def _whole(stems: Collection[str], wanted: Iterable[str]) -> str:
    """What is missing, else what is left."""
    expected = tuple(wanted)
    missing = next((each for each in expected if each not in stems), "")
    if missing:
        return f"KeyError: {missing}"
    left = next((each for each in stems if each not in expected), "")
    return f"ValueError: keys are left ({left})" if left else ""
