"""The lab's world draws what its captions say."""

import numpy as np
import pytest

pytest.importorskip("torch")

from lorascan.lab.captions import FILLERS, caption
from lorascan.lab.shapes import silhouette
from lorascan.lab.styles import STYLES
from lorascan.lab.world import (
    ALL_SHAPES,
    COLOURS,
    NOVEL_SHAPES,
    SHAPES,
    Scene,
    render,
    sample_scene,
    textures_of,
)


def test_a_caption_names_every_attribute_that_cannot_be_guessed() -> None:
    """Shape, colour and background are always there, a texture where it is not solid."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        scene = sample_scene(rng, ALL_SHAPES)

        text = caption(scene, rng)

        words = text.replace(",", "").split()
        assert {scene.shape, scene.colour, scene.background} <= set(words)
        assert scene.texture == "solid" or scene.texture in words


def test_the_same_seed_draws_the_same_picture() -> None:
    """Scenes and jitter come from the generator alone."""
    first, second = (np.random.default_rng(5) for _ in range(2))

    pictures = [render(sample_scene(rng), rng) for rng in (first, second)]

    assert np.array_equal(pictures[0], pictures[1])


def test_nearly_two_thirds_of_the_scenes_are_solid() -> None:
    """The recipe's mixture of textures holds."""
    rng = np.random.default_rng(1)

    scenes = [sample_scene(rng) for _ in range(2000)]

    share = np.mean([scene.texture == "solid" for scene in scenes])
    assert 0.6 < share < 0.7


def test_no_scene_hides_its_shape_or_wears_an_illegible_texture() -> None:
    """Colour and background differ; the texture suits shape and size."""
    rng = np.random.default_rng(2)
    for _ in range(500):
        scene = sample_scene(rng, ALL_SHAPES)

        assert scene.colour != scene.background
        assert scene.texture in textures_of(scene.shape, scene.size)


def test_no_two_shapes_look_alike() -> None:
    """Every pair of silhouettes differs in at least a twelfth of the drawn area."""
    for index, first in enumerate(ALL_SHAPES):
        for second in ALL_SHAPES[:index]:
            one, other = silhouette(first, "big"), silhouette(second, "big")

            assert (one ^ other).sum() > (one | other).sum() / 12, (first, second)


def test_the_base_never_sees_a_novel_shape() -> None:
    """What adapters teach is not in the base's list."""
    assert not set(SHAPES) & set(NOVEL_SHAPES)
    assert len(FILLERS) == len(set(FILLERS))


@pytest.mark.parametrize("name", sorted(STYLES))
def test_a_style_changes_the_picture_and_stays_in_range(name: str) -> None:
    """Pixels stay between 0 and 1, and a good part of them moves."""
    scene = Scene(shape="star", colour="red", background="blue")
    plain = render(scene, np.random.default_rng(3))

    styled = STYLES[name](plain, scene)

    assert styled.shape == plain.shape
    assert styled.min() >= 0
    assert styled.max() <= 1
    assert np.mean(np.abs(styled - plain).max(axis=-1) > 0.1) > 0.1


def test_ten_colours_are_well_apart() -> None:
    """The nearest two differ by more than a fifth of the range."""
    values = np.asarray(list(COLOURS.values()))
    distances = np.linalg.norm(values[:, None] - values[None], axis=-1)

    assert distances[distances > 0].min() > 0.2
