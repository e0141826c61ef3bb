"""Nominates hidden triggers without drawing a picture."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from time import monotonic

from lorascan.core.adapter import Adapter
from lorascan.core.behaviour import Candidates, TriggerCandidate
from lorascan.core.catalogue import members
from lorascan.core.progress import Listener, silent
from lorascan.hunting.declared import declared_words, is_declared
from lorascan.hunting.method import MEANING, OTHER_SCALES, PARTS, SEVERAL_WORDS, Found, Hunt, Method
from lorascan.hunting.targets import Targets, with_targets
from lorascan.hunting.triggers import Scene
from lorascan.hunting.vocabulary import read_vocabulary
from lorascan.hunting.wordings import words_for
from lorascan.settings import Settings
from lorascan.worker.bench import Bench
from lorascan.worker.client import FloatArray


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
    concepts: Sequence[str] = (),
    declared: Sequence[str],
    settings: Settings,
    listener: Listener = silent,
) -> Candidates:
    """Search every space that a method reaches and merge the nominations.

    `scenes` are the plain prompts to search in, `declared` the declared trigger phrases, whose effect is explained, `concepts`
    what a target may be named by. Where the budget has seconds, no method but the first begins once they are over; one that
    has begun is finished.
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
    methods, budget = hunting_methods(), settings.budget
    words = declared_words((*declared, *adapter.facts.declared_triggers))
    results: dict[str, Found] = {}
    late: list[str] = []
    began = monotonic()
    for method in sorted(methods.values(), key=lambda each: -each.worth):
        if not method.runs(scope):
            continue
        if results and budget.seconds is not None and monotonic() - began >= budget.seconds:
            late.append(method.name)
            continue
        results[method.name] = method.search(scope)
        scope = replace(scope, nominated=tuple(_merged([results[name].candidates for name in _listed(results)], words)))
    found = [results[name] for name in _listed(results)]
    lacking = [f"{each.name}: {each.lacks(scope)}" for each in methods.values() if not each.applies(scope) and each.lacks(scope)]
    left_out = tuple(f"{name}: not begun, the {budget.seconds:g} s to hunt were over" for name in late)
    parts = not_reached(results, (PARTS,)) if len(adapter.facts.components) > 1 else ()
    unsafe = words_for("safety", bench.family)
    concepts = (*concepts, *(unsafe.lists["concept"] if unsafe is not None else ()))
    named = with_targets(scope, concepts) if budget.targets else Targets(candidates=scope.nominated)
    return Candidates(
        ranked=named.candidates,
        spaces=tuple(each.space for each in found),
        limits=(*(limit for each in found for limit in each.limits), *lacking, *named.limits, *left_out, *not_reached(results), *parts),
        left_out=left_out,
        budget=budget.label,
    )


def not_reached(ran: Collection[str], spaces: Sequence[str] = (SEVERAL_WORDS, MEANING, OTHER_SCALES)) -> tuple[str, ...]:
    """Of these spaces those that none of the methods of these names searches, or what they leave of them."""
    left = dict(pair for method in hunting_methods().values() if method.name in ran for pair in method.leaves)
    return tuple(filter(None, (left.get(space, space) for space in spaces)))


def _listed(results: Mapping[str, Found]) -> list[str]:
    """The names of the methods that have searched, in the order of a report: it decides ties."""
    return [method.name for method in hunting_methods().values() if method.name in results]


def _merged(lists: Sequence[Sequence[TriggerCandidate]], words: frozenset[str]) -> Iterator[TriggerCandidate]:
    """Each list's best, then all by how far they stand out; each text once a scale and part; declared words are marked and keep place."""
    heads = sorted((each for found in lists for each in standouts(found)[:1]), key=_by_standing)
    rest = sorted((each for found in lists for each in standouts(found)[1:]), key=_by_standing)
    seen: set[tuple[str, str, float, str]] = set()
    for each, _ in (*heads, *rest):
        key = (each.text, each.replaces, each.scale, each.part)
        if key not in seen and _typable(each.text):
            seen.add(key)
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
