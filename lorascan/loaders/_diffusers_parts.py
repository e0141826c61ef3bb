"""What diffusers' loaders have in common: which updates each makes of a file's."""

from collections.abc import Sequence

from lorascan.core.adapter import LowRankUpdate, Update
from lorascan.core.whole_updates import DoraUpdate
from lorascan.loaders._scene import Scene, Treatment, View, drop, keep, refuse_all, refused

NAME = "diffusers"
NO_LORA = "ValueError: a name does not hold 'lora'"
NOTHING = "no name under the component's prefix: silently ignored"
KIND = "the kind is not loaded"
NO_MODULE = "its name is no module's: silently ignored"
NO_TARGETS = "ValueError: the target modules are not found in the base"
WRAPPED = ".base_model.model."
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


def prefixed(scene: Scene, components: Sequence[str], scalings: Sequence[float] | None = None) -> View:
    """What stands under the components' prefixes; with `scalings`, one for each update, those are applied whatever its α says."""
    updates = scene.adapter.updates
    unranked = next((each.tensors[0].name for each in updates if _is_under(each, components) and ".lora_down." in each.tensors[0].name), "")
    if unranked and scalings is None:
        return refused(NAME, scene, f"IndexError: no rank is found in kohya's endings ({unranked})")
    treated = (_prefixed(scene, each, components) for each in updates)
    if scalings is None:
        return found(seen(scene, tuple(treated)))
    return found(seen(scene, tuple(_rescaled(each, scaling) for each, scaling in zip(treated, scalings, strict=True))))


def _is_under(update: Update, components: Sequence[str]) -> bool:
    name = update.tensors[0].name
    return name.startswith(tuple(f"{each}." for each in components)) and "lora" in name


def _prefixed(scene: Scene, update: Update, components: Sequence[str]) -> Treatment:
    if not _is_under(update, components):
        return drop(update, NOTHING)
    if WRAPPED in update.tensors[0].name or (scene.family is not None and not update.resolved):
        return drop(update, NO_MODULE)
    return keep(update) if update.name == "bias" else pair(update)


def _rescaled(treated: Treatment, scaling: float) -> Treatment:
    update = treated.update
    if not treated.applied or update.scaling == scaling:
        return treated
    if update.alpha_span is not None and scaling == 1.0:
        return keep(update, scaling, why="the α tensor is dropped", lost=(*treated.lost, update.alpha_span))
    return keep(update, scaling, why="α is taken as the file's first", lost=treated.lost)


def found(view: View) -> View:
    """The view, refused where a component's names are read and none of them is a module's."""
    components = {each.update.component for each in view.treatments if each.why == NO_MODULE}
    applied = {each.update.component for each in view.treatments if each.applied}
    return view if components <= applied else refuse_all(view, NO_TARGETS)


def by_name(updates: Sequence[Update]) -> list[Update]:
    """The updates in the order in which safetensors hands their tensors out, whatever that of the file is."""
    return sorted(updates, key=lambda each: each.tensors[0].name)
