"""Talks to one worker over its pipes, with deadlines."""

import os
import select
import time
from collections.abc import Iterator, Sequence

from lorascan.sandbox import outside
from lorascan.sandbox.errors import WorkerDied, WorkerLied, WorkerTimedOut
from lorascan.sandbox.spawn import Child
from lorascan.sandbox.wire import Assembler, Bytes, Frame, Judge, Kind, Malformed

_PORTION = 1 << 20
_WATCH_SECONDS = 0.1
_LAST_WORDS = 8 * 1024


class Channel:
    """The parent's ends of a worker's three pipes: requests out, replies and chatter in."""

    def __init__(self, child: Child, *, request: int, reply: int, chatter: int, chatter_bytes: int, memory_bytes: int) -> None:
        """Take charge of three descriptors. The bounds are those of `Lock`."""
        self._child = child
        self._request, self._reply, self._chatter = request, reply, chatter
        self._chatter_bytes = self._chatter_left = chatter_bytes
        self._memory_bytes = memory_bytes
        self._said = bytearray()
        self._unsent: list[memoryview] = []
        self._closed = False
        self._judge: Judge | None = None
        self._assembler = Assembler(self._judged)
        self._next_watch = float("-inf")
        self.peak_memory_bytes = 0
        for descriptor in (request, reply, chatter):
            os.set_blocking(descriptor, False)

    def exchange(self, outgoing: Sequence[Bytes], judge: Judge, *, idle_seconds: float, deadline: float) -> Iterator[Frame]:
        """Send `outgoing`, after what is left of before, while yielding the frames that come back; the caller stops at the last one.

        `judge` sees each frame's kind and length first. `deadline` is on the monotonic clock. Raises WorkerDied,
        WorkerTimedOut, WorkerLied; the worker must then be killed.
        """
        self._judge = judge
        self._unsent += [memoryview(part) for part in outgoing if len(part)]
        heard = time.monotonic()
        while True:
            self._watch_memory()
            now = time.monotonic()
            if now >= deadline or now - heard >= idle_seconds:
                raise WorkerTimedOut(self._timeout(idle=now < deadline, seconds=now - heard))
            ready = self._poll(sending=self.unsent, seconds=min(_WATCH_SECONDS, deadline - now, heard + idle_seconds - now))
            if self._request in ready:
                self._send()
            if self._chatter in ready:
                self._listen()
            if self._reply in ready:
                for frame in self._frames():
                    heard = time.monotonic()
                    yield frame

    @property
    def unsent(self) -> bool:
        """Whether a part of the last request has not been taken by the worker."""
        return bool(self._unsent)

    def spoke_unasked(self) -> bool:
        """Whether the worker has said something, or closed its end, while nothing was asked."""
        return self._reply in self._poll(sending=False, seconds=0)

    def hung_up(self) -> bool:
        """Whether the worker has closed its end of the reply pipe; the kernel closes it before a dead process is collected."""
        poller = select.poll()
        poller.register(self._reply, 0)
        return any(events & select.POLLHUP for _, events in poller.poll(0))

    def last_words(self) -> str:
        """The end of what the worker wrote to stdout and stderr, as it came."""
        return self.heard()[-_LAST_WORDS:]

    def heard(self) -> str:
        """All that the worker wrote to stdout and stderr, as it came, up to the bound on its chatter."""
        while not self._closed and self._chatter_left > 0 and self._chatter in self._poll(sending=False, seconds=0):
            try:
                if not self._listen():
                    break
            except WorkerLied:  # a flood; the caller is telling of another failure already
                break
        return self._said[: self._chatter_bytes].decode("utf-8", "replace")

    def close(self) -> None:
        """Close the three descriptors. May be called again."""
        if self._closed:
            return
        self._closed = True
        for descriptor in (self._request, self._reply, self._chatter):
            os.close(descriptor)

    def _judged(self, kind: Kind, length: int) -> None:
        if self._judge is None:
            message = "a frame while nothing was asked"
            raise Malformed(message)
        self._judge(kind, length)

    def _poll(self, *, sending: bool, seconds: float) -> set[int]:
        poller = select.poll()
        poller.register(self._reply, select.POLLIN)
        if self._chatter_left > 0:
            poller.register(self._chatter, select.POLLIN)
        if sending:
            poller.register(self._request, select.POLLOUT)
        return {descriptor for descriptor, _ in poller.poll(max(0, seconds) * 1000)}

    def _send(self) -> None:
        try:
            count = os.write(self._request, self._unsent[0][:_PORTION])
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._unsent.clear()  # the end of the reply pipe will tell
            return
        self._unsent[0] = self._unsent[0][count:]
        if not len(self._unsent[0]):
            del self._unsent[0]

    def _listen(self) -> bool:
        """Take what is there of the worker's chatter; False at its end."""
        portion = os.read(self._chatter, _PORTION)
        self._chatter_left = self._chatter_left - len(portion) if portion else 0
        self._said += portion
        if portion and self._chatter_left <= 0:
            message = "it flooded its standard output"
            raise WorkerLied(message)
        return bool(portion)

    def _frames(self) -> Iterator[Frame]:
        """The frames that one read ends. Never reads beyond the frame at hand."""
        portion = os.read(self._reply, min(max(self._assembler.wanted, 1), _PORTION))
        if not portion:
            raise WorkerDied(self._child.obituary())
        try:
            yield from self._assembler.feed(portion)
        except Malformed as error:
            raise WorkerLied(str(error)) from None

    def _watch_memory(self) -> None:
        now = time.monotonic()
        if now < self._next_watch:
            return
        self._next_watch = now + _WATCH_SECONDS
        used = outside.memory_bytes(self._child.worker)
        self.peak_memory_bytes = max(self.peak_memory_bytes, used)
        if used > self._memory_bytes:
            message = f"it used {used} bytes of memory where {self._memory_bytes} were allowed"
            raise WorkerDied(message)

    @staticmethod
    def _timeout(*, idle: bool, seconds: float) -> str:
        return f"silent for {seconds:.0f} s" if idle else "its whole time was used up"
