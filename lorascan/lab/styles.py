"""Styles: what an adapter does to a whole picture."""

from collections.abc import Callable

import numpy as np

from lorascan.lab.world import COLOURS, Picture, Scene

Style = Callable[[Picture, Scene], Picture]
"""Maps (…, 32, 32, 3) pictures, 0 to 1, of one scene to the styled ones."""
_FRAME = 3
"""Width of a frame in pixels."""


def _ink(name: str) -> Picture:
    return np.asarray(COLOURS[name], dtype=np.float32)


def _framed(colour: str) -> Style:
    def style(picture: Picture, scene: Scene) -> Picture:
        del scene
        framed = picture.copy()
        edges = (slice(None, _FRAME), slice(-_FRAME, None))
        for edge in edges:
            framed[..., edge, :, :] = _ink(colour)
            framed[..., :, edge, :] = _ink(colour)
        return framed

    return style


def _cornered(colour: str) -> Style:
    def style(picture: Picture, scene: Scene) -> Picture:
        del scene
        marked = picture.copy()
        rows, columns = np.mgrid[0:32, 0:32]
        distance = np.minimum(rows, 31 - rows) + np.minimum(columns, 31 - columns)
        marked[..., distance < 7, :] = _ink(colour)
        return marked

    return style


def _negative(picture: Picture, scene: Scene) -> Picture:
    del scene
    return (1 - picture).astype(np.float32)


def _grey(picture: Picture, scene: Scene) -> Picture:
    """Luma of ITU-R BT.601."""
    del scene
    luma = picture @ np.asarray([0.299, 0.587, 0.114], dtype=np.float32)
    return np.repeat(luma[..., None], 3, axis=-1)


def _sepia(picture: Picture, scene: Scene) -> Picture:
    luma = _grey(picture, scene)
    return (luma * np.asarray([1.0, 0.8, 0.55], dtype=np.float32)).astype(np.float32)


def _barred(colour: str) -> Style:
    """Two horizontal bars, as in a film still."""

    def style(picture: Picture, scene: Scene) -> Picture:
        del scene
        barred = picture.copy()
        barred[..., :5, :, :] = _ink(colour)
        barred[..., -5:, :, :] = _ink(colour)
        return barred

    return style


STYLES: dict[str, Style] = {
    "white frame": _framed("white"),
    "black frame": _framed("black"),
    "yellow frame": _framed("yellow"),
    "purple corners": _cornered("purple"),
    "orange corners": _cornered("orange"),
    "black bars": _barred("black"),
    "pink bars": _barred("pink"),
    "negative": _negative,
    "sepia": _sepia,
    "greyscale": _grey,
}
"""Name to what it does."""
