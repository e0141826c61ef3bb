"""Looks flattened names up in a base."""

from lorascan.dialects._index import index
from lorascan.dialects._manifest import Manifest
from lorascan.dialects._place import Place

_TEXTS = ("text_encoder", "text_encoder_2", "text_encoder_3")
_DENOISERS = ("unet", "transformer", "prior", "decoder")
PREFIXES = {
    "lora_unet__": _DENOISERS,
    "lora_unet_": _DENOISERS,
    "lora_te1_": _TEXTS[:1],
    "lora_te2_": _TEXTS[1:],
    "lora_te3_": ("text_encoder_3", "text_encoder_2"),
    "lora_te_": _TEXTS[:1],
    "lora_transformer_": ("transformer", "unet"),
    "lora_prior_unet_": ("prior", "unet"),
    "lora_prior_te_": _TEXTS[:1],
    "oft_unet_": _DENOISERS,
    "oft_te1_": _TEXTS[:1],
    "oft_te2_": _TEXTS[1:],
    "oft_te_": _TEXTS[:1],
    "lycoris_": (*_DENOISERS, *_TEXTS),
}
"""Prefix → the components that it may mean, the most likely first: the text encoders' numbers differ between trainers.

The first prefix that a stem has is its own; Wan-Fun's files double the last underscore.
"""


def is_flat(stem: str) -> bool:
    """Whether the stem is a prefix of a trainer and a name without dots."""
    return stem.startswith(("lora_", "oft_", "lycoris_")) and "." not in stem


def flat_places(stem: str, _spelling: str, manifest: Manifest) -> tuple[Place, ...]:
    """The modules that the stem may name, else an unknown one in the likeliest component."""
    for prefix, components in PREFIXES.items():
        if stem.startswith(prefix):
            flat = stem.removeprefix(prefix)
            there = [component for component in components if component in manifest.modules]
            found = tuple(place for component in there for place in index(manifest, component).flat(flat))
            likely = there[0] if there else components[0]
            return found or (Place(component=likely, module_path=flat, known=False),)
    return (Place(component="unknown", module_path=stem, known=False),)
