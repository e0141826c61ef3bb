"""Completes nominated words to everyday phrases.

A masquerading trigger is a natural phrase, such as an adjective before a noun, of which the sweep of single words finds one.
Each of the words nominated first is put after everyday adjectives and before everyday nouns, and a phrase is ranked by what it does
beyond its stronger word.
"""

import numpy as np

from lorascan.core.behaviour import TriggerCandidate
from lorascan.hunting.effects import robust_z
from lorascan.hunting.method import Found, Hunt, Method
from lorascan.hunting.methods.phrase_sweep import nominated_words
from lorascan.hunting.phrases import text_scores
from lorascan.hunting.wordings import shipped_list, shipped_words

KEPT = 16
SUITE = "concept-pairs"


def search(hunt: Hunt) -> Found:
    """Rank every completion of the nominated words by its interaction."""
    words = [text for text, _ in nominated_words(hunt)][: hunt.settings.budget.completed]
    adjectives, nouns = (shipped_list(SUITE, name) for name in ("adjective", "noun"))
    pairs = [(first, word) for word in words for first in adjectives if first != word]
    pairs += [(word, second) for word in words for second in nouns if second != word]
    phrases = list(dict.fromkeys(pairs))
    single = list(dict.fromkeys((*words, *adjectives, *nouns)))
    scores = text_scores(hunt, hunt.scenes[0], [*single, *(" ".join(pair) for pair in phrases)])
    alone = dict(zip(single, scores[: len(single)].tolist(), strict=True))
    together = scores[len(single) :]
    beyond = np.array([score - max(alone[first], alone[second]) for score, (first, second) in zip(together, phrases, strict=True)])
    z = robust_z(together)
    kept = [at for at in np.argsort(-beyond)[:KEPT].tolist() if beyond[at] > 0]
    return Found(
        candidates=tuple(
            TriggerCandidate(text=" ".join(phrases[at]), source=METHOD.name, score=float(beyond[at]), z=float(z[at]), rank=place)
            for place, at in enumerate(kept, start=1)
        ),
        space=f"{len(phrases)} phrases of {len(words)} nominated words with everyday ones ({SUITE} {shipped_words()[SUITE].sha256[:12]})",
        limits=(f"{METHOD.name}: words were completed by {len(adjectives)} adjectives and {len(nouns)} nouns, no others",),
    )


def applies(hunt: Hunt) -> str:
    """Where words were nominated and the budget completes any."""
    if not hunt.settings.budget.completed:
        return "the budget completes no words"
    return "" if nominated_words(hunt) else "no word was nominated"


METHOD = Method(name="concept pairs", applies=applies, search=search, order=9, worth=0.0)
