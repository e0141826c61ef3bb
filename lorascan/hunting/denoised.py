"""What the adapter does to one denoiser step.

δ = ε_L(x, p) − ε_0(x, p) for rows of token ids p, both from one noise x at the same timestep (common random numbers).
"""

import numpy as np

from lorascan.core.progress import silent
from lorascan.hunting.contexts import Context, typed_at
from lorascan.hunting.method import Hunt
from lorascan.worker.client import FloatArray, IntArray, Worker

TIMESTEP = 0.8
FLOOR = 0.5
"""Share of the median meaning that is added to each text's."""
SEED = 5
FULL = 1.0


def token_effects(
    hunt: Hunt, ids: IntArray, timestep: float = TIMESTEP, *, scale: float = FULL, side: int | None = None
) -> tuple[FloatArray, FloatArray]:
    """δ of each row of token ids, flattened to (n, cells), and the base's own outputs in the same form.

    `side` is of the latents, by default `search_side`'s.
    """
    bench, edge = hunt.bench, side or search_side(hunt.bench.reference.shape.side)

    def predicted(worker: Worker, dose: float) -> FloatArray:
        listener = hunt.listener if worker is bench.adapted else silent
        found = worker.predict(ids, timestep=timestep, seed=SEED, side=edge, scale=dose, listener=listener)
        return found.reshape(len(ids), -1)

    base, adapted = bench.apart(lambda: predicted(bench.reference, FULL), lambda: predicted(bench.adapted, scale))
    return adapted - base, base


def declared_effects(
    hunt: Hunt, context: Context, *, scale: float = FULL, side: int | None = None, timestep: float = TIMESTEP
) -> FloatArray:
    """δ of the declared words in this context: (k, cells), or (0, 1) where none are declared."""
    if not hunt.declared:
        return np.zeros((0, 1), dtype=np.float32)
    return token_effects(hunt, hunt.bench.reference.tokenise(typed_at(hunt.declared, context)), timestep, scale=scale, side=side)[0]


def search_side(side: int) -> int:
    """Latent cells a side for searching: a quarter of the area of a full-size base, all of a small one."""
    return side if side <= _SMALL else max(_SMALL, side // 2)


def coarse_side(side: int) -> int:
    """Latent cells a side for the first look at a whole vocabulary: a quarter of the area of a small base.

    A full-size base's vocabulary is narrowed by other means, and its pictures are nothing at so few cells.
    """
    return min(side, _SMALL // 2) if side <= _SMALL else search_side(side)


_SMALL = 16
