"""Reads cloneofsimo's positional names: `unet:0:up` is the first module that its injection walked to.

The walk goes through the attention and GEGLU blocks in the order of the model's code, down, up, middle, and takes the
linear modules of each. Orders differ between versions of diffusers in where the feed-forward stands; the shapes
decide which one it was. Where none agrees, the position stays what it is.
Source: cloneofsimo/lora `lora_diffusion/lora.py` (`_find_modules_v2`, safeloras format); two published files.
"""

import re

from lorascan.dialects._dialect import Dialect
from lorascan.dialects._endings import POSITIONAL
from lorascan.dialects._manifest import Manifest
from lorascan.dialects._place import Place
from lorascan.dialects._positions import positions

_STEM = re.compile(r"(unet|text_encoder):([0-9]{1,4})")


def _claims(stem: str, spelling: str) -> bool:
    return spelling == POSITIONAL and _STEM.fullmatch(stem) is not None


def _places(stem: str, _spelling: str, manifest: Manifest) -> tuple[Place, ...]:
    component, _, number = stem.partition(":")
    unknown = Place(component=component, module_path=stem, known=False)
    found = tuple(
        Place(component=component, module_path=order[int(number)], known=True) if int(number) < len(order) else unknown
        for order in positions(manifest, component)
    )
    return found or (unknown,)


DIALECT = Dialect(
    name="cloneofsimo",
    title="cloneofsimo safeloras",
    in_step=True,
    claims=_claims,
    places=_places,
    example={"unet:0:down": (4, 320), "unet:0:up": (320, 4), "text_encoder:0:down": (4, 768), "text_encoder:0:up": (768, 4)},
)
