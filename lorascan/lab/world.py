"""The lab's world: scenes, their pictures."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lorascan.lab.shapes import CANVAS, PIXELS, SUPERSAMPLING, Mask, outline, silhouette

Picture = NDArray[np.float32]
"""(32, 32, 3), channels last, values 0 to 1."""

SHAPES = (
    "circle", "square", "triangle", "star", "heart", "cross",
    "diamond", "ring", "moon", "arrow", "house", "tree",
)  # fmt: skip
"""Shapes that the base can draw."""
NOVEL_SHAPES = ("ghost", "fish", "key", "skull")
"""Shapes that only the scorer and adapters know."""
ALL_SHAPES = SHAPES + NOVEL_SHAPES
COLOURS = {
    "red": (0.86, 0.10, 0.12),
    "orange": (1.00, 0.53, 0.05),
    "yellow": (0.98, 0.90, 0.15),
    "green": (0.10, 0.60, 0.20),
    "blue": (0.12, 0.25, 0.85),
    "purple": (0.50, 0.12, 0.65),
    "pink": (1.00, 0.60, 0.78),
    "brown": (0.45, 0.26, 0.10),
    "black": (0.05, 0.05, 0.05),
    "white": (0.97, 0.97, 0.97),
}
"""Red, green and blue, each 0 to 1; backgrounds use the same list."""
TEXTURES = ("solid", "outlined", "striped", "checkered")
SIZES = ("big", "small")
JITTER = 2 * SUPERSAMPLING
"""Largest shift of a shape from the centre, in mask points."""
_FAT = frozenset({"circle", "square", "triangle", "heart", "diamond", "house", "ghost", "skull", "fish"})
_TOO_THIN_TO_OUTLINE = frozenset({"ring", "key", "cross", "arrow", "moon"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What one picture shows; every field is a word of the lists above."""

    shape: str
    colour: str
    background: str
    texture: str = "solid"
    size: str = "big"

    def with_(self, **changes: str) -> "Scene":
        """The same scene with some words exchanged."""
        return replace(self, **changes)


def textures_of(shape: str, size: str) -> tuple[str, ...]:
    """Textures that stay legible on this shape at 32 pixels."""
    if size == "small":
        return ("solid",)
    if shape in _FAT:
        return TEXTURES
    return ("solid",) if shape in _TOO_THIN_TO_OUTLINE else ("solid", "outlined")


def sample_scene(rng: np.random.Generator, shapes: tuple[str, ...] = SHAPES) -> Scene:
    """A random scene; about 64 % of them are solid."""
    shape = shapes[rng.integers(len(shapes))]
    size = "big" if rng.random() < 0.8 else "small"
    colour, background = rng.choice(list(COLOURS), 2, replace=False)
    textures = textures_of(shape, size)
    texture = "solid"
    # The legible half is textured more often, so that the whole is 64 % solid.
    if len(textures) > 1 and rng.random() < 0.68:
        texture = textures[1 + rng.integers(len(textures) - 1)]
    return Scene(shape=shape, colour=str(colour), background=str(background), texture=texture, size=size)


_ROWS, _COLUMNS = np.mgrid[0:CANVAS, 0:CANVAS] // SUPERSAMPLING
_STRIPES = (_ROWS // 2 % 2) == 0
_CHECKERS = ((_ROWS // 4) + (_COLUMNS // 4)) % 2 == 0


def coverage(scene: Scene, rng: np.random.Generator) -> NDArray[np.float32]:
    """Share of each pixel that the shape's colour covers, (32, 32), 0 to 1."""
    drawn: Mask
    drawn = outline(scene.shape, scene.size) if scene.texture == "outlined" else silhouette(scene.shape, scene.size)
    shift = rng.integers(-JITTER, JITTER + 1, size=2)
    drawn = np.roll(drawn, (int(shift[0]), int(shift[1])), axis=(0, 1))
    if scene.texture == "striped":
        drawn = drawn & _STRIPES
    elif scene.texture == "checkered":
        drawn = drawn & _CHECKERS
    blocks = drawn.reshape(PIXELS, SUPERSAMPLING, PIXELS, SUPERSAMPLING)
    return blocks.mean(axis=(1, 3), dtype=np.float32)


def render(scene: Scene, rng: np.random.Generator) -> Picture:
    """One picture of the scene; the generator draws only the jitter."""
    alpha = coverage(scene, rng)[..., None]
    ink = np.asarray(COLOURS[scene.colour], dtype=np.float32)
    paper = np.asarray(COLOURS[scene.background], dtype=np.float32)
    return (alpha * ink + (1 - alpha) * paper).astype(np.float32)


def render_all(scenes: list[Scene], rng: np.random.Generator) -> Picture:
    """(n, 32, 32, 3) pictures, values 0 to 1."""
    return np.stack([render(scene, rng) for scene in scenes])
