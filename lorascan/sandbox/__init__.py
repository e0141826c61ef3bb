r"""Runs untrusted work in a locked process; knows nothing of diffusion.

>>> with start("lorascan.sandbox.payload", Lock()) as session:  # doctest: +SKIP
...     session.facts.backend, session.call("run", {"source": "print(6 * 7)"}).result["output"]
('namespaces', '42\n')

`launch` returns before the worker is ready, so that several can start side by side. Nothing is imported before it is
asked for: the launcher runs inside this package too.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lorascan.sandbox.errors import WorkerDied, WorkerError, WorkerFailed, WorkerLied, WorkerTimedOut
    from lorascan.sandbox.parent import Pending, known_backends, launch, start
    from lorascan.sandbox.policy import IsolationFacts, Lock
    from lorascan.sandbox.serve import Failure, Program, Reply, Request
    from lorascan.sandbox.session import Session

_ROOMS = {
    "errors": ("WorkerDied", "WorkerError", "WorkerFailed", "WorkerLied", "WorkerTimedOut"),
    "parent": ("Pending", "known_backends", "launch", "start"),
    "policy": ("IsolationFacts", "Lock"),
    "serve": ("Failure", "Program", "Reply", "Request"),
    "session": ("Session",),
}

__all__ = [
    "Failure",
    "IsolationFacts",
    "Lock",
    "Pending",
    "Program",
    "Reply",
    "Request",
    "Session",
    "WorkerDied",
    "WorkerError",
    "WorkerFailed",
    "WorkerLied",
    "WorkerTimedOut",
    "known_backends",
    "launch",
    "start",
]


def __getattr__(name: str) -> object:
    """Import a public name's module when the name is first used."""
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{room}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
