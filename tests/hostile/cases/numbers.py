"""What the tensors' values do."""

from collections.abc import Callable

import numpy as np

from lorascan.bases import manifests
from tests.adapters.builders import TEXT
from tests.hostile.case import Case, one
from tests.hostile.sound import STEM, Tensors, changed, tensors, written

_UP, _DOWN, _ALPHA = f"{STEM}.lora_up.weight", f"{STEM}.lora_down.weight", f"{STEM}.alpha"


def _set(name: str, at: tuple[int, ...], value: float, dtype: str = "float32") -> Callable[[Tensors], Tensors]:
    def change(found: Tensors) -> Tensors:
        held = found[name].astype(dtype)
        held[at] = value
        return {**found, name: held}

    return change


def _times(name: str, factor: float) -> Callable[[Tensors], Tensors]:
    return lambda found: {**found, name: (found[name].astype(np.float32) * np.float32(factor)).astype(found[name].dtype)}


def _as(name: str, value: object) -> Callable[[Tensors], Tensors]:
    return lambda found: {**found, name: np.asarray(value)}


def _without(*names: str) -> Callable[[Tensors], Tensors]:
    return lambda found: {name: each for name, each in found.items() if name not in names}


def _heavy(factor: float) -> bytes:
    """Sixteen modules of which one is so much heavier."""
    lab = next(each for each in manifests() if each.family == "lab")
    paths = [path for path, shape in lab.modules["unet"].items() if shape == (64, 64)]
    random = np.random.default_rng(1)
    made: Tensors = {}
    for number, path in enumerate(paths[:16]):
        scale = np.float32(0.05 * (factor if number == 0 else 1.0))
        made[f"unet.{path}.lora_A.weight"] = random.standard_normal((4, 64)).astype("float32") * np.float32(0.05)
        made[f"unet.{path}.lora_B.weight"] = random.standard_normal((64, 4)).astype("float32") * scale
    return written(made)


def _even(rms: float) -> bytes:
    """One module of 64 by 64 whose ΔW has this root mean square, in units of 1/√64."""
    made = {name: each for name, each in tensors("peft", rank=4, alpha=None).items() if TEXT not in name}
    size = np.sqrt(np.float32(rms / 8 / 4))
    return written({name: np.full_like(each, size) for name, each in made.items()})


def _full_rank() -> bytes:
    made = tensors("peft", rank=64, alpha=None)
    return written({name: each for name, each in made.items() if TEXT not in name})


CASES: tuple[Case, ...] = (
    one("factors of whole numbers", changed(_as(_UP, np.ones((64, 4), dtype=np.int32))), "LS601"),
    one("factors of truth values", changed(_as(_UP, np.ones((64, 4), dtype=np.bool_))), "LS601"),
    one("one NaN in the middle", changed(_set(_UP, (31, 2), np.nan)), "LS602"),
    one("one NaN in half precision", changed(_set(_DOWN, (2, 31), np.nan, "float16")), "LS602"),
    one("an infinity", changed(_set(_UP, (0, 0), np.inf)), "LS602"),
    one("a negative infinity at the end", changed(_set(_DOWN, (3, 63), -np.inf)), "LS602"),
    one("a NaN in a tensor beside the updates", changed(_as("<s1>", np.full(8, np.nan, dtype=np.float32))), "LS602"),
    one("a NaN as alpha", changed(_as(_ALPHA, np.float32(np.nan))), "LS602", "LS604"),
    one("an infinite alpha", changed(_as(_ALPHA, np.float32(np.inf))), "LS602", "LS604"),
    one("an update a thousand times too large", changed(_times(_UP, 1_000)), "LS603"),
    one("an update that overflows half precision", changed(_times(_UP, 1e7)), "LS603"),
    one("an alpha of zero", changed(_as(_ALPHA, np.float32(0))), "LS604"),
    one("a negative alpha", changed(_as(_ALPHA, np.float32(-4))), "LS604"),
    one("an alpha of a hundred million", changed(_as(_ALPHA, np.float32(1e8))), "LS604"),
    one("an alpha next to nothing", changed(_as(_ALPHA, np.float32(1e-30))), "LS604"),
    one("an alpha that is true", changed(_as(_ALPHA, np.ones((), dtype=np.bool_))), "LS601"),
    one(
        "updates too small to change anything",
        changed(lambda found: {name: each.astype(np.float32) * np.float32(1e-9 if each.ndim else 1) for name, each in found.items()}),
        "LS606",
    ),
    one("an update of twenty times a base's weights", _even(20.0), "LS603"),
    one("one layer fifty times as heavy as all others", _heavy(50.0), "LS608"),
    one("an alpha of four numbers", changed(_as(_ALPHA, np.ones(4, dtype=np.float32))), "LS604"),
    one("an alpha of no number", changed(_as(_ALPHA, np.ones(0, dtype=np.float32))), "LS604"),
    one("alpha on some modules only", changed(_without(_ALPHA)), "LS604"),
    one("an up without a down", changed(_without(_DOWN)), "LS605"),
    one("a down without an up", changed(_without(_UP)), "LS605"),
    one("factors that do not fit together", changed(_as(_UP, np.ones((64, 5), dtype=np.float32))), "LS605"),
    one(
        "a rank of zero",
        changed(lambda found: {**found, _DOWN: np.ones((0, 64), dtype=np.float32), _UP: np.ones((64, 0), dtype=np.float32)}),
        "LS605",
    ),
    one("a factor with one dimension", changed(_as(_DOWN, np.ones(64, dtype=np.float32))), "LS605"),
    one(
        "no effect at all",
        changed(lambda found: {name: np.zeros_like(each) if "lora_up" in name else each for name, each in found.items()}),
        "LS606",
    ),
    one("a rank that is not low", _full_rank(), "LS607", admitted=True),
    one("one layer that outweighs all others", _heavy(30.0), "LS608", admitted=True),
)
