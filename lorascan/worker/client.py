"""The typed, numpy face of one locked worker process."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lorascan.core.errors import Refusal, StageFailed
from lorascan.core.progress import Listener, Progress, silent
from lorascan.core.recall import Recall, key_of
from lorascan.sandbox import Session, WorkerDied, WorkerError, WorkerFailed, WorkerLied, WorkerTimedOut

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]

_CODES = {WorkerDied: "LS902", WorkerTimedOut: "LS903", WorkerLied: "LS904", WorkerFailed: "LS905"}
SUBJECT, PARTNER = "subject", "partner"
"""What the adapted worker calls the adapter under audit, and the second adapter of a pair."""
RANDOM = "random"
"""What it calls a random update as large as the adapter, which acts only where it is asked alone."""
_BATCH = 64
_FEW = 8
"""Latent cells a side up to which four times as many rows are one batch: a call costs more than its sums there."""
_REQUEST_TEXTS = 256


@contextmanager
def stage_failures(role: str) -> Iterator[None]:
    """Turn a worker's death, silence, lie or error into the stage's failure (LS902–LS905)."""
    try:
        yield
    except WorkerError as error:
        code = next(code for kind, code in _CODES.items() if isinstance(error, kind))
        raise StageFailed(Refusal(code=code, message=f"the {role} worker failed: {error}", where=role)) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a worker's arrays measure: context in tokens, sides in latent cells and pixels, widths in floats."""

    context: int
    text_width: int
    channels: int
    side: int
    height: int
    width: int
    steps: int
    guidance: float
    embedding: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What an inversion takes out of the adapter's effect at each of `timesteps` (T,), shares of the training schedule.

    The mean effect `common` (T, cells), the orthonormal rows `span` (T, r, cells), and `floors` (T,), added to what a text means
    to the base.
    """

    timesteps: tuple[float, ...]
    common: FloatArray
    span: FloatArray
    floors: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One locked process. Every answer's size is fixed by the request before the answer is read.

    `recall` holds earlier answers of the same `computed_by`; one that outlives the audit is only for a worker that never
    sees an adapter. `alone`: the one adapter of a pair that acts in what is asked here; "" where all do. `part`: the components
    whose updates act, joined by "+"; "" where all do.
    """

    role: str
    session: Session
    shape: Shape
    description: Mapping[str, Any]
    recall: Recall | None = None
    computed_by: Mapping[str, Any] = field(default_factory=dict)
    passes: Counter[str] = field(default_factory=Counter)
    alone: str = ""
    part: str = ""

    def tokenise(self, texts: Sequence[str]) -> IntArray:
        """Token ids (n, context)."""
        parts = []
        for start in range(0, len(texts), _REQUEST_TEXTS):
            some = list(texts[start : start + _REQUEST_TEXTS])
            (ids,) = self._call("tokenise", {"texts": some}, reply=((len(some), self.shape.context),), dtype="<i4")
            parts.append(ids)
        return np.concatenate(parts)

    def encode(self, ids: IntArray, positions: IntArray, *, scale: float = 1.0, listener: Listener = silent) -> FloatArray:
        """Text-encoder states (n, k, text width) at `positions` (n, k)."""
        arguments = {"ids": list(ids.shape), "positions": list(positions.shape), "batch": 4 * _BATCH, "scale": scale}
        reply = ((*positions.shape, self.shape.text_width),)
        blobs = (ids.astype("<i4").tobytes(), positions.astype("<i4").tobytes())
        passes = {"text encoder": len(ids)}
        return self._call("encode", arguments, blobs=blobs, reply=reply, passes=passes, label="text encoder", listener=listener)[0]

    def predict(
        self, ids: IntArray, *, timestep: float, seed: int, side: int, scale: float = 1.0, listener: Listener = silent
    ) -> FloatArray:
        """Denoiser outputs (n, channels, side, side) from one common noise."""
        arguments = {
            "ids": list(ids.shape), "timestep": timestep, "seed": seed, "side": side, "scale": scale,
            "batch": 4 * _BATCH if side <= _FEW else _BATCH,
        }  # fmt: skip
        reply = ((len(ids), self.shape.channels, side, side),)
        blobs, passes = (ids.astype("<i4").tobytes(),), {"text encoder": len(ids), "denoiser": len(ids)}
        return self._call("predict", arguments, blobs=blobs, reply=reply, passes=passes, label="denoiser", listener=listener)[0]

    def invert(  # noqa: PLR0913 - one argument a choice
        self,
        ids: IntArray,
        *,
        plain: IntArray,
        slot: int,
        explained: Explained,
        seed: int,
        side: int,
        steps: int,
        nearest: int,
        listener: Listener = silent,
    ) -> IntArray:
        """Tokens (n, nearest) next to where the embeddings at `slot` of ids (n, length) end, followed uphill for so many steps.

        Only a worker that was started for gradients answers; see lorascan.worker.inversion.
        """
        arguments = {
            "ids": list(ids.shape), "slot": slot, "timesteps": list(explained.timesteps), "span": list(explained.span.shape), "seed": seed,
            "side": side, "steps": steps, "nearest": nearest, "batch": 16 if side <= _FEW else 1,
        }  # fmt: skip
        numbers = (explained.common, explained.span, explained.floors)
        blobs = (ids.astype("<i4").tobytes(), plain.astype("<i4").tobytes(), *(each.astype("<f4").tobytes() for each in numbers))
        forth = 2 * len(ids) * steps * len(explained.timesteps)
        passes = {"text encoder": forth, "denoiser": forth}
        reply = ((len(ids), nearest),)
        return self._call("invert", arguments, blobs=blobs, reply=reply, dtype="<i4", passes=passes, label="gradients", listener=listener)[
            0
        ]

    def render(self, prompts: Sequence[str], seeds: Sequence[int], *, scale: float = 1.0, listener: Listener = silent) -> ByteArray:
        """Pictures (n, height, width, 3), one per (prompt, seed)."""
        parts = []
        for start in range(0, len(prompts), _REQUEST_TEXTS):
            some = list(prompts[start : start + _REQUEST_TEXTS])
            arguments = {
                "prompts": some,
                "seeds": [int(seed) for seed in seeds[start : start + _REQUEST_TEXTS]],
                "steps": self.shape.steps,
                "guidance": self.shape.guidance,
                "batch": _BATCH,
                "scale": scale,
            }
            reply = ((len(some), self.shape.height, self.shape.width, 3),)
            steps = len(some) * self.shape.steps * (2 if self.shape.guidance > 1 else 1)
            passes = {"text encoder": len(some), "denoiser": steps, "picture decoder": len(some)}
            parts.append(self._call("render", arguments, reply=reply, dtype="u1", passes=passes, label="pictures", listener=listener)[0])
        return np.concatenate(parts)

    def embed_images(self, pictures: ByteArray) -> FloatArray:
        """CLIP unit vectors (n, embedding) of pictures."""
        reply = ((len(pictures), self.shape.embedding),)
        passes = {"scorer": len(pictures)}
        return self._call("embed_images", {"shape": list(pictures.shape)}, blobs=(pictures.tobytes(),), reply=reply, passes=passes)[0]

    def embed_texts(self, texts: Sequence[str]) -> FloatArray:
        """CLIP unit vectors (n, embedding) of texts."""
        parts = []
        for start in range(0, len(texts), _REQUEST_TEXTS):
            some = list(texts[start : start + _REQUEST_TEXTS])
            reply = ((len(some), self.shape.embedding),)
            parts.append(self._call("embed_texts", {"texts": some}, reply=reply, passes={"scorer": len(some)})[0])
        return np.concatenate(parts)

    def ask(self, operation: str) -> Mapping[str, Any]:
        """The JSON answer of an operation without arrays."""
        with stage_failures(self.role):
            return self.session.call(operation, {}).result

    def _recalled(
        self, operation: str, arguments: Mapping[str, Any], blobs: Sequence[bytes], answered: Callable[[], Sequence[bytes]]
    ) -> Sequence[bytes]:
        """The answer kept from an earlier call of the same kind, else a fresh one, which is kept."""
        if self.recall is None:
            return answered()
        key = key_of(self.computed_by, operation, arguments, blobs)
        kept = self.recall.get(key)
        if kept is None:
            kept = tuple(answered())
            self.recall.keep(key, kept)
        return kept

    def _call(  # noqa: PLR0913 - the one place that talks to the session
        self,
        operation: str,
        arguments: Mapping[str, Any],
        *,
        reply: Sequence[tuple[int, ...]],
        blobs: Sequence[bytes] = (),
        dtype: str = "<f4",
        passes: Mapping[str, int] | None = None,
        label: str = "",
        listener: Listener = silent,
    ) -> list[Any]:
        sizes = [int(np.prod(shape)) * np.dtype(dtype).itemsize for shape in reply]
        acting = {"alone": self.alone, "part": self.part}
        arguments = {**arguments, **{name: each for name, each in acting.items() if each}}

        def progress(share: float, _: str = "") -> None:
            listener(Progress(label=label, share=share))

        def answered() -> Sequence[bytes]:
            with stage_failures(self.role):
                found = self.session.call(operation, arguments, blobs=blobs, reply_sizes=sizes, progress=progress).blobs
            self.passes.update(passes or {})
            return found

        found = self._recalled(operation, arguments, blobs, answered)
        arrays = [np.frombuffer(blob, dtype=dtype).reshape(shape) for blob, shape in zip(found, reply, strict=True)]
        if dtype == "<f4" and not all(np.isfinite(array).all() for array in arrays):
            raise StageFailed(
                Refusal(
                    code="LS906",
                    message=f"the {self.role} worker's {operation} holds numbers that are not finite",
                    where=self.role,
                )
            )
        return arrays
