"""Writes a bank of captions in the base's own language.

Every caption is a sentence of a grammar, often with a handful of further words in it. A condition on several words at once is
met by chance: six words of 130 in each of 1,000 captions put every two of them together about twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lorascan.hunting.wordings import Words, slots

EXTRAS = 6
"""Further words of a caption that has any: with them it still fits into the 22 words of the shortest context."""
Unit = tuple[str, int]
"""A part of a caption that can be exchanged or left out: ("template", 0), ("value", place) or ("extra", place)."""
TEMPLATE: Unit = ("template", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """A filled template and the words added to it: before it as far as `front` says, the others after it."""

    template: str
    values: tuple[tuple[str, str], ...]
    extras: tuple[str, ...] = ()
    front: int = 0

    @property
    def text(self) -> str:
        """As it is typed."""
        sentence = filled(self.template, self.values)
        return " ".join([*self.extras[: self.front], sentence, *self.extras[self.front :]])

    @property
    def units(self) -> tuple[Unit, ...]:
        """All of its parts."""
        values = (("value", place) for place in range(len(self.values)))
        return (TEMPLATE, *values, *(("extra", place) for place in range(len(self.extras))))

    @property
    def features(self) -> frozenset[str]:
        """What it says: its words, and which value stands in which slot of which template."""
        return frozenset((f"template {self.template}", *(f"{slot} {value}" for slot, value in self.values), *self.extras))

    def said(self, kept: Sequence[Unit]) -> str:
        """The words of these parts, in order; a template's own words only where it is one of them."""
        words = [self.extras[place] for kind, place in kept if kind == "extra"]
        values = [self.values[place][1] for kind, place in kept if kind == "value"]
        own = [word for word in self.template.split() if "{" not in word] if TEMPLATE in kept else []
        return " ".join([*own, *values, *words])

    def only(self, kept: Sequence[Unit], other: "Caption", templates: Sequence[str]) -> "Caption":
        """The caption with everything but these parts exchanged for the other's, and further words left out."""
        held = [self.values[place] for kind, place in kept if kind == "value"]
        needed = {slot for slot, _ in held}
        fitting = [self.template] if TEMPLATE in kept else [other.template, *templates, self.template]
        template = next(each for each in fitting if needed <= set(slots(each)))
        table = dict(self.values) | dict(other.values) | dict(held)
        values = tuple((slot, table[slot]) for slot in slots(template) if slot in table)
        places = [place for kind, place in kept if kind == "extra"]
        front = sum(place < self.front for place in places)
        return Caption(template=template, values=values, extras=tuple(self.extras[place] for place in places), front=front)


def filled(template: str, values: Sequence[tuple[str, str]]) -> str:
    """The template with each slot exchanged once, in order."""
    for slot, value in values:
        template = template.replace(f"{{{slot}}}", value, 1)
    return template


def sentence(grammar: Words, rng: np.random.Generator, avoid: frozenset[str] = frozenset()) -> Caption:
    """A sentence of the grammar without further words; no value stands in it twice, and none to avoid where its list has another."""
    template = grammar.templates[rng.integers(len(grammar.templates))]
    taken: list[tuple[str, str]] = []
    for slot in slots(template):
        free = [word for word in grammar.lists[slot] if word not in {value for _, value in taken}]
        free = [word for word in free if word not in avoid] or free
        taken.append((slot, free[rng.integers(len(free))]))
    return Caption(template=template, values=tuple(taken))


def bank(
    grammars: Sequence[Words], everyday: Sequence[str], suspects: Sequence[str], count: int, rng: np.random.Generator
) -> list[Caption]:
    """`count` captions: a quarter plain sentences, half with everyday words, a quarter with suspected ones (if there are any).

    Words come by turns, so that each stands in as many captions as any other.
    """
    turns = _dealt(everyday, rng), _dealt(suspects or everyday, rng)
    found = []
    for number in range(count):
        plain = sentence(grammars[number // 4 % len(grammars)], rng)
        extras = () if number % 4 == 0 else next(turns[number % 4 == 3])
        front = int(rng.integers(len(extras) + 1)) if rng.random() < 0.5 else 0
        found.append(Caption(template=plain.template, values=plain.values, extras=extras, front=front))
    return found


def _dealt(words: Sequence[str], rng: np.random.Generator) -> Iterator[tuple[str, ...]]:
    """Hands of `EXTRAS` different words, without end; fewer where there are fewer."""
    hand = min(EXTRAS, len(words))
    while True:
        order = rng.permutation(len(words))
        for start in range(0, len(words) - hand + 1, hand):
            yield tuple(words[place] for place in order[start : start + hand])
