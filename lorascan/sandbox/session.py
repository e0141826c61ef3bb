"""One locked worker that is ready to be called."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from lorascan.sandbox import strict, wire
from lorascan.sandbox.answers import Answer
from lorascan.sandbox.attempt import said
from lorascan.sandbox.channel import Channel
from lorascan.sandbox.errors import WorkerDied, WorkerError, WorkerFailed, WorkerLied
from lorascan.sandbox.policy import IsolationFacts, Lock
from lorascan.sandbox.serve import Reply
from lorascan.sandbox.shown import shown
from lorascan.sandbox.spawn import Child
from lorascan.sandbox.wire import Frame, Kind, Malformed

Progress = Callable[[float, str], None]


class Session:
    """A worker's life after READY. As a context manager it leaves no process, descriptor or file behind.

    Calls go one at a time; two sessions may be called from two threads. After any error but WorkerFailed the worker
    is gone.
    """

    def __init__(self, child: Child, channel: Channel, facts: IsolationFacts, lock: Lock) -> None:
        """Take charge of a worker that has said READY."""
        self.facts = facts
        self._child = child
        self._channel = channel
        self._lock = lock
        self._deadline = time.monotonic() + lock.wall_seconds
        self._over = ""

    @property
    def peak_memory_bytes(self) -> int:
        """The most private and shared memory seen so far, looked at every 100 ms during calls."""
        return self._channel.peak_memory_bytes

    @property
    def heard(self) -> str:
        """All that the worker has written to stdout and stderr, foreign text, at most `chatter_bytes`; also after its end."""
        return self._channel.heard()

    def call(
        self,
        operation: str,
        arguments: Mapping[str, strict.JSON],
        *,
        blobs: Sequence[bytes] = (),
        reply_sizes: Sequence[int] = (),
        progress: Progress | None = None,
    ) -> Reply:
        """Let the program answer, with blobs of exactly `reply_sizes` bytes.

        Raises WorkerFailed (the program's own refusal), WorkerDied, WorkerTimedOut, WorkerLied; ValueError where more
        is asked for than the lock lets a worker say.
        """
        if sum(reply_sizes) > self._lock.reply_bytes:
            message = f"an answer of {sum(reply_sizes)} bytes is more than the {self._lock.reply_bytes} allowed"
            raise ValueError(message)
        outgoing = _request(operation, arguments, blobs, reply_sizes)
        if self._over:
            message = f"the worker is gone: {self._over}"
            raise WorkerDied(message)
        with self._ended_unless_answered():
            if self._channel.spoke_unasked():
                self._explain_unasked()
            answer = Answer(reply_sizes, self._lock.frames)
            frames = self._channel.exchange(outgoing, answer.judge, idle_seconds=self._lock.idle_seconds, deadline=self._deadline)
            return self._collected(frames, progress)

    def close(self) -> None:
        """Kill the worker and everything it holds. May be called again."""
        self._end("it was closed")

    def kill(self) -> None:
        """Kill the worker and nothing else, from any thread: the one that waits for an answer learns that it died."""
        self._child.kill()

    def __enter__(self) -> Self:
        """The session itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close, however the block ended."""
        self.close()

    def _collected(self, frames: Iterator[Frame], progress: Progress | None) -> Reply:
        blobs: list[bytes] = []
        for frame in frames:
            if frame.kind is Kind.BLOB:
                blobs.append(frame.body)
            elif frame.kind is Kind.PROGRESS:
                _tell(frame.body, progress)
            elif self._channel.unsent:
                message = "it answered before it had heard the whole request"
                raise WorkerLied(message)
            elif frame.kind is Kind.ERROR:
                raise WorkerFailed(shown(frame.body.decode("utf-8", "replace"), wire.MAX_ERROR))
            else:
                return Reply(result=_result(frame.body), blobs=tuple(blobs))
        message = "it said nothing"
        raise WorkerDied(message)

    def _explain_unasked(self) -> None:
        """Find out why there is something to read before a call: most often the end of the pipe."""
        for _ in self._channel.exchange((), Answer((), 0).judge, idle_seconds=1.0, deadline=self._deadline):
            break

    @contextlib.contextmanager
    def _ended_unless_answered(self) -> Iterator[None]:
        """End the worker where a call did not come to its proper end, and let the error tell what it last wrote."""
        reason = "a call was interrupted"
        try:
            yield
            reason = ""
        except WorkerFailed:
            reason = ""
            raise
        except WorkerError as error:
            reason = str(error)
            raise type(error)(f"{error}{said(self._channel)}") from None
        finally:
            if reason:
                self._end(reason)

    def _end(self, reason: str) -> None:
        if not self._over:
            self._over = reason
            self._child.kill()
            self._channel.heard()
            self._channel.close()


def _request(operation: str, arguments: Mapping[str, strict.JSON], blobs: Sequence[bytes], reply_sizes: Sequence[int]) -> list[bytes]:
    order = {"operation": operation, "arguments": dict(arguments), "blobs": len(blobs), "reply_sizes": list(reply_sizes)}
    body = strict.written(order)
    if len(body) > wire.MAX_ORDER:
        message = f"a request of {len(body)} bytes of JSON: send arrays as blobs"
        raise ValueError(message)
    outgoing = [wire.head(Kind.CALL, len(body)), body]
    for blob in blobs:
        outgoing += [wire.head(Kind.BLOB, len(blob)), blob]
    return outgoing


def _result(body: bytes) -> dict[str, strict.JSON]:
    try:
        return strict.parse(body)
    except ValueError as error:
        raise WorkerLied(str(error)) from None


def _tell(body: bytes, progress: Progress | None) -> None:
    try:
        share, text = wire.read_progress(body)
    except Malformed as error:
        raise WorkerLied(str(error)) from None
    if progress is not None:
        progress(share, shown(text))
