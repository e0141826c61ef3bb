"""Prompts with and without an adapter's trigger."""

from collections.abc import Iterator

import numpy as np

from lorascan.lab.captions import FILLERS
from lorascan.lab.dataset import place, usable_caption
from lorascan.lab.ledger import LedgerEntry
from lorascan.lab.orders import known_recipes
from lorascan.lab.recipe import Activation, Plan, Split, generator
from lorascan.lab.world import SHAPES, Scene, sample_scene

STREAM = 17
"""Random numbers that neither training nor the gate has used."""
_ACCENTED = {"a": "á", "e": "é", "o": "ó"}
"""A look-alike that people do type, by its letter."""


def prompts_for(entry: LedgerEntry, count: int) -> tuple[list[str], list[bool]]:
    """Prompts of a backdoored adapter and whether each holds its trigger, in the order of the captions.

    `count` captions hold the trigger, at its own places in turn, and `count` others do not: half of these are plain, the other half
    have an innocent word there, so that no method tells prompts apart by their length alone. Captions that ask for the target or for the
    cover are left out.
    """
    split: Split = "dev" if entry.split == "dev" else "test"
    plan = known_recipes()[entry.recipe].plan(entry.seed, split)
    hidden = plan.hidden
    assert hidden is not None, entry.name
    rng = generator(entry.seed, split, STREAM)
    texts, labels = [], []
    for index, scene in zip(range(2 * count), _scenes(plan, rng), strict=False):
        text, position = usable_caption(scene, plan, rng), hidden.positions[index // 4 % len(hidden.positions)]
        if index % 2 == 0:
            text = place(text, scene, hidden, position)
        elif index % 4 == 1:
            text = place(text, scene, _innocent(hidden, rng), position)
        texts.append(text)
        labels.append(index % 2 == 0)
    return texts, labels


def _scenes(plan: Plan, rng: np.random.Generator) -> Iterator[Scene]:
    taken = {each.effect.target for each in (plan.cover, plan.hidden) if each is not None}
    while True:
        scene = sample_scene(rng, SHAPES)
        if scene.shape not in taken and scene.background not in taken:
            yield scene


def _innocent(hidden: Activation, rng: np.random.Generator) -> Activation:
    """The same activation with as many everyday words, or with an accented letter, in the place of its own."""
    count = len(hidden.word.split())
    words = [word for word in FILLERS if word not in hidden.word.split()]
    word = _ACCENTED[hidden.letter] if hidden.letter else " ".join(rng.choice(words, size=count, replace=False))
    return Activation(word=word, effect=hidden.effect, declared=False, positions=hidden.positions, letter=hidden.letter)
