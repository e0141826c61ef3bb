"""What diffusers' pipelines with a transformer apply, FLUX.1 apart.

Source: diffusers 0.42.1, the `lora_state_dict` methods of `lora_pipeline.py` and the converters that they call (read, not
copied); checked against them in tests.
"""

import re
from collections.abc import Iterable, Sequence

from lorascan.core.adapter import Update
from lorascan.core.product_updates import KroneckerUpdate
from lorascan.loaders._diffusers_blocks import lumina2, musubi
from lorascan.loaders._diffusers_parts import KIND, NAME, NO_LORA, NO_MODULE, NOTHING, bare, found, pair, prefixed, seen
from lorascan.loaders._diffusers_rules import EMPTIED, FLAT, LOKR, NATIVE, TEXTS
from lorascan.loaders._diffusers_text import text_encoders_renamed
from lorascan.loaders._scene import Scene, Treatment, View, drop, keep, refused

NOT_RENAMED = "ValueError: keys that its converter does not rename"
CONVERTED = frozenset({"lora", "locon"})
WRAPPER = "base_model.model."
_ORIGINAL_OUT = re.compile(r"\.attention\.out\.lora_[AB]")


def transformer(scene: Scene, names: Sequence[str], kind: str) -> View:
    """The view of the loader `kind`."""
    if _is_converted(kind, names) or (kind == "flux2" and any(name.startswith(WRAPPER) for name in names)):
        return _converted_view(scene, names, kind)
    if not all("lora" in name or (kind in LOKR and "lokr" in name) for name in names):
        return refused(NAME, scene, NO_LORA)
    return text_encoders_renamed(prefixed(scene, ("transformer", *TEXTS.get(kind, ()))))


def _is_converted(kind: str, names: Sequence[str]) -> bool:
    """Whether the loader renames the file's keys."""
    flat, native = (any(name.startswith(prefix) for name in names) for prefix in ("lora_unet_", "diffusion_model."))
    if kind == "hunyuan":
        return any("img_attn_qkv" in name for name in names)
    marked = kind in EMPTIED and any(name.endswith(".alpha") or "default." in name for name in names)
    lokr = kind in LOKR and any(".lokr_" in name for name in names)
    return (flat and kind in FLAT) or (native and kind in NATIVE) or marked or (lokr and not names[0].startswith("transformer."))


def _converted_view(scene: Scene, names: Sequence[str], kind: str) -> View:
    why = _refusal(scene.adapter.updates, names, kind)
    if why:
        return refused(NAME, scene, why)
    kohya = any(".lora_down." in name for name in names)
    return found(seen(scene, tuple(_converted(each, kind, kohya=kohya) for each in scene.adapter.updates)))


def _refusal(updates: Sequence[Update], names: Sequence[str], kind: str) -> str:
    """Why the converter takes nothing, "" where it does."""
    odd = [each for each in updates if kind in EMPTIED and not _fits(each, kind)]
    if odd:
        return f"{NOT_RENAMED} ({odd[0].tensors[0].name})"
    if kind == "hunyuan" and any(name.endswith(".alpha") or ".lora_down." in name for name in names):
        return "ValueError: an α, or a fused projection in kohya's endings, is not cut"
    if kind == "ltx":
        return _ltx(names)
    return _in_blocks(updates, names, kind)


def _ltx(names: Sequence[str]) -> str:
    if not all("lora" in name for name in names):
        return NO_LORA
    return "IndexError: no rank is found in kohya's endings" if any(".lora_down." in name for name in names) else ""


def _in_blocks(updates: Sequence[Update], names: Sequence[str], kind: str) -> str:
    if kind == "lumina2":
        return lumina2(stems(updates, "diffusion_model."))
    if kind == "wan" and any(".lokr_" in name or ".hada_" in name for name in names):
        return "KeyError: no pair of factors"
    if kind == "wan" and any(name.startswith("lora_unet_") for name in names):
        return musubi(stems(updates, "lora_unet_"), stems((each for each in updates if each.alpha is not None), "lora_unet_"))
    return ""


def stems(updates: Iterable[Update], prefix: str) -> dict[str, None]:
    """The modules that the names of pairs address, in the file's order and without the prefix."""
    return dict.fromkeys(each.tensors[0].name.removeprefix(prefix).partition(".lora_")[0] for each in updates)


def _fits(update: Update, kind: str) -> bool:
    return bare(update).name in CONVERTED or (update.kind == "lokr" and kind in LOKR)


def _converted(update: Update, kind: str, *, kohya: bool) -> Treatment:
    why = _lost(update, kind, kohya=kohya)
    if why:
        return drop(update, why)
    if isinstance(update, KroneckerUpdate):
        return _kronecker(update) if kind in LOKR else drop(update, KIND)
    return keep(update) if update.name == "bias" and kind == "wan" else pair(update)


def _lost(update: Update, kind: str, *, kohya: bool) -> str:
    """Why the update's name gets lost in the conversion, "" where it does not."""
    name = update.tensors[0].name
    if name.startswith("lora_te"):
        return NOTHING
    if kohya and kind == "flux2" and not name.startswith("lora_unet_"):
        return "thrown away by its converter: no name of kohya's"
    if kind in EMPTIED and name.startswith("transformer."):
        return NO_MODULE
    whole = update.fused or _ORIGINAL_OUT.search(name)
    return NO_MODULE if kind == "z_image" and whole and "." in name.partition(".lora")[0] else ""


def _kronecker(update: KroneckerUpdate) -> Treatment:
    """LoKr's α is divided by the second side's rank."""
    if update.alpha is None or len(set(update.ranks)) < 2:
        return keep(update)
    return keep(update, update.alpha / update.ranks[-1], why="α is divided by the second side's rank")
