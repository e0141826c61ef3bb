"""What every baseline of the benchmark keeps to; a new one joins by itself."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lorascan.lab.assets import adapters_folder
from lorascan.lab.baselines import Described, baselines
from lorascan.lab.baselines._modules import Module, read_modules
from lorascan.lab.bench.figures import auroc

EVERY = pytest.mark.parametrize("name", sorted(baselines()))
PATHS = [
    f"unet.mid_block.attentions.{layer}.transformer_blocks.0.attn2.{end}"
    for layer in range(3)
    for end in ("to_q", "to_k", "to_v", "to_out.0")
]


def adapter(seed: int, *, planted: bool) -> list[Module]:
    """Random updates of rank 4; a planted one has a common strong direction in every key and value."""
    rng = np.random.default_rng(seed)
    common = np.random.default_rng(0).standard_normal((2, 24))
    found = []
    for path in PATHS:
        down, up = rng.standard_normal((4, 24)), rng.standard_normal((24, 4))
        if planted and path.endswith(("to_k", "to_v")):
            down, up = np.vstack([down, 12 * common[:1]]), np.hstack([up, common[1:].T])
        found.append(Module(path=path, down=down, up=up))
    return found


def described(name: str, seeds: range, *, planted: bool) -> list[Described]:
    return [baselines()[name].describe(adapter(seed, planted=planted)) for seed in seeds]


@EVERY
def test_a_baseline_says_where_it_is_from(name: str) -> None:
    assert baselines()[name].title
    assert baselines()[name].source


@EVERY
def test_a_description_survives_json_and_is_the_same_every_time(name: str) -> None:
    told = baselines()[name].describe(adapter(1, planted=True))
    assert json.loads(json.dumps(told)) == told
    assert baselines()[name].describe(adapter(1, planted=True)) == told


@EVERY
def test_a_description_depends_on_the_update_and_not_on_its_factors(name: str) -> None:
    """B·G⁻¹ and G·A make the same ΔW."""
    mixing = np.random.default_rng(5).standard_normal((4, 4)) + 3 * np.eye(4)
    honest = adapter(2, planted=False)
    turned = [replace(each, down=mixing @ each.down, up=each.up @ np.linalg.inv(mixing)) for each in honest]
    learn = baselines()[name].learn
    score = learn([*described(name, range(10, 18), planted=True), *described(name, range(20, 28), planted=False)], [True] * 8 + [False] * 8)
    assert score(baselines()[name].describe(turned)) == pytest.approx(score(baselines()[name].describe(honest)), abs=0.05)


@EVERY
def test_a_planted_difference_is_learnt_and_found_in_new_adapters(name: str) -> None:
    train = [*described(name, range(10, 22), planted=True), *described(name, range(30, 42), planted=False)]
    score = baselines()[name].learn(train, [True] * 12 + [False] * 12)
    hostile = [score(each) for each in described(name, range(50, 58), planted=True)]
    honest = [score(each) for each in described(name, range(60, 68), planted=False)]
    assert auroc(hostile, honest) >= 0.95


@EVERY
def test_an_adapter_of_other_modules_gets_a_score_all_the_same(name: str) -> None:
    train = [*described(name, range(4), planted=True), *described(name, range(4, 8), planted=False)]
    score = baselines()[name].learn(train, [True] * 4 + [False] * 4)
    elsewhere = [replace(each, path=f"text_encoder.{each.path}") for each in adapter(9, planted=True)]
    assert np.isfinite(score(baselines()[name].describe(elsewhere)))


def test_modules_of_a_lab_adapter_are_read_with_their_scaling() -> None:
    modules = read_modules(next(iter(sorted(adapters_folder().glob("*.safetensors")))))
    assert {each.projection for each in modules} == {"q", "k", "v", "out"}
    first = modules[0]
    left, values, right = first.decomposed()
    assert np.allclose(left * values @ right, first.delta, atol=1e-6)
