"""Answers the parent's calls, inside the lock."""

import json
import mmap
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

from lorascan.sandbox import strict, wire
from lorascan.sandbox.wire import Kind

_PROGRESS_SECONDS = 0.05
"""At least this long between two progress frames, so that a fast loop does not flood the pipe."""


class ProgressListener(Protocol):
    """Takes a share in [0, 1] and a short text."""

    def __call__(self, share: float, text: str = "", /) -> None:
        """Tell the parent how far the operation is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call, as the parent sent it: trusted, but for the content of `sealed`.

    `blobs` came with this call, `sealed` with the start; both read-only. `reply_sizes` are the exact sizes, in bytes,
    of the blobs that the answer must hold.
    """

    arguments: Mapping[str, Any]
    blobs: tuple[memoryview, ...]
    sealed: Mapping[str, memoryview]
    reply_sizes: tuple[int, ...]
    progress: ProgressListener


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer: a small JSON object, and blobs of the sizes asked for."""

    result: Mapping[str, Any]
    blobs: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What a program's `prepare(arguments)` returns: its operations by name."""

    operations: Mapping[str, Callable[[Request], Reply]]


class Failure(Exception):
    """An operation's own clean refusal: the parent sees WorkerFailed with this text, and may go on calling."""


def serve(program: Program, request: int, reply: int, sealed: Mapping[str, tuple[int, int]]) -> None:
    """Answer calls until the parent closes its end. `request` and `reply` are descriptors; `sealed` as in Orders."""
    views = {name: _view(descriptor, size) for name, (descriptor, size) in sealed.items()}
    while (frame := wire.receive(request)) is not None:
        asked = json.loads(frame.body)
        blobs = tuple(memoryview(_blob(request)) for _ in range(asked["blobs"]))
        call = Request(
            arguments=asked["arguments"],
            blobs=blobs,
            sealed=views,
            reply_sizes=tuple(asked["reply_sizes"]),
            progress=_progress_to(reply),
        )
        try:
            _send(reply, call, program.operations[asked["operation"]](call))
        except Failure as failure:
            say_error(reply, str(failure))


def report_crashes(reply: int) -> None:
    """Let an exception that nothing catches be told to the parent before it ends this process."""

    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        say_error(reply, f"{kind.__name__}: {error}")

    sys.excepthook = tell


def say_error(reply: int, text: str) -> None:
    """Send an ERROR frame."""
    wire.send(reply, Kind.ERROR, text.encode("utf-8", "replace")[: wire.MAX_ERROR])


def _send(reply: int, call: Request, answer: Reply) -> None:
    sizes = tuple(memoryview(blob).nbytes for blob in answer.blobs)
    if sizes != call.reply_sizes:
        message = f"the answer has blobs of {sizes} bytes where {call.reply_sizes} were asked for"
        raise Failure(message)
    body = strict.written(answer.result)
    if len(body) > wire.MAX_RESULT:
        message = f"the answer's JSON has {len(body)} bytes, more than {wire.MAX_RESULT}"
        raise Failure(message)
    for blob in answer.blobs:
        wire.send(reply, Kind.BLOB, blob)
    wire.send(reply, Kind.RESULT, body)


def _blob(request: int) -> bytes:
    frame = wire.receive(request)
    if frame is None or frame.kind is not Kind.BLOB:
        raise EOFError
    return frame.body


def _view(descriptor: int, size: int) -> memoryview:
    if size == 0:
        return memoryview(b"")
    mapped = mmap.mmap(descriptor, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
    os.close(descriptor)
    return memoryview(mapped)


def _progress_to(reply: int) -> ProgressListener:
    last = float("-inf")

    def tell(share: float, text: str = "", /) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _PROGRESS_SECONDS:
            last = now
            wire.send(reply, Kind.PROGRESS, wire.progress_body(min(max(float(share), 0.0), 1.0), text))

    return tell
