"""Every kind of update as trainers write it, and the same kind used to hide a strength."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lorascan.bases import manifests
from tests.hostile.case import Case, one
from tests.hostile.sound import Tensors, written

Numbers = NDArray[np.float32]
Shape = tuple[int, ...]
Make = Callable[[str, int, Shape], Tensors]
_LAB = next(each for each in manifests() if each.family == "lab").modules["unet"]
_SQUARE = {path: shape for path, shape in _LAB.items() if shape == (64, 64)}
_CONVOLUTIONS = {path: shape for path, shape in _LAB.items() if shape[2:] == (3, 3)}
_RANDOM = np.random.default_rng(11)


def _some(*shape: int, size: float = 0.05) -> Numbers:
    return (_RANDOM.standard_normal(shape) * size).astype(np.float32)


def _near_one(*shape: int) -> Numbers:
    return np.float32(1) + _some(*shape)


def _alpha(value: float = 4.0) -> Numbers:
    return np.array(value, dtype=np.float32)


def _flat(path: str) -> str:
    return f"lora_unet_{path.replace('.', '_')}"


def _each(make: Make, stem: Callable[[str], str] = _flat, modules: Mapping[str, Shape] = _SQUARE, count: int = 12) -> Tensors:
    """What `make` gives for the first modules of the lab's UNet."""
    made: Tensors = {}
    for path, shape in list(modules.items())[:count]:
        made |= make(stem(path), shape[0], shape[1:])
    return made


def _lora(stem: str, out: int, inner: Shape) -> Tensors:
    ones = (1,) * (len(inner) - 1)
    return {f"{stem}.lora_down.weight": _some(4, *inner), f"{stem}.lora_up.weight": _some(out, 4, *ones), f"{stem}.alpha": _alpha()}


def _peft(stem: str, out: int, inner: Shape) -> Tensors:
    return {f"{stem}.lora_A.weight": _some(4, *inner), f"{stem}.lora_B.weight": _some(out, 4)}


def _formed(*inner: int, ones: int = 0) -> Tensors:
    """Pairs on linear modules of 64 by 64 whose factors have these inner dimensions, and so many ones behind those of the other."""
    return _each(
        lambda stem, out, _: {
            f"{stem}.lora_down.weight": _some(4, *inner),
            f"{stem}.lora_up.weight": _some(out, 4, *(1,) * ones),
            f"{stem}.alpha": _alpha(),
        }
    )


def _flattened(stem: str, out: int, inner: Shape) -> Tensors:
    return {f"{stem}.lora_down.weight": _some(4, math.prod(inner)), f"{stem}.lora_up.weight": _some(out, 4), f"{stem}.alpha": _alpha()}


def _other_form(stem: str, out: int, inner: Shape) -> Tensors:
    return {f"{stem}.lora_down.weight": _some(4, inner[0], 1, 9), f"{stem}.lora_up.weight": _some(out, 4, 1, 1), f"{stem}.alpha": _alpha()}


def _loha(stem: str, out: int, inner: Shape) -> Tensors:
    sides = {f"{stem}.hada_w{side}_a": _some(out, 4) for side in (1, 2)} | {f"{stem}.hada_w{side}_b": _some(4, *inner) for side in (1, 2)}
    return {**sides, f"{stem}.alpha": _alpha()}


def _loha_tucker(stem: str, out: int, inner: Shape) -> Tensors:
    made: Tensors = {f"{stem}.alpha": _alpha()}
    for side in (1, 2):
        made |= {f"{stem}.hada_w{side}_a": _some(4, out), f"{stem}.hada_w{side}_b": _some(4, inner[0])}
        made |= {f"{stem}.hada_t{side}": _some(4, 4, *inner[1:])}
    return made


