"""Judges which frame may come next."""

from collections.abc import Sequence

from lorascan.sandbox.wire import MAX_ERROR, MAX_HELLO, MAX_PROGRESS, MAX_RESULT, Kind, Malformed

_BOUNDS = {Kind.PROGRESS: MAX_PROGRESS, Kind.ERROR: MAX_ERROR, Kind.RESULT: MAX_RESULT}


class Answer:
    """One call's answer: progress at any time, then each blob of exactly the size asked for, then the result; or an error."""

    def __init__(self, sizes: Sequence[int], frames: int) -> None:
        """`sizes` of the blobs in bytes, in order; no more than `frames` frames in all."""
        self._sizes = list(sizes)
        self._frames_left = frames

    def judge(self, kind: Kind, length: int) -> None:
        """Let a frame pass. Raises Malformed."""
        self._frames_left -= 1
        if self._frames_left < 0:
            message = "too many frames in one answer"
            raise Malformed(message)
        if kind is Kind.BLOB:
            self._judge_blob(length)
        elif length > _BOUNDS.get(kind, -1):
            message = f"a {kind.name} frame of {length} bytes, which may not come now"
            raise Malformed(message)
        elif kind is Kind.RESULT and self._sizes:
            message = f"a result before {len(self._sizes)} of its blobs"
            raise Malformed(message)

    def _judge_blob(self, length: int) -> None:
        if not self._sizes or length != self._sizes[0]:
            wanted = f"{self._sizes[0]} bytes" if self._sizes else "none"
            message = f"a blob of {length} bytes where {wanted} may come"
            raise Malformed(message)
        del self._sizes[0]


class Greeting:
    """One step of a start: the frame that announces it, or an error."""

    def __init__(self, wanted: Kind) -> None:
        """`wanted` is HELLO or READY."""
        self._wanted = wanted

    def judge(self, kind: Kind, length: int) -> None:
        """Let a frame pass. Raises Malformed."""
        bound = {self._wanted: MAX_HELLO, Kind.ERROR: MAX_ERROR}.get(kind, -1)
        if length > bound:
            message = f"a {kind.name} frame of {length} bytes where {self._wanted.name} may come"
            raise Malformed(message)
