"""Reads the names that kohya's scripts write.

`lora_unet_down_blocks_0_attentions_0_…` flattens a module path with underscores, so that the path cannot be read back
from the name: it is looked up among the flattened names of a base. SDXL files use the names of the original (sgm) UNet.
Source: kohya-ss sd-scripts, networks/lora.py and library/sdxl_model_util.py.
"""

from collections.abc import Iterator
from functools import cache

from lorascan.dialects._dialect import Dialect, Place, text_paths
from lorascan.dialects._manifest import Manifest
from lorascan.dialects._sgm import sgm_names

_PREFIXES = (
    ("lora_unet_", "unet"),
    ("lora_te1_", "text_encoder"),
    ("lora_te2_", "text_encoder_2"),
    ("lora_te3_", "text_encoder_3"),
    ("lora_te_", "text_encoder"),
    ("lora_transformer_", "transformer"),
    ("lora_prior_unet_", "prior"),
)
_OTHER_PREFIX = "lora_"


def _claims(stem: str, spelling: str) -> bool:
    """A stem without dots, and the endings that kohya writes or PEFT's on kohya's names."""
    return stem.startswith(_OTHER_PREFIX) and "." not in stem and spelling in {"lora_down", "lora_A"}


def _places(stem: str, _spelling: str, manifest: Manifest) -> tuple[Place, ...]:
    for prefix, component in _PREFIXES:
        if stem.startswith(prefix):
            flat = stem.removeprefix(prefix)
            known = _flat_names(manifest).get((component, flat))
            return (known or Place(component=component, module_path=flat, known=False),)
    return (Place(component="unknown", module_path=stem, known=False),)


@cache
def _flat_names(manifest: Manifest) -> dict[tuple[str, str], Place | None]:
    """(component, flattened name) → place; None where two modules flatten to one name."""
    found: dict[tuple[str, str], Place | None] = {}
    for key, place in _all_names(manifest):
        earlier = found.get(key, place)
        same = earlier is not None and earlier.module_path == place.module_path
        found[key] = earlier if same else None
    return found


def _all_names(manifest: Manifest) -> Iterator[tuple[tuple[str, str], Place]]:
    for component, modules in manifest.modules.items():
        for path in modules:
            place = Place(component=component, module_path=path, known=True)
            spelled = text_paths(path) if component.startswith("text_encoder") else (path,)
            for each in spelled:
                yield (component, each.replace(".", "_")), place
    for original, path in sgm_names(manifest.modules.get("unet", {})).items():
        place = Place(component="unet", module_path=path, known=True, variant="sgm")
        yield ("unet", original.replace(".", "_")), place


_ATTENTION = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
_TEXT = "lora_te_text_model_encoder_layers_0_self_attn_q_proj"

DIALECT = Dialect(
    name="kohya",
    title="kohya sd-scripts",
    claims=_claims,
    places=_places,
    example={
        f"{_ATTENTION}.alpha": (),
        f"{_ATTENTION}.lora_down.weight": (4, 320),
        f"{_ATTENTION}.lora_up.weight": (320, 4),
        f"{_TEXT}.alpha": (),
        f"{_TEXT}.lora_down.weight": (4, 768),
        f"{_TEXT}.lora_up.weight": (768, 4),
    },
)
