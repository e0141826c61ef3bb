"""What becomes of ΔW when a trained file is rewritten."""

import pytest

pytest.importorskip("peft")

import torch
from torch import Tensor

from lorascan.lab.adapt import Update
from lorascan.lab.derived import REWRITTEN
from lorascan.lab.rewrites import NOISE, REWRITES, rewritten

RANK = 8


def _update() -> Update:
    generator = torch.Generator().manual_seed(3)
    up, down = torch.randn(40, RANK, generator=generator), torch.randn(RANK, 24, generator=generator)
    return Update(component="unet", module_path="a", down=0.01 * down, up=0.02 * up, alpha=12.0)


def _delta(update: Update) -> Tensor:
    return update.alpha / len(update.down) * update.up @ update.down


def _distance(one: Tensor, other: Tensor) -> float:
    return float(torch.linalg.norm(one - other) / torch.linalg.norm(other))


def test_every_ending_of_a_recipe_has_its_rewrite() -> None:
    """The names are listed where torch is not needed."""
    assert REWRITTEN.keys() == REWRITES.keys()


def test_resizing_keeps_the_largest_singular_values() -> None:
    """No other ΔW of half the rank is nearer."""
    (found,) = rewritten([_update()], "laundered", 0)

    values = torch.linalg.svdvals(_delta(_update()))
    assert len(found.down) == RANK // 2
    assert found.alpha / len(found.down) == _update().alpha / RANK
    assert torch.allclose(torch.linalg.svdvals(_delta(found))[: RANK // 2], values[: RANK // 2], rtol=0.1)
    best = float(values[RANK // 2 :].norm() / values.norm())
    assert best <= _distance(_delta(found), _delta(_update())) <= best + 0.05


def test_rounding_to_eight_bits_leaves_what_eight_bits_hold() -> None:
    """Three bits of fraction: at most a sixteenth off each number."""
    (found,) = rewritten([_update()], "laundered", 0)

    for factor in (found.up, found.down):
        scale = factor.abs().max() / torch.finfo(torch.float8_e4m3fn).max
        assert torch.equal((factor / scale).to(torch.float8_e4m3fn).float() * scale, factor)


def test_a_disguise_changes_every_factor_and_little_of_the_product() -> None:
    """The noise is a tenth of ΔW."""
    (found,) = rewritten([_update()], "disguised", 0)

    assert _distance(_delta(found), _delta(_update())) == pytest.approx(NOISE, rel=0.05)
    assert _distance(found.down, _update().down) > 0.5
    assert not torch.equal(rewritten([_update()], "disguised", 1)[0].down, found.down)


@pytest.mark.parametrize(("name", "share"), [("at_80", 0.8), ("at_65", 0.65), ("at_50", 0.5)])
def test_what_is_turned_down_is_the_same_update_at_a_share(name: str, share: float) -> None:
    """Direction and rank stay."""
    (found,) = rewritten([_update()], name, 0)

    assert _distance(_delta(found), share * _delta(_update())) < 1e-3
