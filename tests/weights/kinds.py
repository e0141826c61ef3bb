"""Known updates of every kind: the tensors under their endings, and the ΔW that the formulas of the papers give."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Dense = NDArray[np.float64]
Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """`tensors` by ending; `delta` is ΔW without α's scaling, flattened; `divisor` is what α is divided by, 0 for no α."""

    kind: str
    tensors: dict[str, Array]
    delta: Dense
    rank: int
    divisor: int = field(default=0)


def draw(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def wide(array: Array) -> Dense:
    return array.astype(np.float64)


def lora(rank: int = 4, out: int = 24, width: int = 20) -> Known:
    down, up = draw(1, rank, width), draw(2, out, rank)
    tensors = {".lora_down.weight": down, ".lora_up.weight": up}
    return Known(kind="lora", tensors=tensors, delta=wide(up) @ wide(down), rank=rank, divisor=rank)


def locon() -> Known:
    down, up = draw(1, 4, 6, 3, 3), draw(2, 10, 4, 1, 1)
    delta = wide(up).reshape(10, 4) @ wide(down).reshape(4, -1)
    return Known(kind="locon", tensors={".lora_down.weight": down, ".lora_up.weight": up}, delta=delta, rank=4, divisor=4)


def tucker() -> Known:
    down, mid, up = draw(1, 4, 6, 1, 1), draw(2, 5, 4, 3, 3), draw(3, 10, 5, 1, 1)
    delta = np.einsum("mnkl,om,ni->oikl", wide(mid), wide(up)[:, :, 0, 0], wide(down)[:, :, 0, 0]).reshape(10, -1)
    tensors = {".lora_down.weight": down, ".lora_mid.weight": mid, ".lora_up.weight": up}
    return Known(kind="tucker", tensors=tensors, delta=delta, rank=4, divisor=4)


def loha(rank: int = 3, out: int = 24, width: int = 20) -> Known:
    w1a, w1b, w2a, w2b = draw(1, out, rank), draw(2, rank, width), draw(3, out, rank), draw(4, rank, width)
    tensors = {".hada_w1_a": w1a, ".hada_w1_b": w1b, ".hada_w2_a": w2a, ".hada_w2_b": w2b}
    delta = (wide(w1a) @ wide(w1b)) * (wide(w2a) @ wide(w2b))
    return Known(kind="loha", tensors=tensors, delta=delta, rank=rank, divisor=rank)


def loha_core(rank: int = 3) -> Known:
    t1, w1a, w1b = draw(1, rank, rank, 3, 3), draw(2, rank, 12), draw(3, rank, 6)
    t2, w2a, w2b = draw(4, rank, rank, 3, 3), draw(5, rank, 12), draw(6, rank, 6)
    sides = [np.einsum("ijkl,jr,ip->prkl", wide(t), wide(b), wide(a)) for t, a, b in ((t1, w1a, w1b), (t2, w2a, w2b))]
    tensors = {".hada_t1": t1, ".hada_w1_a": w1a, ".hada_w1_b": w1b, ".hada_t2": t2, ".hada_w2_a": w2a, ".hada_w2_b": w2b}
    return Known(kind="loha", tensors=tensors, delta=(sides[0] * sides[1]).reshape(12, -1), rank=rank, divisor=rank)


def lokr() -> Known:
    w1, a, b = draw(1, 4, 5), draw(2, 6, 3), draw(3, 3, 7)
    tensors = {".lokr_w1": w1, ".lokr_w2_a": a, ".lokr_w2_b": b}
    return Known(kind="lokr", tensors=tensors, delta=np.kron(wide(w1), wide(a) @ wide(b)), rank=3, divisor=3)


def lokr_both() -> Known:
    a1, b1, a2, b2 = draw(1, 4, 2), draw(2, 2, 5), draw(3, 6, 3), draw(4, 3, 7)
    tensors = {".lokr_w1_a": a1, ".lokr_w1_b": b1, ".lokr_w2_a": a2, ".lokr_w2_b": b2}
    return Known(kind="lokr", tensors=tensors, delta=np.kron(wide(a1) @ wide(b1), wide(a2) @ wide(b2)), rank=2, divisor=2)


def lokr_whole() -> Known:
    w1, w2 = draw(1, 4, 5), draw(2, 6, 7)
    return Known(kind="lokr", tensors={".lokr_w1": w1, ".lokr_w2": w2}, delta=np.kron(wide(w1), wide(w2)), rank=24)


def lokr_core() -> Known:
    w1, t2, a, b = draw(1, 4, 2), draw(2, 3, 3, 3, 3), draw(3, 3, 6), draw(4, 3, 5)
    side = np.einsum("ijkl,ip,jr->prkl", wide(t2), wide(a), wide(b))
    tensors = {".lokr_w1": w1, ".lokr_t2": t2, ".lokr_w2_a": a, ".lokr_w2_b": b}
    delta = np.kron(wide(w1)[:, :, None, None], side).reshape(24, -1)
    return Known(kind="lokr", tensors=tensors, delta=delta, rank=3, divisor=3)


def diff() -> Known:
    whole = draw(1, 24, 20)
    return Known(kind="diff", tensors={".diff": whole}, delta=wide(whole), rank=20)


def diff_conv() -> Known:
    whole = draw(1, 10, 6, 3, 3)
    return Known(kind="diff", tensors={".diff": whole}, delta=wide(whole).reshape(10, -1), rank=10)


def bias() -> Known:
    vector = draw(1, 24)
    return Known(kind="bias", tensors={".diff_b": vector}, delta=wide(vector)[:, None], rank=1)


def norm() -> Known:
    vector = draw(1, 24)
    return Known(kind="norm", tensors={".w_norm": vector}, delta=wide(vector)[:, None], rank=1)


def embedding() -> Known:
    down, up = draw(1, 4, 50), draw(2, 16, 4)
    tensors = {".lora_embedding_A": down, ".lora_embedding_B": up}
    return Known(kind="embedding", tensors=tensors, delta=(wide(up) @ wide(down)).T, rank=4, divisor=4)


KNOWN = {
    "lora": lora(),
    "lora of rank 1": lora(rank=1),
    "lora wider than the weight": lora(rank=30),
    "locon": locon(),
    "tucker": tucker(),
    "loha": loha(),
    "loha with more than its sides": loha(rank=6),
    "loha of rank 40": loha(rank=40, out=70, width=50),
    "loha of rank 40, wide": loha(rank=40, out=50, width=70),
    "loha with cores": loha_core(),
    "lokr": lokr(),
    "lokr of two products": lokr_both(),
    "lokr of two whole sides": lokr_whole(),
    "lokr with a core": lokr_core(),
    "diff": diff(),
    "diff of a convolution": diff_conv(),
    "bias": bias(),
    "norm": norm(),
    "embedding": embedding(),
}
