"""Reads bare names of Black Forest Labs' FLUX code, as their own control adapters have them.

`double_blocks.0.img_attn.qkv.lora_A.weight` with `.lora_B.bias` and norm scales beside. Source: the key list of a
published FLUX.1 control adapter; diffusers `_convert_bfl_flux_control_lora_to_diffusers` (read, not copied).
"""

from lorascan.dialects._components import BFL
from lorascan.dialects._dialect import Dialect, in_denoiser
from lorascan.dialects._manifest import Manifest
from lorascan.dialects._place import Place


def _claims(stem: str, spelling: str) -> bool:
    return stem.partition(".")[0] in BFL and spelling in {"lora_A", "lora_down", "lycoris"}


def _places(stem: str, _spelling: str, manifest: Manifest) -> tuple[Place, ...]:
    return in_denoiser(stem, manifest)


_BLOCK = "double_blocks.0.img_attn"

DIALECT = Dialect(
    name="bfl",
    title="Black Forest Labs",
    claims=_claims,
    places=_places,
    example={
        f"{_BLOCK}.proj.lora_A.weight": (4, 3072),
        f"{_BLOCK}.proj.lora_B.weight": (3072, 4),
        f"{_BLOCK}.proj.lora_B.bias": (3072,),
    },
)
