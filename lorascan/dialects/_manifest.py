"""Which modules a base has."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lorascan.core.updates import Update

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Manifest:
    """The modules of one base that a low-rank update can address.

    `modules` maps component → diffusers module path → shape of the module's weight: (out, in) for a linear module,
    (out, in, kh, kw) for a convolution. Text-encoder paths are those of the installed library's class: `CLIPTextModel`
    without `text_model.`, `CLIPTextModelWithProjection` with it.
    """

    family: str
    modules: Mapping[str, Mapping[str, Shape]]

    def shape(self, component: str, module_path: str) -> Shape | None:
        """The module's weight shape, None where the base has no such module."""
        return self.modules.get(component, {}).get(module_path)

    def fits(self, component: str, module_path: str, flat: tuple[int, int]) -> bool:
        """Whether the module exists and its weight, flattened to (out, in·kh·kw), has the shape `flat`."""
        shape = self.shape(component, module_path)
        return shape is not None and (shape[0], math.prod(shape[1:])) == flat

    def takes(self, update: Update) -> bool:
        """Whether the update found its module in this base, with the module's own shape as far as it tells one."""
        shape = self.shape(update.component, update.module_path) if update.resolved else None
        if shape is None:
            return False
        whole = shape[0], math.prod(shape[1:])
        return all(found in {0, wanted} for found, wanted in zip(update.shape, whole, strict=True))
