"""A random update stands in for an adapter's size, and for nothing else of it."""

import numpy as np
import pytest

from lorascan.weights.canonical import read_canonical
from lorascan.weights.matched import matched_random, size

DRAWN = np.random.default_rng(5)
ADAPTER = {
    "unet.a.lora_A.weight": DRAWN.standard_normal((4, 12)).astype("<f4"),
    "unet.a.lora_B.weight": 0.01 * DRAWN.standard_normal((20, 4)).astype("<f4"),
    "unet.conv.lora_A.weight": DRAWN.standard_normal((2, 6, 3, 3)).astype("<f4"),
    "unet.conv.lora_B.weight": DRAWN.standard_normal((8, 2, 1, 1)).astype("<f4"),
    "unet.idle.lora_A.weight": DRAWN.standard_normal((4, 12)).astype("<f4"),
    "unet.idle.lora_B.weight": np.zeros((20, 4), "<f4"),
}


def test_every_module_keeps_its_shape_and_its_norm() -> None:
    """Convolutions too; what does nothing stays so."""
    found = read_canonical(matched_random(ADAPTER, seed=0))

    assert {name: each.shape for name, each in found.items()} == {name: each.shape for name, each in ADAPTER.items()}
    for stem in ("unet.a", "unet.conv", "unet.idle"):
        mine, theirs = (
            np.linalg.norm(each[f"{stem}.lora_B.weight"].reshape(-1, len(each[f"{stem}.lora_A.weight"]))
            @ each[f"{stem}.lora_A.weight"].reshape(len(each[f"{stem}.lora_A.weight"]), -1))
            for each in (found, ADAPTER)
        )  # fmt: skip
        assert mine == pytest.approx(theirs, rel=1e-4)


def test_its_direction_is_chance_alone() -> None:
    """Another seed is another direction; the adapter's own numbers leave nothing but their norm."""
    one, other = (read_canonical(matched_random(ADAPTER, seed=seed)) for seed in (0, 1))
    negated = matched_random({name: -each for name, each in ADAPTER.items()}, seed=0)

    assert not np.allclose(one["unet.a.lora_A.weight"], other["unet.a.lora_A.weight"])
    assert negated == matched_random(ADAPTER, seed=0)


def test_the_norm_of_a_product_needs_no_product() -> None:
    """Against the formed matrix."""
    down, up = DRAWN.standard_normal((3, 30)), DRAWN.standard_normal((40, 3))

    assert size(down, up) == pytest.approx(np.linalg.norm(up @ down))
