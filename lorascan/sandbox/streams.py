"""Makes a worker's descriptors of a container's three streams.

An engine hands no descriptor on. What a worker elsewhere inherits comes here over stdin: each sealed file as one frame
of the size that the orders name, copied unread into sealed memory before the lock goes on, since the filter then makes
no memory file any more.
"""

import os
import sys
from collections.abc import Collection

from lorascan.sandbox import wire
from lorascan.sandbox.orders import Orders
from lorascan.sandbox.policy import ENVIRONMENT
from lorascan.sandbox.sealing import sealed
from lorascan.sandbox.wire import Kind

REQUEST, REPLY, FIRST_SEALED = 3, 4, 5
"""The numbers that the orders of such a worker name."""
_KEPT = (*ENVIRONMENT, "OMP_NUM_THREADS", "PWD", "LC_CTYPE")


def take_over(orders: Orders) -> None:
    """Put requests, answers and sealed bytes at the numbers ordered; stdin becomes empty, stdout goes where stderr goes."""
    os.dup2(0, orders.request, inheritable=False)
    os.dup2(1, orders.reply, inheritable=False)
    os.dup2(2, 1)
    _move(os.open("/dev/null", os.O_RDONLY), 0)
    for name, (descriptor, size) in orders.sealed.items():
        frame = wire.receive(orders.request)
        if frame is None or frame.kind is not Kind.BLOB or len(frame.body) != size:
            sys.exit(f"{name} did not come whole")
        _move(sealed(frame.body)[0], descriptor)
    forget_all_but(_KEPT)


def forget_all_but(kept: Collection[str]) -> None:
    """Drop what an image or an engine has put into the environment."""
    for name in os.environ.keys() - set(kept):
        del os.environ[name]


def _move(descriptor: int, number: int) -> None:
    if descriptor != number:
        os.dup2(descriptor, number, inheritable=False)
        os.close(descriptor)
