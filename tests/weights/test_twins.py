"""Neurons that cancel each other, beside honest updates that look alike."""

import numpy as np
import pytest
from safetensors.numpy import save

from lorascan.core.adapter import Adapter, AdapterFacts, LowRankUpdate
from lorascan.core.evidence import Evidence
from lorascan.core.pairs import TwinBlock, TwinStatistics
from lorascan.detectors import cancelling_twins
from lorascan.weights.twins import twins
from tests.adapters.builders import vetted

WIDTH, HIDDEN = 32, 128
BLOCK = "down_blocks.0.attentions.0.transformer_blocks.0.ff"
Factors = dict[str, np.ndarray]


def honest(rank: int, seed: int = 0) -> Factors:
    """Factors as training leaves them: no two neurons related."""
    rng = np.random.default_rng(seed)
    return {
        "proj.down": rng.standard_normal((rank, WIDTH)).astype(np.float32),
        "proj.up": rng.standard_normal((2 * HIDDEN, rank)).astype(np.float32),
        "out.down": rng.standard_normal((rank, HIDDEN)).astype(np.float32),
        "out.up": rng.standard_normal((WIDTH, rank)).astype(np.float32),
    }


def cancelling(rank: int, pairs: int, sign: float = -1.0) -> Factors:
    """The same with twins: neurons 0 and 1, 2 and 3, … share a gate; their outputs are opposite, or the same by `sign`."""
    factors = honest(rank)
    for first in range(0, 2 * pairs, 2):
        factors["proj.up"][[HIDDEN + first, HIDDEN + first + 1]] = 3 * factors["proj.up"][HIDDEN + first]
        factors["out.down"][:, first] *= 3
        factors["out.down"][:, first + 1] = sign * factors["out.down"][:, first]
    return factors


def measured(factors: Factors) -> TwinStatistics:
    file = vetted(save(factors))
    spans = {each.name: each for each in file.spans}
    updates = tuple(
        LowRankUpdate(
            component="unet",
            module_path=f"{BLOCK}{ending}",
            dialect="peft",
            down=spans[f"{name}.down"],
            up=spans[f"{name}.up"],
        )
        for name, ending in (("proj", ".net.0.proj"), ("out", ".net.2"))
    )
    facts = AdapterFacts(
        dialects=("peft",), components={"unet": 2}, ranks={}, scalings={}, update_count=2, leftover_count=0, declared_triggers=()
    )
    return twins(Adapter(updates=updates, leftovers=(), facts=facts), file)


def codes(statistics: TwinStatistics) -> list[str]:
    return [each.rule.code for each in cancelling_twins.DETECTOR.examine(Evidence(facts=(statistics,)))]


def test_twins_that_carry_much_of_the_weight_are_for_review_and_their_block_is_named() -> None:
    found = measured(cancelling(rank=8, pairs=16))
    (finding,) = cancelling_twins.DETECTOR.examine(Evidence(facts=(found,)))
    assert (finding.rule.code, finding.where) == ("LS609", f"unet.{BLOCK}")
    assert found.blocks[0].opposed > 0.5
    assert found.blocks[0].matched == 0


@pytest.mark.parametrize("rank", [1, 2, 3, 4, 8, 16])
@pytest.mark.parametrize("seed", range(4))
def test_honest_updates_of_any_rank_are_silent(rank: int, seed: int) -> None:
    """At rank 1 every neuron has opposed twins by chance, and as many of the same sign."""
    found = measured(honest(rank, seed))
    assert codes(found) == []
    assert rank > 1 or found.blocks[0].opposed > 0.9


def test_neurons_that_add_up_are_no_twins_that_cancel() -> None:
    found = measured(cancelling(rank=8, pairs=16, sign=1.0))
    assert codes(found) == []
    assert found.blocks[0].matched > 0.5


def test_an_update_of_nothing_and_one_that_is_not_finite_are_silent_and_do_not_fail() -> None:
    nothing = {name: 0 * value for name, value in honest(4).items()}
    assert codes(measured(nothing)) == []
    broken = honest(4)
    broken["out.up"][0, 0] = np.nan
    assert measured(broken).blocks == ()


def test_blocks_of_another_form_are_not_compared() -> None:
    """A projection without a gate is as wide as the projection out."""
    factors = honest(4)
    factors["proj.up"] = factors["proj.up"][:HIDDEN]
    assert measured(factors).blocks == ()


def test_the_largest_block_is_told() -> None:
    small, large = (TwinBlock(where=name, rank=4, neurons=9, opposed=share, matched=0.0) for name, share in (("a", 0.3), ("b", 0.6)))
    (finding,) = cancelling_twins.DETECTOR.examine(Evidence(facts=(TwinStatistics(blocks=(small, large)),)))
    assert finding.where == "b"
    assert "2 of 2" in finding.message


@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_a_component_that_is_scaled_up_in_one_factor_and_down_in_the_other_hides_no_twins(scale: float) -> None:
    factors = cancelling(8, pairs=16)
    for down, up in (("proj.down", "proj.up"), ("out.down", "out.up")):
        factors[down][0] *= scale
        factors[up][:, 0] /= scale
    (block,) = measured(factors).blocks
    (plain,) = measured(cancelling(8, pairs=16)).blocks
    assert block.opposed == pytest.approx(plain.opposed, rel=0.05)
    assert block.opposed > 0.2


def test_factors_of_less_rank_than_they_have_rows_are_compared_all_the_same() -> None:
    factors = cancelling(8, pairs=16)
    factors["proj.down"][4:] = factors["proj.down"][:4]
    factors["out.up"][:, 4:] = 0.0
    (block,) = measured(factors).blocks
    assert block.opposed > 0.2
