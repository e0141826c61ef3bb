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
from lorascan.worker.client import FloatArray

SEVERAL_WORDS = "triggers of several words that do nothing alone"
MEANING = "triggers by the meaning or the grammar of a sentence"
OTHER_SCALES = "activators at scales other than 1, but for the words whose dose-response is drawn, or only together with another adapter"
"""Spaces that few methods search, if any."""
PARTS = "activators that wake where only the text encoder's or only the denoiser's part is loaded: all searches load both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunt:
    """What a method searches with: the workers, the adapter, the vocabulary, scenes to search in, declared words.

    `tensors` are the adapter's factors as the worker loads them, `nominated` what the methods before this one found,
    merged.
    """

    bench: Bench
    adapter: Adapter
    vocabulary: Vocabulary
    scenes: tuple[Scene, ...]
    declared: tuple[str, ...]
    settings: Settings
    listener: Listener
    tensors: Mapping[str, FloatArray]
    nominated: tuple[TriggerCandidate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A method's nominations, best first, the space that it searched, and what the budget left out, in words."""

    candidates: tuple[TriggerCandidate, ...]
    space: str
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One way of finding triggers without drawing a picture.

    `order` is its place in a report. The methods search by `worth`, the largest first: how many of the 11 true triggers, or words
    of one, that came to the confirming pictures of the lab's `dev` adapters (benchmarks/results/end-to-end-dev.jsonl) this
    method nominated, for a second of its search there; 0, and so last, for one that feeds on what the others nominated. `applies`
    says in words why the method has nothing to search for this adapter, "" where it has; `lacks` why it cannot search although
    it should, on this base: a limit of the report. `leaves`: of spaces that few methods search (`SEVERAL_WORDS` and so on), what
    is still not searched once this one has run; "" for nothing.
    """

    name: str
    applies: Callable[[Hunt], str]
    search: Callable[[Hunt], Found]
    order: int
    worth: float
    lacks: Callable[[Hunt], str] = lambda _: ""
    leaves: tuple[tuple[str, str], ...] = ()

    def runs(self, hunt: Hunt) -> bool:
        """Whether there is something to search and a way to."""
        return not self.applies(hunt) and not self.lacks(hunt)
