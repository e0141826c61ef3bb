"""What InvokeAI's LoRA patcher applies.

Rules of our own from its documented formats and its published key lists (no code of it is used): pairs, LoHa, LoKr,
DoRA with `dora_scale`, differences, norms and (IA)³ under the namings that it detects; a group of another kind refuses
the whole file. α missing is 1. Source: InvokeAI 6, the formats that its test data list.
"""

from lorascan.core.adapter import Update
from lorascan.core.whole_updates import DoraUpdate
from lorascan.loaders._scene import Loader, Scene, Treatment, View, drop, keep, refused

NAME = "invokeai"
_KINDS = frozenset({"lora", "locon", "tucker", "loha", "lokr", "dora", "diff", "norm", "ia3", "bias", "set"})
_DENOISER_ONLY = ("kohya", "onetrainer", "bfl", "native", "xlabs", "peft", "peft_folder", "diffusers")


def view(scene: Scene) -> View:
    """The file's view: refused where a group is of a kind that has no layer."""
    if not scene.adapter.updates:
        return refused(NAME, scene, "no update: the format is not recognised")
    odd = [each for each in scene.adapter.updates if not _has_layer(each)]
    if odd:
        return refused(NAME, scene, f"ValueError: unsupported layer ({odd[0].tensors[0].name})")
    denoiser = scene.denoiser
    treatments = tuple(_treat(each, denoiser) for each in scene.adapter.updates)
    dropped = tuple((each.span.name, "not a layer") for each in scene.adapter.leftovers)
    return View(loader=NAME, refused="", treatments=treatments, dropped=dropped)


def _has_layer(update: Update) -> bool:
    if isinstance(update, DoraUpdate):
        return update.convention == "dora_scale" and update.direction.kind == "lora"
    return update.name in _KINDS


def _treat(update: Update, denoiser: str) -> Treatment:
    dialect = update.dialect.partition("-")[0]
    if dialect not in _DENOISER_ONLY or (denoiser == "unet" and dialect != "kohya"):
        return drop(update, "the naming is not read for this base")
    if update.alpha_origin == "peft metadata":
        return keep(update, 1.0, why="the config in the metadata is not read")
    return keep(update)


LOADER = Loader(name=NAME, title="InvokeAI", version="6", view=view)
