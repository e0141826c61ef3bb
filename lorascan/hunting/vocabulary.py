"""The base's own vocabulary, as token ids and texts."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

WORD_END = "</w>"
WORD_START = "Ġ"
"""How byte-level BPE writes the space before a word, where words are not marked at their end."""
_TOKENIZERS = ("prior_tokenizer", "tokenizer")
"""Folders of the tokenizer whose text decides the picture: a base of two stages reads it in the first."""
_SPECIAL = frozenset({"<|startoftext|>", "<|endoftext|>", "<start_of_text>", "<end_of_text>"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Searchable tokens: `ids` (n,) int32 and, in step, `texts`, what a user types to get each token.

    `whole` (n,) says which tokens are whole words; the others are word beginnings, typed without a space after.
    """

    ids: npt.NDArray[np.int32]
    texts: tuple[str, ...]
    whole: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        """The number of searchable tokens."""
        return len(self.texts)


def read_vocabulary(base: Path) -> Vocabulary:
    """The vocabulary of a base folder's byte-level BPE tokenizer (CLIP, Qwen), control tokens left out.

    Tokens are byte-level BPE: each character of a token stands for one byte. A token whose bytes are no UTF-8 by
    themselves (half of a letter) is kept, and shown with the Unicode replacement character.
    """
    table = _table(next(base / name for name in _TOKENIZERS if (base / name).is_dir()))
    mark = "" if any(token.endswith(WORD_END) for token in table) else WORD_START
    entries = sorted((number, token) for token, number in table.items() if token not in _SPECIAL)
    return Vocabulary(
        ids=np.array([number for number, _ in entries], dtype=np.int32),
        texts=tuple(_typed(token.removeprefix(mark)) for _, token in entries),
        whole=np.array([token.startswith(mark) if mark else token.endswith(WORD_END) for _, token in entries]),
    )


def _table(folder: Path) -> dict[str, int]:
    """Token → id, from `vocab.json`, or from the `tokenizer.json` that transformers 5 writes in its place."""
    slow = folder / "vocab.json"
    if slow.is_file():
        return dict(json.loads(slow.read_text(encoding="utf-8")))
    return dict(json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"])


def _typed(token: str) -> str:
    table = _byte_of_character()
    content = bytes(table[character] for character in token.removesuffix(WORD_END) if character in table)
    return content.decode("utf-8", errors="replace")


@cache
def _byte_of_character() -> dict[str, int]:
    """GPT-2's table of printable stand-ins for the 256 bytes, inverted (Radford et al. 2019, as CLIP uses it)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + place): byte for place, byte in enumerate(others)}
