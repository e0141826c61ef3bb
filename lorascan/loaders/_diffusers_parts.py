"""What diffusers' loaders have in common: which updates each makes of a file's."""

from collections.abc import Sequence

from lorascan.core.adapter import LowRankUpdate, Update
from lorascan.core.whole_updates import DoraUpdate
from lorascan.loaders._scene import Scene, Treatment, View, drop, keep

NAME = "diffusers"
NO_LORA = "ValueError: a name does not hold 'lora'"
NOTHING = "no name under the component's prefix: silently ignored"
KIND = "the kind is not loaded"
_SCALE_OUT = "the magnitude is taken out with a warning; the rest is applied as plain LoRA"


def seen(scene: Scene, treatments: tuple[Treatment, ...]) -> View:
    """The view of a file that is loaded."""
    dropped = tuple((each.span.name, "no part of an adapter for this loader") for each in scene.adapter.leftovers)
    return View(loader=NAME, refused="", treatments=treatments, dropped=dropped)


def bare(update: Update) -> Update:
    """The update without a magnitude that is taken out."""
    return update.direction if isinstance(update, DoraUpdate) and update.convention == "dora_scale" else update


def undressed(update: Update, scaling: float | None = None) -> Treatment:
    """Applied, without LyCORIS' magnitude where there is one."""
    if isinstance(update, DoraUpdate) and update.convention == "dora_scale":
        return keep(update, scaling, why=_SCALE_OUT, lost=(update.magnitude,))
    return keep(update, scaling)


def pair(update: Update) -> Treatment:
    """A pair is applied, DoRA with PEFT's magnitude too; LyCORIS' magnitude is taken out."""
    if isinstance(bare(update), LowRankUpdate):
        return undressed(update)
    if isinstance(update, DoraUpdate) and update.convention == "lora_magnitude_vector":
        return keep(update)
    return drop(update, KIND)


def prefixed(scene: Scene, components: Sequence[str], scaling: float | None = None) -> View:
    """What stands under the components' prefixes; with `scaling` an α tensor is dropped."""
    return seen(scene, tuple(_prefixed(each, components, scaling) for each in scene.adapter.updates))


def _prefixed(update: Update, components: Sequence[str], scaling: float | None) -> Treatment:
    name = update.tensors[0].name
    if not name.startswith(tuple(f"{each}." for each in components)) or "lora" not in name:
        return drop(update, NOTHING)
    if update.name == "bias":
        return keep(update)
    treated = pair(update)
    if scaling is None or not treated.applied or update.alpha_origin != "tensor":
        return treated
    return keep(update, scaling, why="the α tensor is dropped", lost=(*treated.lost, update.alpha_span))
