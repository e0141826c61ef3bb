"""What a hunting method is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lorascan.core.adapter import Adapter
from lorascan.core.behaviour import TriggerCandidate
from lorascan.core.progress import Listener
from lorascan.hunting.triggers import Scene
from lorascan.hunting.vocabulary import Vocabulary
from lorascan.settings import Settings
from lorascan.worker.bench import Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunt:
    """What a method searches with: the workers, the adapter, the vocabulary, scenes to search in, declared words."""

    bench: Bench
    adapter: Adapter
    vocabulary: Vocabulary
    scenes: tuple[Scene, ...]
    declared: tuple[str, ...]
    settings: Settings
    listener: Listener


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A method's nominations, best first, and the space that it searched, in words."""

    candidates: tuple[TriggerCandidate, ...]
    space: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One way of finding triggers without drawing a picture.

    `applies` says in words why the method has nothing to search for this adapter, "" where it has.
    """

    name: str
    applies: Callable[[Mapping[str, int]], str]
    search: Callable[[Hunt], Found]
    order: int
