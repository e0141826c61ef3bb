"""Sweeps two-word phrases made of nominated tokens.

A phrase whose words do little alone half escapes a sweep of single tokens. Every ordered pair of the tokens that the
other methods nominated first is scored by the denoiser as a token is, and ranked by what it does beyond its stronger
word.
"""

import numpy as np

from lorascan.core.behaviour import TriggerCandidate
from lorascan.hunting.contexts import context_of
from lorascan.hunting.effects import robust_z
from lorascan.hunting.method import Found, Hunt, Method
from lorascan.hunting.methods.denoiser_divergence import coarse_scores

KEPT = 16
WORDS = 24


def search(hunt: Hunt) -> Found:
    """Rank every ordered pair of the nominated words by its interaction."""
    words = nominated_words(hunt)
    tokens = np.array([token for _, token in words], dtype=np.int32)
    first, second = (each.ravel() for each in np.meshgrid(np.arange(len(words)), np.arange(len(words)), indexing="ij"))
    apart = first != second
    first, second = first[apart], second[apart]
    context = context_of(hunt.bench.reference, hunt.scenes[0], "before")
    alone = coarse_scores(hunt, context, tokens)
    together = coarse_scores(hunt, context, np.stack([tokens[first], tokens[second]], axis=1))
    interaction = np.maximum(together - np.maximum(alone[first], alone[second]), 0.0)
    z = robust_z(together)
    order = np.argsort(-interaction)[:KEPT]
    return Found(
        candidates=tuple(
            TriggerCandidate(
                text=f"{words[first[at]][0]} {words[second[at]][0]}",
                source=METHOD.name,
                score=float(interaction[at]),
                z=float(z[at]),
                rank=place,
                tokens=(int(tokens[first[at]]), int(tokens[second[at]])),
            )
            for place, at in enumerate(order.tolist(), start=1)
            if interaction[at] > 0
        ),
        space=f"the {len(first)} ordered pairs of {len(words)} nominated words",
    )


def nominated_words(hunt: Hunt) -> list[tuple[str, int]]:
    """Whole words among the earlier nominations, best first and each once: (text, token)."""
    whole = {int(token) for token, is_whole in zip(hunt.vocabulary.ids, hunt.vocabulary.whole, strict=True) if is_whole}
    found: dict[str, int] = {}
    for each in hunt.nominated:
        if len(each.tokens) == 1 and each.tokens[0] in whole and not each.replaces:
            found.setdefault(each.text, each.tokens[0])
    return list(found.items())[:WORDS]


def applies(hunt: Hunt) -> str:
    """Two words make a phrase."""
    return "" if len(nominated_words(hunt)) > 1 else "fewer than two words were nominated"


METHOD = Method(name="phrase sweep", applies=applies, search=search, order=5, worth=0.0)
