"""What ComfyUI's LoRA loader applies.

Rules of our own from its documented behaviour and from differences that were measured (no code of it is used): pairs,
LoCon, LoHa, LoKr, OFT, BOFT, GLoRA, differences, biases, norms and replaced weights are applied, each with its own α, 1
where it has none; LoKr's α is divided by the second side's rank; `reshape_weight` pads the base. (IA)³, PEFT's
magnitudes, positional names and trained words are not. Source: ComfyUI as of October 2025.
"""

from lorascan.core.adapter import Update
from lorascan.core.product_updates import KroneckerUpdate
from lorascan.core.whole_updates import DoraUpdate, RotationUpdate
from lorascan.dialects import Reason
from lorascan.loaders._comfyui_names import unmatched
from lorascan.loaders._scene import Loader, Scene, Treatment, View, drop, keep

NAME = "comfyui"
_KINDS = frozenset({"lora", "locon", "tucker", "loha", "lokr", "oft", "boft", "glora", "diff", "bias", "norm", "set", "dora"})
_PEFT_BIAS = (".lora_B.bias", ".lora_up.bias")


def view(scene: Scene) -> View:
    """Each update by itself: ComfyUI matches every name against the model's own."""
    names = frozenset(scene.names)
    control = any("query_norm.scale" in name for name in names)
    treatments = tuple(_treat(each, scene.family, names, control=control) for each in scene.adapter.updates)
    unread = (each for each in scene.adapter.leftovers if each.reason != Reason.FULL_RANK)
    dropped = tuple((each.span.name, "lora key not loaded") for each in unread)
    return View(loader=NAME, refused="", treatments=treatments, dropped=dropped)


def _treat(update: Update, family: str | None, names: frozenset[str], *, control: bool) -> Treatment:
    unread = _unread(update, control=control)
    if unread:
        return drop(update, unread)
    matched, why = unmatched(update, family, names)
    if not matched:
        return Treatment(update=update, applied=matched, why=why)
    return _magnitude(update) if isinstance(update, DoraUpdate) else _scaled(update)


def _unread(update: Update, *, control: bool) -> str:
    """Why ComfyUI does not read the update, "" where it does."""
    if update.dialect == "cloneofsimo":
        return "positional names are not read"
    if update.name == "bias" and update.tensors[0].name.endswith(_PEFT_BIAS) and not control:
        return "PEFT's bias is not read"
    if isinstance(update, RotationUpdate) and not update.blocks.name.endswith(".oft_blocks"):
        return "only blocks named oft_blocks are read"
    if update.name == "boft" and update.alpha is None:
        return "a butterfly without α fails: it is compared with 0"
    return "" if update.name in _KINDS else f"{update.name} is not read"


def _scaled(update: Update) -> Treatment:
    if isinstance(update, KroneckerUpdate) and len(update.ranks) > 1 and update.alpha is not None and update.ranks[0] != update.ranks[1]:
        return keep(update, update.alpha / update.ranks[1], why="α is divided by the second side's rank")
    if update.alpha_origin == "peft metadata":
        return keep(update, 1.0, why="the config in the metadata is not read")
    return keep(update)


def _magnitude(update: DoraUpdate) -> Treatment:
    if update.convention == "dora_scale":
        return keep(update)
    return keep(update, why="the magnitude is ignored; the rest is applied as a plain update", lost=(update.magnitude,))


LOADER = Loader(name=NAME, title="ComfyUI", version="2025-10", view=view)
