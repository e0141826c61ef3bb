"""Starts locked workers, with the best backend that proves itself."""

import os
import platform
import struct
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from types import MappingProxyType, TracebackType
from typing import Self

from lorascan.core.catalogue import members
from lorascan.core.errors import Unavailable
from lorascan.sandbox import strict
from lorascan.sandbox.attempt import Attempt, Plan, begin, canary
from lorascan.sandbox.backend import Backend
from lorascan.sandbox.policy import IsolationFacts, Lock
from lorascan.sandbox.reach import reach
from lorascan.sandbox.sealing import sealed
from lorascan.sandbox.session import Session
from lorascan.sandbox.syscalls import ARCHITECTURES

NO_BLOBS: Mapping[str, bytes] = MappingProxyType({})
NO_ARGUMENTS: Mapping[str, strict.JSON] = MappingProxyType({})
_MOST_ORDER_BYTES = 32 * 1024
"""Fits an empty pipe, so that the order can be left there before anybody reads."""


class Pending:
    """A worker on its way. As a context manager it leaves nothing behind where `ready` has not handed it over."""

    def __init__(self, plan: Plan, backends: Sequence[tuple[str, Backend]]) -> None:
        """Start the first backend that can be started. Raises Unavailable where none can."""
        self._plan = plan
        self._left = list(backends)
        self._held = ExitStack()
        self._refused: list[str] = []
        self._remedy = self._left[0][1].remedy
        self._attempt: Attempt | None = self._next()

    def holds(self, held: ExitStack) -> None:
        """Release these with the start's end: what the plan needs until then."""
        self._held = held

    def ready(self) -> Session:
        """Wait until the worker has proved its lock and prepared its program; try the next backend where it has not.

        Raises Unavailable where no backend proves itself, WorkerError where the program itself did not get ready.
        """
        try:
            attempt, facts = self._believed()
            facts = replace(facts, checks={**facts.checks, **attempt.ready()}, refused=tuple(self._refused))
            session = Session(attempt.child, attempt.channel, facts, self._plan.lock)
            self._attempt = None
        finally:
            self.close()
        return session

    def close(self) -> None:
        """End the worker, if it has not been handed over. May be called again."""
        if self._attempt is not None:
            self._attempt.end()
            self._attempt = None
        self._held.close()

    def __enter__(self) -> Self:
        """The pending worker itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close, however the block ended."""
        self.close()

    def _believed(self) -> tuple[Attempt, IsolationFacts]:
        while self._attempt is not None:
            try:
                return self._attempt, self._attempt.hello()
            except Unavailable as refusal:
                self._refused.append(str(refusal))
                self._attempt.end()
                self._attempt = self._next()
        message = "it was closed before it was ready"
        raise RuntimeError(message)

    def _next(self) -> Attempt:
        while self._left:
            name, backend = self._left.pop(0)
            try:
                return begin(self._plan, name, backend)
            except Unavailable as refusal:
                self._refused.append(f"{name}: {refusal}")
        what = f"no isolation ({'; '.join(self._refused)})"
        raise Unavailable(what, self._remedy)


def launch(
    program: str,
    lock: Lock,
    *,
    blobs: Mapping[str, bytes] = NO_BLOBS,
    arguments: Mapping[str, strict.JSON] = NO_ARGUMENTS,
    isolation: str = "auto",
) -> Pending:
    """Start a worker and return at once; several may be started before the first is waited for.

    `program` is the name of an importable module with `prepare(arguments) -> Program`; `blobs` reach its operations as
    read-only views of sealed memory. Raises Unavailable where nothing can be started.
    """
    architecture = _architecture()
    chosen = _chosen(isolation)
    order = strict.written({"program": program, "arguments": dict(arguments)})
    if len(order) > _MOST_ORDER_BYTES:
        message = f"arguments of {len(order)} bytes of JSON: pass large ones with a call"
        raise ValueError(message)
    with ExitStack() as held:
        handed: dict[str, tuple[int, int]] = {}
        for name, content in blobs.items():
            handed[name] = sealed(content)
            held.callback(os.close, handed[name][0])
        plan = Plan(
            lock=lock,
            architecture=architecture,
            reach=reach(program, lock.read_paths, lock.devices),
            sealed=handed,
            order=order,
            canary=canary(held),
        )
        pending = Pending(plan, chosen)
        pending.holds(held.pop_all())
    return pending


def start(
    program: str,
    lock: Lock,
    *,
    blobs: Mapping[str, bytes] = NO_BLOBS,
    arguments: Mapping[str, strict.JSON] = NO_ARGUMENTS,
    isolation: str = "auto",
) -> Session:
    """`launch`, and wait until the worker is ready."""
    return launch(program, lock, blobs=blobs, arguments=arguments, isolation=isolation).ready()


def known_backends() -> dict[str, Backend]:
    """Every backend by name, those of the automatic choice first and in its order."""
    found = members("lorascan.sandbox.backends", "SANDBOX", Backend)
    last = len(found)
    return dict(sorted(found.items(), key=lambda each: last if each[1].place is None else each[1].place))


def _chosen(isolation: str) -> list[tuple[str, Backend]]:
    every = known_backends()
    if isolation == "auto":
        return [(name, backend) for name, backend in every.items() if backend.place is not None]
    if isolation not in every:
        what = f"no isolation named {isolation}"
        raise Unavailable(what, f"choose auto, {', '.join(every)}")
    return [(isolation, every[isolation])]


def _architecture() -> str:
    machine = platform.machine()
    if sys.platform != "linux" or machine not in ARCHITECTURES or struct.calcsize("P") != 8:
        what = f"no isolation on {sys.platform} {machine}"
        raise Unavailable(what, f"run on 64-bit Linux, {' or '.join(ARCHITECTURES)}")
    return machine
