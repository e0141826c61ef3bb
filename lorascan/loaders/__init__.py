"""Says what each program that loads adapters makes of a file: one file a program."""

from functools import cache

from lorascan.core.adapter import Adapter, BaseFacts
from lorascan.core.catalogue import members
from lorascan.loaders._scene import Loader, Scene, Treatment, View

__all__ = ["Loader", "Scene", "Treatment", "View", "loaders", "views"]


@cache
def loaders() -> dict[str, Loader]:
    """Module name → loader, in name order."""
    return members("lorascan.loaders", "LOADER", Loader)


def views(adapter: Adapter, base: BaseFacts) -> tuple[View, ...]:
    """What every loader applies of the file and what it drops, in name order."""
    family = base.family or next(iter(base.candidates), None)
    scene = Scene(adapter=adapter, family=family)
    return tuple(loader.view(scene) for loader in loaders().values())
