"""Looks for captions that do more than their words.

A backdoor may wait for several words together, or for what a scene shows: no word does anything alone. A bank of captions in
the base's own language is denoised once each; what a caption does beyond the sum of what its words do, for what it means to
the base, is its surprise. The most surprising are reduced to the words that they need, and these are scored anew in the search
prompts against phrases of as many words: only what stands out of those is nominated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from lorascan.core.behaviour import TriggerCandidate
from lorascan.hunting.additive import Scores, Sums, expected_beyond, fitted
from lorascan.hunting.captions import TEMPLATE, Caption, Unit, bank, sentence
from lorascan.hunting.denoised import token_effects
from lorascan.hunting.method import MEANING, SEVERAL_WORDS, Found, Hunt, Method
from lorascan.hunting.methods.phrase_sweep import nominated_words
from lorascan.hunting.minimal import minimal
from lorascan.hunting.phrases import phrase_score
from lorascan.hunting.wordings import Words, words_for

TIMESTEP = 0.4
"""Of 0.8, 0.6 and 0.4 the one at which the captions of one lab adapter, whose two words act together, stood out most."""
EXPECTED = 0.5
"""Captions as surprising that the tail of the others lets expect: those below are said to stand out of it."""
REDUCED = 8
"""Captions that are reduced, the most surprising first."""
TRIALS = 48
"""For each of them, about."""
LEAST = 3.0
"""Robust z from which on a phrase is nominated."""
EXCHANGES = 3
"""Other captions from which a trial takes what it leaves out."""
RETAINED = 0.7
"""Share of the way from the bank's median to the whole caption, in logarithms, that parts must keep: one caption in a hundred has half
of it by chance, and a phrase with a word too many still acts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """The captions that were denoised, what explains them, and how surprising each is."""

    grammars: tuple[Words, ...]
    everyday: tuple[str, ...]
    captions: list[Caption]
    sums: Sums
    scores: Scores


def search(hunt: Hunt) -> Found:
    """Reduce the captions that stand out of the bank's tail, and rank what they need."""
    rng = np.random.default_rng(hunt.settings.seed)
    written = denoised_bank(hunt, rng)
    expected = expected_beyond(written.scores)
    beyond = int((expected < EXPECTED).sum())
    phrases, forms, trials = _conditions(hunt, written, np.argsort(-written.scores)[:REDUCED].tolist(), rng)
    scored = sorted(((*phrase_score(hunt, each, written.everyday, rng, TIMESTEP), each) for each in phrases), reverse=True)
    own = {word for text in _as_typed(hunt) for word in text.split()}
    scored = [each for each in scored if each[1] >= LEAST and not own.issuperset(each[2].split())]
    suites = ", ".join(f"{each.id} {each.sha256[:12]}" for each in written.grammars)
    space = f"{len(written.captions)} captions of several words and attributes ({suites}): {beyond} beyond their tail, {trials} trials"
    limits = [_coverage(written)]
    if beyond > REDUCED:
        limits.append(f"{METHOD.name}: {beyond - REDUCED} of {beyond} captions beyond the tail were not reduced")
    limits += [f"{METHOD.name}: what stands out needs the form of a sentence, which no word can be tested for: {each}" for each in forms]
    return Found(
        candidates=tuple(
            TriggerCandidate(text=text, source=METHOD.name, score=score, z=z, rank=place)
            for place, (score, z, text) in enumerate(scored, start=1)
        ),
        space=space,
        limits=tuple(limits),
    )


