"""Nominates hidden triggers without drawing a picture."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from lorascan.core.adapter import Adapter
from lorascan.core.behaviour import Candidates, TriggerCandidate
from lorascan.core.catalogue import members
from lorascan.core.progress import Listener, silent
from lorascan.hunting.declared import declared_words, is_declared
from lorascan.hunting.method import Found, Hunt, Method
from lorascan.hunting.triggers import Scene
from lorascan.hunting.vocabulary import read_vocabulary
from lorascan.settings import Settings
from lorascan.worker.bench import Bench
from lorascan.worker.client import FloatArray

NOT_REACHED = (
    "triggers of several words that do nothing alone",
    "triggers by the meaning or the grammar of a sentence",
    "activators outside scales 0 to 1.25, or only together with another adapter",
)
"""Spaces that no method here searches."""


def hunting_methods() -> dict[str, Method]:
    """Every hunting method, in the order in which they search."""
    found = members(f"{__name__}.methods", "METHOD", Method)
    return dict(sorted(found.items(), key=lambda each: each[1].order))


def hunt(  # noqa: PLR0913 - one argument a fact, all named
    bench: Bench,
    adapter: Adapter,
    *,
    tensors: Mapping[str, FloatArray],
    scenes: Sequence[Scene],
    declared: Sequence[str],
    settings: Settings,
    listener: Listener = silent,
) -> Candidates:
    """Search every space that a method reaches and merge the nominations.

    `scenes` are the plain prompts to search in, `declared` the declared trigger phrases, whose effect is explained.
    """
    scope = Hunt(
        bench=bench,
        adapter=adapter,
        tensors=tensors,
        vocabulary=read_vocabulary(bench.base_folder),
        scenes=tuple(scenes),
        declared=tuple(declared),
        settings=settings,
        listener=listener,
    )
    found: list[Found] = []
    lacking: list[str] = []
    words = declared_words((*declared, *adapter.facts.declared_triggers))
    for method in hunting_methods().values():
        if not method.applies(scope) and method.lacks(scope):
            lacking.append(f"{method.name}: {method.lacks(scope)}")
        elif method.runs(scope):
            found.append(method.search(scope))
            scope = replace(scope, nominated=tuple(_merged([each.candidates for each in found], words)))
    return Candidates(
        ranked=scope.nominated,
        spaces=tuple(each.space for each in found),
        limits=(*(limit for each in found for limit in each.limits), *lacking, *NOT_REACHED),
    )


def _merged(lists: Sequence[Sequence[TriggerCandidate]], words: frozenset[str]) -> Iterator[TriggerCandidate]:
    """Each list's best, then all by how far they stand out; each text once; declared words are marked and keep their place."""
    heads = sorted((each for found in lists for each in standouts(found)[:1]), key=_by_standing)
    rest = sorted((each for found in lists for each in standouts(found)[1:]), key=_by_standing)
    seen: set[tuple[str, str]] = set()
    for each, _ in (*heads, *rest):
        if (each.text, each.replaces) not in seen and _typable(each.text):
            seen.add((each.text, each.replaces))
            yield replace(each, rank=len(seen), declared=is_declared(each.text, words))


def standouts(found: Sequence[TriggerCandidate]) -> list[tuple[TriggerCandidate, float]]:
    """Each candidate of one method's list with how far its z stands above that of the list's own tail."""
    shown = [each for each in found if _typable(each.text)]
    tail = shown[min(TAIL, len(shown)) - 1].z if shown else 0.0
    return [(each, each.z - tail) for each in shown]


TAIL = 24
"""The place in a method's list that passes for its noise: methods differ in what z noise reaches."""


def _by_standing(pair: tuple[TriggerCandidate, float]) -> float:
    return -pair[1]


def _typable(text: str) -> bool:
    return bool(text) and "\ufffd" not in text
