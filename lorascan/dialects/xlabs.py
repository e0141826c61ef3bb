"""Reads the names of XLabs' FLUX adapters: attention processors on fused projections.

`double_blocks.0.processor.qkv_lora1.down.weight`: 1 is the picture's stream, 2 the text's. Source: diffusers
`_convert_xlabs_flux_lora_to_diffusers` (read, not copied).
"""

import re

from lorascan.dialects._dialect import Dialect, in_denoiser
from lorascan.dialects._manifest import Manifest
from lorascan.dialects._place import Place

_STEM = re.compile(r"(?:diffusion_model\.)?((?:double|single)_blocks\.[0-9]+\.processor\.(?:qkv|proj))(_lora[12])?")


def _claims(stem: str, spelling: str) -> bool:
    return spelling == "_lora.down" and _STEM.fullmatch(stem) is not None


def _places(stem: str, _spelling: str, manifest: Manifest) -> tuple[Place, ...]:
    bare = stem.removeprefix("diffusion_model.")
    return in_denoiser(bare if re.search(r"_lora[12]$", bare) else f"{bare}_lora", manifest)


_STREAM = "double_blocks.0.processor.proj_lora1"

DIALECT = Dialect(
    name="xlabs",
    title="XLabs FLUX",
    claims=_claims,
    places=_places,
    example={f"{_STREAM}.down.weight": (4, 3072), f"{_STREAM}.up.weight": (3072, 4)},
)
