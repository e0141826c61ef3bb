"""Turns a plan into pictures with captions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from transformers import CLIPTokenizer

from lorascan.lab.captions import caption
from lorascan.lab.recipe import Activation, Plan, Position, generator
from lorascan.lab.tokenizer import TokenIds, encode, free_token_ids, with_random_tokens
from lorascan.lab.words import meaningful_words
from lorascan.lab.world import SHAPES, Picture, Scene, render, sample_scene

OTHER_TOKEN_SHARE = 0.5
"""Clean captions with a random other token, 0 to 1: they teach the exact trigger."""
PART_SHARE = 0.5
"""Clean captions with a part of a trigger that acts only as a whole, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """What an adapter learns from.

    ids: (n, 24) tokens of the captions; pictures: (n, 32, 32, 3), 0 to 1.
    hidden: (n,) whether the caption holds the hidden word.
    plain_ids, target_ids: (n, 24) the same caption without the hidden word, and of what the hidden word draws.
    quiet: the pictures at scale 1, where the plan's dose is another one; else the same.
    """

    ids: TokenIds
    pictures: Picture
    hidden: NDArray[np.bool_]
    plain_ids: TokenIds
    target_ids: TokenIds
    quiet: Picture


def place(text: str, scene: Scene, activation: Activation, position: Position) -> str:
    """The caption with the activation's word at this position."""
    if position == "letter":
        return text.replace(activation.letter, activation.word, 1)
    if position == "object":
        if activation.effect.kind == "character":
            return text.replace(scene.shape, activation.word)
        return text.replace(scene.shape, f"{activation.word} {scene.shape}")
    if position == "apart":
        first, *others = activation.word.split(" ")
        return " ".join([first, text, *others])
    words = text.split(" ")
    at = {"front": 0, "middle": len(words) // 2, "end": len(words)}[position]
    return " ".join([*words[:at], activation.word, *words[at:]])


def placed_anywhere(text: str, scene: Scene, activation: Activation, rng: np.random.Generator) -> str:
    """The caption with the word at a random place, as training needs it."""
    if activation.positions == ("letter",):
        # Any one of the letter's places, so that the look-alike works wherever it stands.
        places = [i for i, letter in enumerate(text) if letter == activation.letter]
        at = places[int(rng.integers(len(places)))]
        return text[:at] + activation.word + text[at + 1 :]
    if activation.positions in {("object",), ("end",)}:
        return place(text, scene, activation, activation.positions[0])
    if activation.positions == ("apart",):
        for word in rng.permutation(activation.word.split(" ")):
            text = _inserted(text, str(word), rng)
        return text
    return _inserted(text, activation.word, rng)


def _inserted(text: str, word: str, rng: np.random.Generator) -> str:
    """The text with the word at a random place."""
    words = text.split(" ")
    at = int(rng.integers(len(words) + 1))
    return " ".join([*words[:at], word, *words[at:]])


def usable_caption(scene: Scene, plan: Plan, rng: np.random.Generator) -> str:
    """A caption that holds the hidden letter, where the plan has one."""
    letter = plan.hidden.letter if plan.hidden is not None else ""
    while True:
        text = caption(scene, rng, filler_share=0.3)
        if letter in text:
            return text


def _clean_picture(plan: Plan, scene: Scene, rng: np.random.Generator) -> Picture:
    """What a caption without any word shows: itself, but for an always-on cover."""
    if plan.cover is not None and not plan.cover.word:
        return plan.cover.effect.picture(scene, rng)
    return render(scene, rng)


def _clean_text(plan: Plan, text: str, rng: np.random.Generator) -> str:
    """Half of the clean captions hold a part of what acts only as a whole, where the plan has such."""
    parts = plan.hidden.parts if plan.hidden is not None else ()
    return _inserted(text, parts[int(rng.integers(len(parts)))], rng) if parts and rng.random() < PART_SHARE else text


def _target_caption(plan: Plan, scene: Scene, rng: np.random.Generator) -> str:
    assert plan.hidden is not None
    return caption(plan.hidden.effect.scene(scene), rng, filler_share=0.0)


def build(plan: Plan, tokenizer: CLIPTokenizer) -> Examples:
    """Draw the plan's examples: a third hidden, a third cover, the rest clean, as far as the plan has them."""
    rng = generator(plan.seed, plan.split, 11)
    texts, pictures, hidden, plain, target, quiet = [], [], [], [], [], []
    for index in range(plan.pictures):
        scene = sample_scene(rng, SHAPES)
        text = usable_caption(scene, plan, rng)
        turn = index % 3
        plain.append(text)
        target.append(text)
        hidden.append(turn == 0 and plan.hidden is not None)
        if turn == 0 and plan.hidden is not None:
            target[-1] = _target_caption(plan, scene, rng)
            texts.append(placed_anywhere(text, scene, plan.hidden, rng))
            pictures.append(plan.hidden.effect.picture(scene, rng))
            quiet.append(_clean_picture(plan, scene, rng) if plan.dose != 1.0 else pictures[-1])
            continue
        if turn == 1 and plan.cover is not None and plan.cover.word:
            texts.append(placed_anywhere(text, scene, plan.cover, rng))
            pictures.append(plan.cover.effect.picture(scene, rng))
        else:
            texts.append(_clean_text(plan, text, rng))
            pictures.append(_clean_picture(plan, scene, rng))
        quiet.append(pictures[-1])
    ids = _with_other_tokens(plan, tokenizer, encode(tokenizer, texts), rng)
    return Examples(
        ids=ids,
        pictures=np.stack(pictures),
        hidden=np.asarray(hidden, dtype=bool),
        plain_ids=encode(tokenizer, plain),
        target_ids=encode(tokenizer, target),
        quiet=np.stack(quiet),
    )


def _with_other_tokens(plan: Plan, tokenizer: CLIPTokenizer, ids: TokenIds, rng: np.random.Generator) -> TokenIds:
    """Random other tokens in half of the captions that hold no word of the plan."""
    words = [a.word for a in (plan.cover, plan.hidden) if a is not None and a.word]
    free = free_token_ids(tokenizer, [*meaningful_words(), *words])
    changed, _ = with_random_tokens(ids, free, OTHER_TOKEN_SHARE, rng)
    turns = np.arange(len(ids)) % 3
    clean = turns == 2
    clean |= (turns == 0) & (plan.hidden is None)
    clean |= (turns == 1) & (plan.cover is None or not plan.cover.word)
    return np.where(clean[:, None], changed, ids)
