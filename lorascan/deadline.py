"""Ends an audit that takes too long."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType
from typing import NoReturn

from lorascan.core.errors import Refusal, StageFailed

_AT_ONCE = 1e-3


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Raise StageFailed (LS907) in the main thread once so many seconds of wall time are over; None means never.

    Whatever stage runs then has failed, and the verdict is undecided. Deadlines nest: the one that ends first counts.
    Works in the main thread of a POSIX process only.
    """
    if seconds is None:
        yield
        return

    def over(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise StageFailed(Refusal(code="LS907", message=f"the audit took longer than {seconds:g} s", threshold=seconds))

    began = monotonic()
    outer, _ = signal.getitimer(signal.ITIMER_REAL)
    if 0.0 < outer <= seconds:
        yield
        return
    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
        if outer:
            signal.setitimer(signal.ITIMER_REAL, max(outer - (monotonic() - began), _AT_ONCE))
