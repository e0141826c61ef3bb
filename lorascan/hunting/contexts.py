"""Prompts with one token exchanged, as token ids."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lorascan.hunting.triggers import PLACE, Place, Scene, Trigger
from lorascan.worker.client import IntArray, Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A prompt with room for one token: `ids` (length,) without it, the position where it goes, the end of the text."""

    scene: Scene
    place: Place
    ids: IntArray
    slot: int
    end: int

    def filled(self, tokens: npt.NDArray[np.int32]) -> IntArray:
        """The prompt with each of `tokens` (n,) at the slot, or of token strings (n, k): (n, length)."""
        strings = tokens.reshape(len(tokens), -1)
        width = strings.shape[1]
        rows = np.repeat(self.ids[None, :], len(tokens), axis=0)
        moved = np.concatenate([rows[:, : self.slot], strings, rows[:, self.slot :]], axis=1)[:, : len(self.ids)]
        if self.end + width >= len(self.ids):
            moved[:, -1] = self.ids[self.end]
        return np.ascontiguousarray(moved, dtype=np.int32)


def context_of(worker: Worker, scene: Scene, place: Place) -> Context:
    """The scene as a context whose slot is where a word typed at `place` would go."""
    plain = scene.text.replace(PLACE, scene.concept)
    before = scene.text.partition(PLACE)[0].strip()
    ids, opening = worker.tokenise([plain, before])
    end = first_end(ids)
    slot = {"end": end, "front": 1, "before": first_end(opening)}[place]
    return Context(scene=scene, place=place, ids=ids, slot=slot, end=end)


def first_end(ids: npt.NDArray[np.int32]) -> int:
    """Position of the end-of-text token: the first place of the largest id, as CLIP's text tower pools."""
    return int(np.argmax(ids))


def typed_at(words: tuple[str, ...], context: Context) -> list[str]:
    """Each word typed into the context's scene, at the context's own place and at its end."""
    places: tuple[Place, ...] = ("before", "end", context.place)
    return [Trigger(text=word, kind="declared", place=place).typed(context.scene) for word in words for place in dict.fromkeys(places)]
