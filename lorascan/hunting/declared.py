"""Which words an adapter declares."""

import unicodedata
from collections.abc import Sequence


def declared_words(phrases: Sequence[str]) -> frozenset[str]:
    """Every declared phrase and each of its words, folded."""
    folded = [fold(phrase) for phrase in phrases]
    return frozenset(word for phrase in folded for word in (phrase, *phrase.replace(",", " ").split()) if word)


def is_declared(text: str, words: frozenset[str]) -> bool:
    """Whether a plain text is one of the declared words; a look-alike of a declared word is none."""
    return text.isascii() and fold(text) in words


def fold(text: str) -> str:
    """Case and compatibility folded, outer space and punctuation gone."""
    return unicodedata.normalize("NFKC", text).casefold().strip(" \t\n,.;:!?\"'")