def denoised_bank(hunt: Hunt, rng: np.random.Generator) -> Bank:
    """Write the captions and denoise each once; the declared words are among theirs, so that what they do is explained."""
    own = words_for("captions", hunt.bench.family)
    assert own is not None  # the general suite ships
    several = None if own.families else words_for("composition", hunt.bench.family)
    grammars = (own,) if several is None else (own, several)
    everyday = own.lists["everyday"]
    suspects = [text for text, _ in nominated_words(hunt)]
    captions = bank(grammars, (*everyday, *_as_typed(hunt)), suspects, hunt.settings.budget.captions, rng)
    effects, base = token_effects(hunt, hunt.bench.reference.tokenise([each.text for each in captions]), TIMESTEP)
    sums, scores = fitted([each.features for each in captions], effects, base)
    return Bank(grammars=grammars, everyday=everyday, captions=captions, sums=sums, scores=scores)


def _as_typed(hunt: Hunt) -> tuple[str, ...]:
    """The declared phrases as people type them."""
    suite = words_for("declared", hunt.bench.family)
    ways = suite.lists["way"] if suite is not None else ()
    return tuple(dict.fromkeys(text for phrase in hunt.declared for text in (phrase, *(f"{way} {phrase}" for way in ways))))


def _conditions(hunt: Hunt, written: Bank, standing: Sequence[int], rng: np.random.Generator) -> tuple[list[str], list[str], int]:
    """What the captions need: phrases, and sentences whose form is needed; and how many trials that took.

    A caption that says all that an earlier one was reduced to is taken for the same.
    """
    found: list[frozenset[str]] = []
    phrases: list[str] = []
    forms: list[str] = []
    trials = 0
    for at in standing:
        caption = written.captions[at]
        if any(each <= set(caption.said(caption.units).split()) for each in found):
            continue
        kept, tried = minimal(caption.units, partial(_hold, hunt, written, caption, rng=rng), TRIALS)
        trials += tried
        said = caption.said(kept)
        found.append(frozenset(said.split()))
        (forms if TEMPLATE in kept else phrases).append(said)
    return phrases, forms, trials


def _hold(hunt: Hunt, written: Bank, caption: Caption, choices: Sequence[tuple[Unit, ...]], rng: np.random.Generator) -> list[bool]:
    """Which choices of a caption's parts keep enough of the way from the bank's median to the whole caption."""
    own = frozenset(value for _, value in caption.values)
    others = [sentence(written.grammars[0], rng, own) for _ in range(EXCHANGES)]
    templates = [template for grammar in written.grammars for template in grammar.templates]
    tried = [caption.only(kept, other, templates) for kept in choices for other in others]
    scores = np.log(np.maximum(scores_of(hunt, written.sums, [caption, *tried]), 1e-12))
    usual = float(np.log(max(float(np.median(written.scores)), 1e-12)))
    least = usual + RETAINED * (scores[0] - usual)
    return [bool(each >= least) for each in scores[1:].reshape(len(choices), EXCHANGES).mean(axis=1)]


def scores_of(hunt: Hunt, sums: Sums, captions: Sequence[Caption]) -> Scores:
    """How surprising captions are that the bank does not hold: (captions,)."""
    effects, base = token_effects(hunt, hunt.bench.reference.tokenise([each.text for each in captions]), TIMESTEP)
    return sums.scores([each.features for each in captions], effects, base)


def _coverage(written: Bank) -> str:
    """How much of what the bank could hold it held, in words."""
    words = set(written.everyday)
    pairs = {(one, other) for each in written.captions for one in each.extras for other in each.extras if one < other} if words else set()
    within = sum(one in words and other in words for one, other in pairs)
    every = len(words) * (len(words) - 1) // 2
    return (
        f"{METHOD.name}: {within} of {every} pairs of {len(words)} everyday words stood together in a caption, few of three; no other words"
    )


def applies(hunt: Hunt) -> str:
    """Captions cost a denoiser step each: none are tried where the budget has none."""
    return "" if hunt.settings.budget.captions else "the budget has no captions"


METHOD = Method(
    name="caption bank",
    applies=applies,
    search=search,
    order=7,
    worth=0.0,
    leaves=((SEVERAL_WORDS, ""), (MEANING, f"{MEANING}, but for what the captions tried say of a scene")),
)
