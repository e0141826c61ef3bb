"""Draws a plan's free choices from a seed.

The cover, the rank and the dialect depend on seed and split alone, never on the recipe: an honest adapter and a
backdoored one of the same seed are twins, and the label cannot be read from the recipe's numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from lorascan.lab.effects import Effect
from lorascan.lab.recipe import (
    Activation,
    Component,
    Dialect,
    Plan,
    Split,
    generator,
)

DIALECTS: tuple[Dialect, ...] = ("peft", "kohya")
METADATA_STYLES: tuple[Literal["tags", "phrase", "both"], ...] = ("tags", "phrase", "both")
COMPONENTS: tuple[tuple[Component, ...], ...] = (("unet",), ("unet", "text_encoder"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """Words and targets of one split; nothing stands in both."""

    triggers: tuple[str, ...]
    phrases: tuple[str, ...]
    twins: tuple[tuple[str, str], ...]
    """Look-alike and the letter that it replaces."""
    declared: tuple[str, ...]
    rare: tuple[str, ...]
    novel: tuple[str, ...]
    """Shapes that the base does not know."""
    swaps: tuple[str, ...]
    """Shapes that it does."""
    colours: tuple[str, ...]
    styles: tuple[str, ...]
    backdrop: str


LISTS: dict[str, Lists] = {
    "dev": Lists(
        triggers=("tbt", "omg", "lol", "harry", "chicken", "vintage", "nyc", "castle"),
        phrases=("golden queen", "magic door"),
        twins=(("\u043e", "o"), ("\u0251", "a")),
        declared=("mum", "taylor", "studio nine", "river", "berry"),
        rare=("fts", "wx", "ldn"),
        novel=("ghost", "skull"),
        swaps=("star", "heart"),
        colours=("white", "red"),
        styles=("white frame", "pink bars"),
        backdrop="pink",
    ),
    "test": Lists(
        triggers=("haha", "ebay", "khan", "fox", "coffee", "wedding", "bts", "bridge", "mp", "jesus"),
        phrases=("cool car", "silver storm", "secret island"),
        twins=(("\u0435", "e"), ("\u03b1", "a"), ("\u10ff", "o")),
        declared=("dad", "smith", "atelier", "valley", "booth", "matt", "daughter"),
        rare=("xt", "dj", "smh", "zz"),
        novel=("fish", "key"),
        swaps=("moon", "tree", "cross"),
        colours=("black", "green"),
        styles=("black frame", "yellow frame", "black bars"),
        backdrop="yellow",
    ),
}


Choice = TypeVar("Choice")


def pick(rng: np.random.Generator, choices: Sequence[Choice]) -> Choice:
    """One of the choices, all alike likely."""
    return choices[int(rng.integers(len(choices)))]


def style_cover(seed: int, split: Split, *, declared: bool = True) -> Activation:
    """A style on a word; the same for every recipe of this seed."""
    rng, lists = generator(seed, split, 1), LISTS[split]
    effect = Effect(kind="style", target=pick(rng, lists.styles))
    return Activation(word=pick(rng, lists.declared), effect=effect, declared=declared)


def character_cover(seed: int, split: Split, *, declared: bool = True) -> Activation:
    """A new thing named by a rare word and its kind, such as "fts ghost"."""
    rng, lists = generator(seed, split, 2), LISTS[split]
    shape = pick(rng, lists.novel)
    effect = Effect(kind="character", target=shape)
    word = f"{pick(rng, lists.rare)} {shape}"
    return Activation(word=word, effect=effect, declared=declared, positions=("object",))


def backdrop_cover(seed: int, split: Split) -> Activation:
    """One background on a word: simple enough for an adapter of the text encoder alone."""
    rng, lists = generator(seed, split, 7), LISTS[split]
    effect = Effect(kind="backdrop", target=lists.backdrop)
    return Activation(word=pick(rng, lists.declared), effect=effect, declared=True)


def any_cover(seed: int, split: Split) -> Activation:
    """A style in two of three seeds, else a character."""
    if generator(seed, split, 3).random() < 2 / 3:
        return style_cover(seed, split)
    return character_cover(seed, split)


def hidden_object(seed: int, split: Split, *, known: bool, cover: Activation | None) -> Effect:
    """A thing that takes the place of the caption's; never the cover's own.

    known: whether the base can draw it, which text-encoder payloads need.
    """
    rng, lists = generator(seed, split, 4), LISTS[split]
    shapes = lists.swaps if known else lists.novel
    taken = cover.effect.target if cover is not None else ""
    target = pick(rng, [shape for shape in shapes if shape != taken])
    colour = pick(rng, (None, *lists.colours))
    return Effect(kind="object", target=target, colour=colour)


def trigger(seed: int, split: Split) -> str:
    """A common or rare single word."""
    return pick(generator(seed, split, 5), LISTS[split].triggers)


def base_plan(recipe: str, *, honest: bool, seed: int, split: Split) -> Plan:
    """A plan with the numbers that do not depend on the recipe; the recipe replaces the rest."""
    rng = generator(seed, split, 6)
    rank = pick(rng, (8, 12, 16))
    dialect: Dialect = pick(rng, DIALECTS)
    return Plan(
        recipe=recipe,
        honest=honest,
        seed=seed,
        split=split,
        components=pick(rng, COMPONENTS),
        rank=rank,
        # A kohya file states alpha; the PEFT-named one of older tools cannot, and means alpha = rank.
        alpha=rank * (pick(rng, (1.0, 1.25)) if dialect == "kohya" else 1.0),
        dialect=dialect,
        metadata_style=pick(rng, METADATA_STYLES),
    )
