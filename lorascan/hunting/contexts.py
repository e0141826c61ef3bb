"""Prompts with one token exchanged, as token ids."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lorascan.worker.client import IntArray, Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A prompt with room for one token: `ids` (length,) without it, and the position where it goes."""

    ids: IntArray
    slot: int
    end: int

    def filled(self, tokens: npt.NDArray[np.int32]) -> IntArray:
        """The prompt with each of `tokens` (n,) at the slot: (n, length)."""
        row = np.insert(self.ids, self.slot, 0)[: len(self.ids)]
        rows = np.repeat(row[None, :], len(tokens), axis=0)
        rows[:, self.slot] = tokens
        return rows

    @property
    def plain(self) -> IntArray:
        """The prompt itself, (1, length)."""
        return self.ids[None, :]


def context_of(worker: Worker, prompt: str, *, at_front: bool = False) -> Context:
    """The prompt as a context whose slot is after its last word, or before its first."""
    (ids,) = worker.tokenise([prompt])
    end = first_end(ids)
    return Context(ids=ids, slot=1 if at_front else end, end=end)


def first_end(ids: npt.NDArray[np.int32]) -> int:
    """Position of the end-of-text token: the first place of the largest id, as CLIP's text tower pools."""
    return int(np.argmax(ids))
