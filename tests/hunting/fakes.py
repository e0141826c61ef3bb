"""A base that is a table of numbers: workers whose answers a test knows."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lorascan.core.adapter import Adapter, AdapterFacts
from lorascan.core.progress import silent
from lorascan.hunting.method import Hunt
from lorascan.hunting.vocabulary import read_vocabulary
from lorascan.settings import DEFAULT
from lorascan.worker.bench import Bench
from lorascan.worker.client import Explained, Shape

TWINS = ("\u0251", "\u0435", "\u043e", "\u03b1")
"""Look-alikes that the tokenizer knows, each as one token wherever it stands."""
WORDS = ["a", "red", "blue", "circle", "square", "on", *(f"word{number}" for number in range(300))]
TOKENS = [*WORDS, *TWINS]
START, END = len(TOKENS), len(TOKENS) + 1
CONTEXT, CELLS = 12, 16
SHAPE = Shape(context=CONTEXT, text_width=8, channels=1, side=4, height=8, width=8, steps=2, guidance=1.0, embedding=8)


def write_vocabulary(folder: Path) -> Path:
    """A base folder whose tokenizer knows WORDS."""
    (folder / "tokenizer").mkdir(parents=True)
    table = {f"{word}</w>": number for number, word in enumerate(WORDS)}
    table |= {"<|startoftext|>": START, "<|endoftext|>": END}
    (folder / "tokenizer" / "vocab.json").write_text(json.dumps(table), encoding="utf-8")
    return folder


def _tokens(word: str) -> list[str]:
    """The word where it is known, else the look-alikes in it."""
    return [word] if word in WORDS else [letter for letter in word if letter in TWINS]


@dataclass
class FakeWorker:
    """Each word adds its own random vector; `planted` words and `phrases` add one more where the adapter is."""

    planted: dict[str, np.ndarray] = field(default_factory=dict)
    phrases: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    always: float = 0.0
    shape: Shape = SHAPE
    passes: Counter[str] = field(default_factory=Counter)
    part: str = ""

    def tokenise(self, texts: list[str]) -> np.ndarray:
        rows = [[START, *(TOKENS.index(token) for word in text.split() for token in _tokens(word)), END] for text in texts]
        return np.array([[*row[: CONTEXT - 1], *([END] * max(1, CONTEXT - len(row)))] for row in rows], dtype=np.int32)

    def predict(self, ids: np.ndarray, **_: object) -> np.ndarray:
        return self._sums(ids, CELLS, seed=1).reshape(len(ids), 1, 4, 4)

    def encode(self, ids: np.ndarray, positions: np.ndarray, **_: object) -> np.ndarray:
        return np.repeat(1 + self._sums(ids, 8, seed=2)[:, None, :], positions.shape[1], axis=1)

    def invert(self, ids: np.ndarray, *, slot: int, explained: Explained, nearest: int, **_: object) -> np.ndarray:
        """Every seed ends at the words whose plants the mean and the declared words explain least."""
        del slot
        left = np.zeros(END + 1, dtype=np.float32)
        for word, vector in self.planted.items():
            moved = vector[:CELLS] - explained.common[0]
            left[TOKENS.index(word)] = np.linalg.norm(moved - (moved @ explained.span[0].T) @ explained.span[0])
        return np.repeat(np.argsort(-left, kind="stable")[None, :nearest], len(ids), axis=0).astype(np.int32)

    def _sums(self, ids: np.ndarray, width: int, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        table = rng.standard_normal((END + 1, width)).astype(np.float32)
        extra = np.zeros_like(table)
        noise = np.random.default_rng(9).standard_normal(table.shape).astype(np.float32)
        if self.planted or self.always:
            extra += 0.01 * noise
        for word, vector in self.planted.items():
            extra[TOKENS.index(word)] = vector[:width]
        sums = table[ids].sum(axis=1) + extra[ids].sum(axis=1) + self.always
        for (first, second), vector in self.phrases.items():
            holds = ((ids[:, :-1] == TOKENS.index(first)) & (ids[:, 1:] == TOKENS.index(second))).any(axis=1)
            sums += holds[:, None] * vector[:width]
        return np.asarray(sums, dtype=np.float32)


@dataclass(frozen=True)
class FakeScene:
    text: str
    concept: str


SCENES = (
    FakeScene("a red {concept} on blue", "circle"),
    FakeScene("a blue {concept}", "square"),
    FakeScene("red {concept}", "circle"),
)


def make_hunt(tmp_path: Path, adapted: FakeWorker, declared: tuple[str, ...] = ()) -> Hunt:
    """A hunt on the fake base."""
    folder = write_vocabulary(tmp_path)
    facts = AdapterFacts(
        dialects=("peft",),
        components={"unet": 1},
        ranks={4: 1},
        scalings={},
        update_count=1,
        leftover_count=0,
        declared_triggers=declared,
    )
    bench = Bench(reference=FakeWorker(), adapted=adapted, base_folder=folder, family="lab")  # type: ignore[arg-type]
    return Hunt(
        bench=bench,
        adapter=Adapter(updates=(), leftovers=(), facts=facts),
        vocabulary=read_vocabulary(folder),
        scenes=SCENES,
        tensors={},
        declared=declared,
        settings=DEFAULT,
        listener=silent,
    )
