"""What is carried to the workers: updates in canonical form."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lorascan.bases import BaseWeights
from lorascan.core.adapter import Adapter, VettedFile
from lorascan.pairing import joined
from lorascan.weights.canonical import canonical, read_canonical
from lorascan.weights.joined import joined as summed

Part = tuple[Adapter, VettedFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One adapter, or two that act together, as the workers load them.

    `written`, `partner`: canonical bytes of each, None where there is no second. `adapter` and `tensors` (rows as in
    `read_canonical`) are of both together: what the hunt reads.
    """

    written: bytes
    partner: bytes | None
    adapter: Adapter
    tensors: Mapping[str, npt.NDArray[np.float32]]


def carry(first: Part, second: Part | None, base: BaseWeights) -> Carried:
    """Both in canonical form. Raises as `canonical` does."""
    written = canonical(*first, base)
    tensors = read_canonical(written)
    if second is None:
        return Carried(written=written, partner=None, adapter=first[0], tensors=tensors)
    partner = canonical(*second, base)
    together = summed(tensors, read_canonical(partner))
    return Carried(written=written, partner=partner, adapter=joined(first[0], second[0]), tensors=together)
