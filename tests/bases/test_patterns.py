"""Module paths folded into patterns."""

from hypothesis import given
from hypothesis import strategies as some

from lorascan.bases._patterns import folded, unfolded

SEGMENTS = some.sampled_from(["blocks", "attn", "0", "1", "2", "3", "10", "to_q", "net"])
PATHS = some.lists(SEGMENTS, min_size=1, max_size=5).map(".".join)
SHAPES = some.sampled_from([(4, 4), (8, 4), (8, 4, 3, 3)])


@given(some.dictionaries(PATHS, SHAPES, max_size=40))
def test_what_is_folded_unfolds_to_the_same_modules(shapes: dict[str, tuple[int, ...]]) -> None:
    assert unfolded(folded(shapes)) == shapes


def test_equal_blocks_become_one_line() -> None:
    shapes = {f"blocks.{block}.layers.{layer}.q": (4, 4) for block in range(3) for layer in range(2)}

    assert folded(shapes) == {"blocks.{0-2}.layers.{0-1}.q": [4, 4]}


def test_blocks_of_another_width_stand_apart() -> None:
    shapes = {"blocks.0.q": (4, 4), "blocks.1.q": (4, 4), "blocks.2.q": (8, 4), "blocks.4.q": (4, 4)}

    assert folded(shapes) == {"blocks.{0-1}.q": [4, 4], "blocks.4.q": [4, 4], "blocks.2.q": [8, 4]}
