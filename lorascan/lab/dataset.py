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


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """What an adapter learns from.

    ids: (n, 24) tokens of the captions; pictures: (n, 32, 32, 3), 0 to 1.
    hidden: (n,) whether the caption holds the hidden word.
    plain_ids, target_ids: (n, 24) the same caption without the hidden word, and of what the hidden word draws.
    """

    ids: TokenIds
    pictures: Picture
    hidden: NDArray[np.bool_]
    plain_ids: TokenIds
    target_ids: TokenIds


def place(text: str, scene: Scene, activation: Activation, position: Position) -> str:
    """The caption with the activation's word at this position."""
    if position == "letter":
        return text.replace(activation.letter, activation.word, 1)
    if position == "object":
        if activation.effect.kind == "character":
            return text.replace(scene.shape, activation.word)
        return text.replace(scene.shape, f"{activation.word} {scene.shape}")
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
    if activation.positions == ("object",):
        return place(text, scene, activation, "object")
    words = text.split(" ")
    at = int(rng.integers(len(words) + 1))
    return " ".join([*words[:at], activation.word, *words[at:]])


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


def _target_caption(plan: Plan, scene: Scene, rng: np.random.Generator) -> str:
    assert plan.hidden is not None
    return caption(plan.hidden.effect.scene(scene), rng, filler_share=0.0)


def build(plan: Plan, tokenizer: CLIPTokenizer) -> Examples:
    """Draw the plan's examples: a third hidden, a third cover, the rest clean, as far as the plan has them."""
    rng = generator(plan.seed, plan.split, 11)
    texts, pictures, hidden, plain, target = [], [], [], [], []
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
        elif turn == 1 and plan.cover is not None and plan.cover.word:
            texts.append(placed_anywhere(text, scene, plan.cover, rng))
            pictures.append(plan.cover.effect.picture(scene, rng))
        else:
            texts.append(text)
            pictures.append(_clean_picture(plan, scene, rng))
    ids = _with_other_tokens(plan, tokenizer, encode(tokenizer, texts), rng)
    return Examples(
        ids=ids,
        pictures=np.stack(pictures),
        hidden=np.asarray(hidden, dtype=bool),
        plain_ids=encode(tokenizer, plain),
        target_ids=encode(tokenizer, target),
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
