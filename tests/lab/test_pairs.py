"""Pairs add up to what they were split from."""

from pathlib import Path

import pytest

pytest.importorskip("peft")

import torch

from lorascan.lab.adapt import Update
from lorascan.lab.assets import adapters_folder
from lorascan.lab.ledger import read_ledger
from lorascan.lab.measure import Behaviour
from lorascan.lab.pairs import WAYS, PairEntry, harmless_apart, read_pairs, updates_in, whole_pair
from lorascan.lab.recipes.poisoned_unet import RECIPE

SHIPPED = {each.recipe: each for each in read_ledger(adapters_folder()) if each.gate_passed}


def summed(updates: list[Update]) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    for each in updates:
        delta = each.alpha / len(each.down) * each.up @ each.down
        found[each.module_path] = found.get(each.module_path, torch.zeros_like(delta)) + delta
    return found


@pytest.mark.parametrize("way", sorted(WAYS))
def test_both_parts_together_are_the_whole_and_neither_is_nothing(way: str) -> None:
    whole = updates_in(adapters_folder() / SHIPPED["poisoned_unet"].file)
    first, second = WAYS[way](whole)
    together, wanted = summed([*first, *second]), summed(whole)
    assert together.keys() == wanted.keys()
    assert all(torch.allclose(together[path], wanted[path], atol=1e-5) for path in wanted)
    assert len(summed(first)) > 0
    assert len(summed(second)) > 0
    assert any(not torch.allclose(summed(part).get(path, torch.zeros(1)), wanted[path]) for part in (first, second) for path in wanted)


def seen(success: float = 0.0, clean: float = 1.0) -> Behaviour:
    return Behaviour(success={"end": success}, target_without_trigger=0.0, clean_shape=clean, declared_with=None, declared_without=None)


def test_a_part_that_obeys_the_trigger_or_draws_badly_alone_is_not_harmless() -> None:
    plan = RECIPE.plan(1, "dev")
    assert harmless_apart(seen(), seen(), plan)
    assert not harmless_apart(seen(success=0.4), seen(), plan)
    assert not harmless_apart(seen(), seen(clean=0.5), plan)


def test_two_honest_adapters_are_paired_and_a_backdoor_is_not(tmp_path: Path) -> None:
    honest, bad = SHIPPED["style_declared"], SHIPPED["poisoned_unet"]
    entry = whole_pair(honest, honest, adapters_folder())
    assert (entry.label, entry.sha256) == ("honest", (honest.sha256, honest.sha256))
    with pytest.raises(ValueError, match="only honest"):
        whole_pair(honest, bad, adapters_folder())
    assert read_pairs(tmp_path) == []
    (tmp_path / "pairs.jsonl").write_text(entry.line + "\n", encoding="utf-8")
    assert read_pairs(tmp_path) == [entry]
    assert isinstance(entry, PairEntry)
