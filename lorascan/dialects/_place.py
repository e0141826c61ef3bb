"""Where in a base a stem points."""

from dataclasses import dataclass

from lorascan.core.updates import WEIGHT, Update
from lorascan.dialects._manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A module that a stem may name.

    `known` says whether the manifest has it; `variant` tells namings of one dialect apart. `slices` are the modules
    that a fused matrix holds, top to bottom, and `permuted` says that the file orders rows otherwise than the base.
    """

    component: str
    module_path: str
    known: bool
    variant: str = ""
    slices: tuple[str, ...] = ()
    permuted: bool = False

    def rows(self, manifest: Manifest) -> tuple[tuple[str, int, int], ...]:
        """(module path, first row, end row) of every slice."""
        found, start = [], 0
        for path in self.slices:
            shape = manifest.shape(self.component, path)
            stop = start + (shape[0] if shape else 0)
            found.append((path, start, stop))
            start = stop
        return tuple(found)

    def fits(self, update: Update, manifest: Manifest) -> bool:
        """Whether the base has the module, and the update the shape of the parameter that it changes."""
        if not self.known:
            return False
        paths = self.slices or (self.module_path,)
        shapes = [manifest.shape(self.component, path) for path in paths]
        flats = [(shape[0], _product(shape[1:])) for shape in shapes if shape]
        if len(flats) != len(paths) or len({flat for _, flat in flats}) != 1:
            return False
        out, flat = sum(each for each, _ in flats), flats[0][1]
        if update.parameter != WEIGHT:
            return update.stored_shape == (out, 1)
        stored = update.stored_shape
        return (stored[0] in {0, out}) and (stored[1] in {0, flat}) and (stored != (0, 0) or update.base_dependent)


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for each in shape:
        product *= each
    return product
