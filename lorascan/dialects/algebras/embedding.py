"""Reads low-rank updates of a table of word vectors, as PEFT stores them.

Source: PEFT `lora/layer.py`, class Embedding. Whole word vectors (textual inversion) are no update: they are left over.
"""

import math

from lorascan.core.updates import EmbeddingUpdate, Update
from lorascan.dialects.algebras._algebra import Algebra, Ending, Parts, blank, demand, equal, tables

_DOWN, _UP = "lora_embedding_A", "lora_embedding_B"


def build(stem: str, parts: Parts) -> tuple[Update, ...]:
    """One update of a pair; nothing where there is no factor."""
    if not {_DOWN, _UP} & set(parts):
        return ()
    down, up = demand(stem, parts, _DOWN, _UP)
    tables(stem, down, up)
    equal(stem, f"{down.shape}, {up.shape}", down.shape[0], math.prod(up.shape[1:]))
    return (EmbeddingUpdate(**blank(stem), down=down, up=up),)


ALGEBRA = Algebra(
    name="embedding",
    endings=tuple(Ending(text=f".{role}{end}", role=role, spelling="lora_A") for role in (_DOWN, _UP) for end in ("", ".default")),
    build=build,
    example={".lora_embedding_A": (4, 1000), ".lora_embedding_B": (64, 4)},
)
