"""Reads OFT and BOFT: blocks that rotate the base's weight.

Source: Qiu et al. 2023, Liu et al. 2024; LyCORIS `diag-oft` and `boft` (`oft_blocks`, 3 or 4 dimensions, `rescale`);
kohya sd-scripts `networks/oft.py`; PEFT `oft_r`, `boft_R`, `boft_s`.
"""

from lorascan.core.updates import Update
from lorascan.core.whole_updates import RotationUpdate
from lorascan.dialects.algebras._algebra import Algebra, Ending, Parts, blank, demand, fault

_BLOCKS = ("oft_blocks", "oft_diag", "oft_r", "boft_R")
_RESCALES = ("rescale", "boft_s")


def build(stem: str, parts: Parts) -> tuple[Update, ...]:
    """One update of blocks and, where there is one, the scale of the rows; nothing where there is neither."""
    found = [role for role in _BLOCKS if role in parts]
    scales = [role for role in _RESCALES if role in parts]
    if not found and not scales:
        return ()
    if len(found) != 1 or len(scales) > 1:
        raise fault(stem, f"a rotation needs one stack of blocks, not {len(found)}", measured=len(found), threshold=1)
    (blocks,) = demand(stem, parts, found[0])
    if not 1 <= len(blocks.shape) <= 4:
        raise fault(stem, f"blocks must have 1 to 4 dimensions: {blocks.shape}")
    rescale = parts[scales[0]] if scales else None
    return (RotationUpdate(**blank(stem), blocks=blocks, rescale=rescale),)


ALGEBRA = Algebra(
    name="orthogonal",
    endings=(
        Ending(text=".oft_blocks", role="oft_blocks"),
        Ending(text=".oft_diag", role="oft_diag"),
        *(Ending(text=text, role="oft_r") for text in (".oft_r", ".oft_r.weight", ".oft_R", ".oft_R.weight")),
        Ending(text=".boft_R", role="boft_R"),
        Ending(text=".boft_s", role="boft_s"),
        Ending(text=".rescale", role="rescale"),
    ),
    build=build,
    example={".oft_blocks": (10, 32, 32)},
)