def _lokr(stem: str, out: int, inner: Shape) -> Tensors:
    return {
        f"{stem}.lokr_w1": _some(8, 8, size=0.3),
        f"{stem}.lokr_w2_a": _some(out // 8, 2),
        f"{stem}.lokr_w2_b": _some(2, inner[0] // 8),
        f"{stem}.alpha": _alpha(),
    }


def _lokr_whole(stem: str, out: int, inner: Shape) -> Tensors:
    """Both factors stored whole: LyCORIS then writes an α that means nothing."""
    return {f"{stem}.lokr_w1": _some(8, 8), f"{stem}.lokr_w2": _some(out // 8, inner[0] // 8), f"{stem}.alpha": _alpha(1e10)}


def _locon(stem: str, out: int, inner: Shape) -> Tensors:
    return {
        f"{stem}.lora_down.weight": _some(4, inner[0], 1, 1),
        f"{stem}.lora_mid.weight": _some(4, 4, *inner[1:]),
        f"{stem}.lora_up.weight": _some(out, 4, 1, 1),
        f"{stem}.alpha": _alpha(),
    }


def _dora(ending: str, shape: Callable[[int, Shape], Shape], base: Make = _lora) -> Make:
    return lambda stem, out, inner: {**base(stem, out, inner), f"{stem}.{ending}": _near_one(*shape(out, inner))}


def _glora(stem: str, out: int, inner: Shape) -> Tensors:
    wide = inner[0]
    return {
        f"{stem}.a1.weight": _some(wide, 4),
        f"{stem}.a2.weight": _some(4, wide),
        f"{stem}.b1.weight": _some(out, 4),
        f"{stem}.b2.weight": _some(4, wide),
        f"{stem}.alpha": _alpha(),
    }


def _rotations(blocks: Shape, ending: str = "oft_blocks", **more: Shape) -> Make:
    return lambda stem, _out, _inner: {
        f"{stem}.{ending}": _some(*blocks, size=0.01),
        **{f"{stem}.{name}": _near_one(*shape) for name, shape in more.items()},
    }


def _norms(path: str) -> Tensors:
    block = path.rpartition(".")[0].rpartition(".")[0]
    return {f"{_flat(block)}_norm{number}.{part}": _some(64) for number in (1, 2, 3) for part in ("w_norm", "b_norm")}


def _with_biases(ending: str, base: Make) -> Make:
    return lambda stem, out, inner: {**base(stem, out, inner), f"{stem}.{ending}": _some(out, size=0.01)}


def _wrapped(path: str) -> str:
    return f"base_model.model.{path}"


def _dotted(path: str) -> str:
    return f"unet.{path}"


HONEST: dict[str, Tensors] = {
    "LoHa": _each(_loha),
    "LoHa of convolutions, with cores": _each(_loha_tucker, modules=_CONVOLUTIONS, count=3),
    "LoKr": _each(_lokr),
    "LoKr of whole factors, whose α means nothing": _each(_lokr_whole),
    "convolutions with a middle factor": _each(_locon, modules=_CONVOLUTIONS, count=3),
    "DoRA by columns, as kohya": _each(_dora("dora_scale", lambda _, inner: (1, *inner))),
    "DoRA by rows, as LyCORIS": _each(_dora("dora_scale", lambda out, _: (out, 1))),
    "DoRA of PEFT": _each(_dora("lora_magnitude_vector", lambda out, _: (out,), _peft), _dotted),
    "DoRA of PEFT, as a weight": _each(_dora("lora_magnitude_vector.weight", lambda out, _: (out,), _peft), _dotted),
    "DoRA of LoHa": _each(_dora("dora_scale", lambda out, _: (out, 1), _loha)),
    "OFT": _each(_rotations((4, 16, 16), alpha=())),
    "OFT with a scale of the rows": _each(_rotations((4, 16, 16), rescale=(64, 1))),
    "OFT of PEFT": _each(_rotations((4, 120), ending="oft_R.weight"), _wrapped),
    "BOFT": _each(_rotations((3, 8, 8, 8))),
    "BOFT of PEFT": _each(_rotations((1, 8, 8, 8), ending="boft_R", boft_s=(64, 1)), _wrapped),
    "(IA)³": _each(lambda stem, out, _: {f"{stem}.weight": _some(out, 1), f"{stem}.on_input": np.array(False)}),  # noqa: FBT003
    "(IA)³ of inputs": _each(lambda stem, _, inner: {f"{stem}.weight": _some(1, *inner), f"{stem}.on_input": np.array(True)}),  # noqa: FBT003
    "(IA)³ of PEFT": _each(lambda stem, out, _: {f"{stem}.ia3_l": _near_one(out, 1)}, _wrapped),
    "GLoRA": _each(_glora),
    "norms that LyCORIS trained": {**_each(_lora), **_norms(next(iter(_SQUARE)))},
    "a bias beside every update, as PEFT": _each(_with_biases("lora_B.bias", _peft), _dotted),
    "a bias beside every update, as extractors": _each(_with_biases("diff_b", _lora)),
}
"""Kind → tensors of twelve modules."""


def _grown(kind: str, ending: str, factor: float, *, only: Sequence[int] | None = None) -> bytes:
    """The honest file with these tensors so many times as large."""
    met = [name for name in HONEST[kind] if name.endswith(ending)]
    grown = set(met if only is None else (met[each] for each in only))
    return written(
        {name: value.astype(np.float32) * np.float32(factor) if name in grown else value for name, value in HONEST[kind].items()}
    )


def _toy(
    width: int, *, prefix: str = "unet.", blocks: Sequence[str] = ("down_blocks.0", "up_blocks.1"), heads: str = "to_q to_k to_v"
) -> Tensors:
    made: Tensors = {}
    for block in blocks:
        for head in heads.split():
            made |= _peft(f"{prefix}{block}.attentions.0.transformer_blocks.0.attn1.{head}", width, (width,))
    return made


_VIDEO: Tensors = {
    f"{wide}.lora_{side}.weight": _some(*shape)
    for block in range(4)
    for wide in (f"transformer.transformer_blocks.{block}.attn1.to_q", f"transformer.transformer_blocks.{block}.attn1.to_v")
    for side, shape in (("A", (4, 48)), ("B", (48, 4)))
}

CASES: tuple[Case, ...] = (
    one("rotations whose config the file lacks", written(HONEST["OFT of PEFT"]), "LS508", admitted=True),
    *(one(name, written(tensors)) for name, tensors in HONEST.items()),
    *(one(f"a small model of {width} channels, named as Stable Diffusion", written(_toy(width))) for width in (16, 32, 48)),
    one("a small model, below PEFT's wrapper", written(_toy(32, prefix="base_model.model."))),
    one("a model that nobody listed, in numbered blocks", written(_VIDEO)),
    one(
        "inputs of an inpainting model",
        written(
            {**_each(_peft, _dotted), "unet.conv_in.lora_A.weight": _some(4, 13, 3, 3), "unet.conv_in.lora_B.weight": _some(32, 4, 1, 1)}
        ),
    ),
    one("pairs of 1×1 convolutions on linear modules", written(_formed(64, 1, 1, ones=2)), "LS605", admitted=True),
    one("pairs of convolutions whose kernels are flattened", written(_each(_flattened, modules=_CONVOLUTIONS))),
    one("kernels on linear modules", written(_formed(16, 2, 2, ones=2)), "LS605"),
    one("factors of three dimensions", written(_formed(64, 1, ones=1)), "LS605"),
    one("a kernel of another form than the convolution's", written(_each(_other_form, modules=_CONVOLUTIONS)), "LS605"),
    one("LoHa with a factor a thousand times as large", _grown("LoHa", "hada_w1_a", 1e6), "LS603"),
    one("LoKr with a factor a thousand times as large", _grown("LoKr", "lokr_w1", 1e3), "LS603"),
    one("LoKr with one heavy module", _grown("LoKr", "lokr_w1", 1e4, only=(3,)), "LS603", "LS608"),
    one("DoRA whose update is a thousand times as large", _grown("DoRA by rows, as LyCORIS", "lora_up.weight", 1e3), "LS603"),
    one("DoRA of a magnitude of ten thousand", _grown("DoRA by columns, as kohya", "dora_scale", 1e4), "LS603"),
    one("DoRA of PEFT with one magnitude of a million", _grown("DoRA of PEFT", "lora_magnitude_vector", 1e6, only=(5,)), "LS603"),
    one("DoRA whose magnitudes wipe one module out", _grown("DoRA by rows, as LyCORIS", "dora_scale", 0.0, only=(4,)), "LS603"),
    one("DoRA whose magnitudes turn one module around", _grown("DoRA of PEFT", "lora_magnitude_vector", -1.0, only=(4,)), "LS603"),
    one("(IA)³ that multiplies by thousands", _grown("(IA)³", ".weight", 1e5), "LS603"),
    one("(IA)³ of PEFT that multiplies by thousands", _grown("(IA)³ of PEFT", "ia3_l", 1e4), "LS603"),
    one("OFT whose rows are scaled by a thousand", _grown("OFT with a scale of the rows", "rescale", 1e3), "LS603"),
    one("BOFT of PEFT whose rows are scaled by a thousand", _grown("BOFT of PEFT", "boft_s", 1e3), "LS603"),
    one("GLoRA that multiplies the base by thousands", _grown("GLoRA", "a1.weight", 1e5), "LS603"),
    one("norms a thousand times as large", _grown("norms that LyCORIS trained", "w_norm", 1e4), "LS603"),
    one("biases a thousand times as large", _grown("a bias beside every update, as PEFT", "bias", 1e4), "LS603"),
    one("one bias among many updates", written({**_each(_lora), f"{_flat(next(iter(_SQUARE)))}.diff_b": _some(64)}), "LS504"),
    one(
        "one whole difference among many updates",
        written({**_each(_lora), f"{_flat(list(_SQUARE)[20])}.diff": _some(64, 64, size=0.01)}),
        "LS504",
    ),
    one("a tensor that replaces the base's", written({**_each(_lora), f"{_flat(list(_SQUARE)[20])}.set_weight": _some(64, 64)}), "LS504"),
    one(
        "LoHa with a NaN",
        written({**HONEST["LoHa"], f"{_flat(next(iter(_SQUARE)))}.hada_w2_b": np.full((4, 64), np.nan, np.float32)}),
        "LS602",
    ),
    one(
        "a magnitude that is infinite",
        written({**HONEST["DoRA of PEFT"], f"{_dotted(next(iter(_SQUARE)))}.lora_magnitude_vector": np.full(64, np.inf, np.float32)}),
        "LS602",
    ),
    one("a magnitude of no module", written({**_each(_lora), f"{_flat(list(_SQUARE)[20])}.dora_scale": _near_one(64, 1)}), "LS510"),
    one("LoHa of the safety checker", written(_each(_loha, lambda path: f"lora_safety_checker_{path.replace('.', '_')}")), "LS501"),
    one("a small model with one module of no base", written({**_toy(32), **_peft("unet.down_blocks.0.backdoor.to_q", 32, (32,))}), "LS502"),
    one(
        "a language model's layers",
        written(_each(_peft, lambda path: f"base_model.model.model.layers.{len(path)}.self_attn.{path[-4:]}")),
        "LS502",
    ),
)
