"""What a long stage tells its listener."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a step inside a stage is: a label in plain words and a share in [0, 1]."""

    label: str
    share: float


Listener = Callable[[object], None]


def silent(_: object) -> None:
    """A listener that ignores everything."""
