"""What a loader sees, and what it makes of it."""

from collections.abc import Callable
from dataclasses import dataclass

from lorascan.core.adapter import Adapter, TensorSpan, Update

LINKED = "the file is refused as a whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A file that is loaded into a pipeline of the family (None where none is known)."""

    adapter: Adapter
    family: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """Every tensor's name, once."""
        used = (span.name for update in self.adapter.updates for span in update.spans)
        return tuple(dict.fromkeys((*used, *(each.span.name for each in self.adapter.leftovers))))

    @property
    def denoiser(self) -> str:
        """The denoiser: "unet" for pipelines that have one, else "transformer", "prior" or "decoder"."""
        components = (each.component for each in self.adapter.updates if not each.component.startswith("text_encoder"))
        return next(components, "unet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """What a loader does with one update: the scaling it applies it with, or why it does not.

    `applied` is None where the rules at hand do not tell. `lost` are tensors of an applied update that the loader drops.
    """

    update: Update
    applied: bool | None
    scaling: float | None = None
    why: str = ""
    lost: tuple[TensorSpan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One loader's view of a file. `refused` is why it takes nothing at all, "" where it loads the file."""

    loader: str
    refused: str
    treatments: tuple[Treatment, ...]
    dropped: tuple[tuple[str, str], ...]
    """(tensor, why) of tensors that belong to no update."""

    @property
    def applied(self) -> int:
        """The updates that are applied."""
        return sum(each.applied is True for each in self.treatments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loader:
    """A program that loads adapters; `version` is what its rules were read from."""

    name: str
    title: str
    version: str
    view: Callable[[Scene], View]


def keep(update: Update, scaling: float | None = None, why: str = "", lost: tuple[TensorSpan | None, ...] = ()) -> Treatment:
    """Applied, with the file's own scaling unless another is given, and without the tensors that are lost."""
    gone = tuple(each for each in lost if each is not None)
    return Treatment(update=update, applied=True, scaling=update.scaling if scaling is None else scaling, why=why, lost=gone)


def drop(update: Update, why: str) -> Treatment:
    """Not applied."""
    return Treatment(update=update, applied=False, why=why)


def refused(loader: str, scene: Scene, why: str) -> View:
    """Nothing is loaded."""
    return View(
        loader=loader,
        refused=why,
        treatments=tuple(drop(each, LINKED) for each in scene.adapter.updates),
        dropped=tuple((each.span.name, LINKED) for each in scene.adapter.leftovers),
    )


def refuse_all(view: View, why: str) -> View:
    """The view of a file that the loader gives up on after all."""
    return View(
        loader=view.loader,
        refused=why,
        treatments=tuple(drop(each.update, LINKED) for each in view.treatments),
        dropped=tuple((name, LINKED) for name, _ in view.dropped),
    )
