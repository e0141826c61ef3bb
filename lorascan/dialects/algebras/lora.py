"""Reads pairs of factors, with a middle one where a convolution has it (LoCon).

Source: Hu et al. 2021; LyCORIS `locon`; the endings of kohya's scripts, PEFT and diffusers.
"""

import math

from lorascan.core.tensors import TensorSpan
from lorascan.core.updates import LowRankUpdate, TuckerUpdate, Update
from lorascan.dialects._reasons import Reason
from lorascan.dialects.algebras._algebra import Algebra, Ending, Parts, blank, equal, fault

DOWN, UP, MID = "down", "up", "mid"
_SPELLINGS = (
    (".lora_A.default.weight", ".lora_B.default.weight", "lora_A"),
    (".lora_A.weight", ".lora_B.weight", "lora_A"),
    (".lora_linear_layer.down.weight", ".lora_linear_layer.up.weight", "lora.down"),
    (".lora_A", ".lora_B", "lora_A"),
    (".lora_down.weight", ".lora_up.weight", "lora_down"),
    (".lora.down.weight", ".lora.up.weight", "lora.down"),
    ("_lora.down.weight", "_lora.up.weight", "_lora.down"),
)
_NUMBERED = tuple(
    Ending(text=f"_lora{number}.{role}.weight", role=role, spelling="_lora.down", keep=f"_lora{number}")
    for number in (1, 2)
    for role in (DOWN, UP)
)


def build(stem: str, parts: Parts) -> tuple[Update, ...]:
    """One update of a whole pair; nothing where there is no factor."""
    if not {DOWN, UP, MID} & set(parts):
        return ()
    for role, text in ((DOWN, "down (A)"), (UP, "up (B)")):
        if role not in parts:
            raise fault(stem, f"the {text} factor is missing")
    down, up = parts[DOWN], parts[UP]
    if MID in parts:
        return (_tucker(stem, down, parts[MID], up),)
    _fits(stem, down.shape, up.shape)
    return (LowRankUpdate(**blank(stem), down=down, up=up),)


def _fits(stem: str, down: tuple[int, ...], up: tuple[int, ...]) -> None:
    text = f"down {down}, up {up}"
    if not (2 <= len(down) <= 5 and 2 <= len(up) <= 5):
        raise fault(stem, f"factors must have 2 to 5 dimensions: {text}")
    if math.prod(down) == 0 or math.prod(up) == 0:
        raise fault(stem, f"rank or dimension 0: {text}", measured=0, threshold=1)
    if up[1] != down[0] or math.prod(up[2:]) != 1:
        raise fault(stem, f"the factors do not fit together: {text}", measured=up[1], threshold=down[0])


def _tucker(stem: str, down: TensorSpan, mid: TensorSpan, up: TensorSpan) -> Update:
    _fits(stem, (mid.shape[0] if mid.shape else 0, 1), up.shape)
    if not 2 <= len(mid.shape) <= 5 or math.prod(mid.shape) == 0:
        raise fault(stem, f"the middle factor must have 2 to 5 dimensions: {mid.shape}")
    _fits(stem, down.shape, (1, mid.shape[1]))
    equal(stem, f"down {down.shape} has a kernel beside the middle factor's", math.prod(down.shape[2:]), 1)
    return TuckerUpdate(**blank(stem), down=down, mid=mid, up=up)


ALGEBRA = Algebra(
    name="lora",
    endings=(
        *(Ending(text=down, role=DOWN, spelling=spelling) for down, _, spelling in _SPELLINGS),
        *(Ending(text=up, role=UP, spelling=spelling) for _, up, spelling in _SPELLINGS),
        *_NUMBERED,
        Ending(text=".lora_mid.weight", role=MID, spelling="lora_down"),
        Ending(text=".lora_A.bias", role="down bias", reason=Reason.BIAS),
        Ending(text=".lora_down.bias", role="down bias", reason=Reason.BIAS),
    ),
    build=build,
    example={".lora_down.weight": (4, 320), ".lora_up.weight": (320, 4)},
)
