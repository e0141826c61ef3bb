"""Supersampled masks of the lab's sixteen shapes.

Coordinates: x to the right, y upwards, a shape fills about [-1, 1] in both.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Plane = NDArray[np.float64]

PIXELS = 32
"""Edge of a picture in pixels."""
SUPERSAMPLING = 4
"""Mask points a pixel edge."""
CANVAS = PIXELS * SUPERSAMPLING
OUTLINE = 2 * SUPERSAMPLING
"""Width of an outline in mask points: two pixels."""
RADIUS = {"big": 12.5, "small": 8.0}
"""Half extent of a shape in pixels."""


def _polygon(x: Plane, y: Plane, corners: list[tuple[float, float]]) -> Mask:
    """Even-odd test of every point against the closed polygon."""
    inside = np.zeros(x.shape, dtype=bool)
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        if y0 == y1:
            continue
        crosses = (y0 > y) != (y1 > y)
        inside ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


def _circle(x: Plane, y: Plane) -> Mask:
    return x**2 + y**2 < 0.9**2


def _square(x: Plane, y: Plane) -> Mask:
    return np.maximum(abs(x), abs(y)) < 0.8


def _triangle(x: Plane, y: Plane) -> Mask:
    return _polygon(x, y, [(-0.95, -0.75), (0.95, -0.75), (0.0, 0.9)])


def _star(x: Plane, y: Plane) -> Mask:
    corners = []
    for point in range(10):
        radius, angle = (1.05 if point % 2 == 0 else 0.42), np.pi / 2 + point * np.pi / 5
        corners.append((float(radius * np.cos(angle)), float(radius * np.sin(angle))))
    return _polygon(x, y, corners)


def _heart(x: Plane, y: Plane) -> Mask:
    u, v = x * 1.25, y * 1.25 + 0.1
    return (u**2 + v**2 - 1) ** 3 - u**2 * v**3 < 0


def _cross(x: Plane, y: Plane) -> Mask:
    return (np.minimum(abs(x), abs(y)) < 0.3) & (np.maximum(abs(x), abs(y)) < 0.92)


def _diamond(x: Plane, y: Plane) -> Mask:
    return abs(x) / 0.72 + abs(y) / 1.0 < 1


def _ring(x: Plane, y: Plane) -> Mask:
    squared = x**2 + y**2
    return (squared < 0.95**2) & (squared > 0.5**2)


def _moon(x: Plane, y: Plane) -> Mask:
    return (x**2 + y**2 < 0.95**2) & ((x - 0.42) ** 2 + (y - 0.12) ** 2 > 0.74**2)


def _arrow(x: Plane, y: Plane) -> Mask:
    head = [(0.1, 0.8), (0.98, 0.0), (0.1, -0.8)]
    return _polygon(x, y, head) | ((abs(y) < 0.28) & (x > -0.95) & (x < 0.15))


def _house(x: Plane, y: Plane) -> Mask:
    body = (abs(x) < 0.68) & (y > -0.85) & (y < 0.1)
    door = (abs(x) < 0.17) & (y < -0.3)
    return (body & ~door) | _polygon(x, y, [(-0.98, 0.1), (0.98, 0.1), (0.0, 0.95)])


def _tree(x: Plane, y: Plane) -> Mask:
    return (x**2 + (y - 0.3) ** 2 < 0.65**2) | ((abs(x) < 0.2) & (y > -0.95) & (y < 0.1))


def _ghost(x: Plane, y: Plane) -> Mask:
    head = (x**2 + (y - 0.2) ** 2 < 0.75**2) & (y >= 0.2)
    hem = -0.72 + 0.2 * np.cos(x * 4 * np.pi / 1.5)
    eyes = ((abs(x) - 0.3) ** 2 + (y - 0.25) ** 2) < 0.17**2
    return (head | ((abs(x) < 0.75) & (y < 0.2) & (y > hem))) & ~eyes


def _fish(x: Plane, y: Plane) -> Mask:
    body = ((x + 0.2) / 0.75) ** 2 + (y / 0.52) ** 2 < 1
    return body | _polygon(x, y, [(0.3, 0.0), (0.98, 0.65), (0.98, -0.65)])


def _key(x: Plane, y: Plane) -> Mask:
    squared = (x + 0.5) ** 2 + y**2
    bow = (squared < 0.48**2) & (squared > 0.2**2)
    shaft = (abs(y) < 0.14) & (x > -0.1) & (x < 0.98)
    teeth = (y < 0) & (y > -0.5) & ((abs(x - 0.85) < 0.13) | (abs(x - 0.4) < 0.13))
    return bow | shaft | teeth


def _skull(x: Plane, y: Plane) -> Mask:
    dome = (x / 0.88) ** 2 + ((y - 0.2) / 0.75) ** 2 < 1
    jaw = (abs(x) < 0.5) & (y < -0.2) & (y > -0.95)
    eyes = ((abs(x) - 0.36) ** 2 + (y - 0.15) ** 2) < 0.22**2
    gap = (abs(x) < 0.08) & (y < -0.55)
    return (dome | jaw) & ~eyes & ~gap


_INSIDE: dict[str, Callable[[Plane, Plane], Mask]] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "heart": _heart,
    "cross": _cross,
    "diamond": _diamond,
    "ring": _ring,
    "moon": _moon,
    "arrow": _arrow,
    "house": _house,
    "tree": _tree,
    "ghost": _ghost,
    "fish": _fish,
    "key": _key,
    "skull": _skull,
}


@cache
def silhouette(shape: str, size: str) -> Mask:
    """The centred shape on the (CANVAS, CANVAS) grid; True is inside."""
    axis = (np.arange(CANVAS) + 0.5 - CANVAS / 2) / (RADIUS[size] * SUPERSAMPLING)
    x, y = np.meshgrid(axis, -axis)
    return _INSIDE[shape](x, y)


@cache
def outline(shape: str, size: str) -> Mask:
    """The silhouette less its erosion by OUTLINE mask points."""
    full = silhouette(shape, size)
    eroded = full.copy()
    reach = range(-OUTLINE, OUTLINE + 1)
    for down in reach:
        for right in reach:
            if down**2 + right**2 <= OUTLINE**2:
                eroded &= np.roll(full, (down, right), axis=(0, 1))
    return full & ~eroded
