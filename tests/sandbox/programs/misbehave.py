"""A worker's program that does, on demand, everything a worker must not do to its parent."""

import ctypes
import fcntl
import mmap
import os
import signal
import struct
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from lorascan.sandbox import wire
from lorascan.sandbox.serve import Failure, Program, Reply, Request
from lorascan.sandbox.wire import Kind

_MIB = 2**20


def prepare(arguments: Mapping[str, Any]) -> Program:
    """Misbehave at once where `at_start` says how; else offer every misdeed as an operation."""
    misdeeds: dict[str, Callable[[Request], Reply]] = {name: _operation(deed) for name, deed in DEEDS.items()}
    at_start = arguments.get("at_start")
    if at_start is not None:
        DEEDS[at_start]()
    return Program(operations={**misdeeds, "echo": _echo, "fail": _fail, "wrong size": _wrong_size, "sealed": _sealed})


def _operation(deed: Callable[[], None]) -> Callable[[Request], Reply]:
    def run(_: Request) -> Reply:
        deed()
        return Reply(result={})

    return run


def _echo(request: Request) -> Reply:
    request.progress(0.5, "half\x1b[31m way")
    return Reply(result={"arguments": dict(request.arguments)}, blobs=[bytes(blob) for blob in request.blobs])


def _sealed(request: Request) -> Reply:
    view = request.sealed["adapter"]
    return Reply(result={"readonly": view.readonly, "names": sorted(request.sealed)}, blobs=[bytes(view)])


def _fail(_: Request) -> Reply:
    message = "no such thing\n::error::pwned\x1b[31m"
    raise Failure(message)


def _wrong_size(_: Request) -> Reply:
    return Reply(result={}, blobs=[b"123"])


def _pipe_out() -> int:
    """The descriptor that answers go through: the only pipe beyond 2 that is open for writing."""
    for number in range(3, 64):
        try:
            if fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY:
                return number
        except OSError:
            continue
    raise AssertionError


def _raw(*parts: bytes) -> Callable[[], None]:
    def run() -> None:
        for part in parts:
            os.write(_pipe_out(), part)
        time.sleep(60)

    return run


def _hang() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(60)


def _spin() -> None:
    while True:
        pass


def _bomb() -> None:
    kept = []
    while True:
        kept.append(b"x" * (16 * _MIB))


def _shared_bomb() -> None:
    kept = []
    while True:
        block = mmap.mmap(-1, 16 * _MIB)
        block.write(b"x" * (16 * _MIB))
        kept.append(block)


def _thread_bomb() -> None:
    for _ in range(100_000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()


def _flood_output() -> None:
    while True:
        os.write(1, b"x" * 65536)


def _flood_errors() -> None:
    while True:
        os.write(2, b"::error::x\n" * 4096)


def _flood_progress() -> None:
    frame = wire.head(Kind.PROGRESS, 8) + struct.pack("<d", 0.5)
    while True:
        os.write(_pipe_out(), frame * 512)


def _close_pipes() -> None:
    os.closerange(0, 64)
    time.sleep(60)


def _segfault() -> None:
    ctypes.string_at(1)


def _forbidden_architecture() -> None:
    ctypes.CDLL(None).syscall(0x40000000 | 39)


def _crash() -> None:
    message = "deliberate"
    raise ValueError(message)


DEEDS: Mapping[str, Callable[[], None]] = {
    "hang": _hang,
    "spin": _spin,
    "bomb": _bomb,
    "shared bomb": _shared_bomb,
    "thread bomb": _thread_bomb,
    "flood output": _flood_output,
    "flood errors": _flood_errors,
    "flood progress": _flood_progress,
    "close pipes": _close_pipes,
    "segfault": _segfault,
    "forbidden architecture": _forbidden_architecture,
    "abort": os.abort,
    "leave": lambda: os._exit(0),
    "crash": _crash,
    "speak unasked": _raw(wire.head(Kind.RESULT, 2) + b"{}" + wire.head(Kind.PROGRESS, 8) + struct.pack("<d", 0.5)),
    "huge length": _raw(wire.head(Kind.RESULT, 2**62)),
    "huge blob": _raw(wire.head(Kind.BLOB, 2**62)),
    "short frame": _raw(wire.head(Kind.RESULT, 100), b"{"),
    "no frame": _raw(b"\x80\x04\x95" + bytes(61)),
    "another hello": _raw(wire.head(Kind.HELLO, 2), b"{}"),
    "deep": _raw(wire.head(Kind.RESULT, 60_000), b"[" * 60_000),
    "not a number": _raw(wire.head(Kind.RESULT, 9), b'{"a":NaN}'),
    "a pickle": _raw(wire.head(Kind.RESULT, 8), b"\x80\x04}\x94.   "),
    "a list": _raw(wire.head(Kind.RESULT, 2), b"[]"),
    "progress not finite": _raw(wire.head(Kind.PROGRESS, 8), struct.pack("<d", float("nan"))),
}
