"""Starts one worker with one backend, and believes its lock only when proved."""

import mmap
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias, cast

from lorascan.core.errors import Unavailable
from lorascan.sandbox import outside, seccomp, selfcheck, streams, strict, wire
from lorascan.sandbox.answers import Greeting
from lorascan.sandbox.backend import Apart, Backend, Command, Wanted
from lorascan.sandbox.channel import Channel
from lorascan.sandbox.control_group import MARGIN_BYTES, Group, made
from lorascan.sandbox.errors import WorkerDied, WorkerError, WorkerFailed, WorkerLied
from lorascan.sandbox.orders import Orders
from lorascan.sandbox.policy import ENVIRONMENT, LIBRARY_BYTES, NOBODY, IsolationFacts, Lock
from lorascan.sandbox.reach import Reach
from lorascan.sandbox.shown import shown
from lorascan.sandbox.spawn import NOTHING, Child, spawn
from lorascan.sandbox.wire import Bytes, Frame, Kind

_BOOT = "import sys; sys.path.append(sys.argv[1]); from lorascan.sandbox.launch import main; main(sys.argv[2])"
_PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])
_HELLO_SECONDS = 60.0
_THREADS_OF_LIBRARIES = 128
_WORKERS_AT_ONCE = 8
"""RLIMIT_NPROC counts all threads of a user, also those of other workers; this many may run side by side."""
_DESCRIPTORS = 256

Pipes: TypeAlias = tuple[int, int, int]
"""A worker's ends: requests, answers, chatter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to start, whichever backend does it. `sealed` names descriptors and sizes; `order` is the PREPARE frame's JSON."""

    lock: Lock
    architecture: str
    reach: Reach
    sealed: Mapping[str, tuple[int, int]]
    order: bytes
    canary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A worker that was started and not yet believed. `deadline` is on the monotonic clock, `outgoing` what it waits for."""

    name: str
    command: Command
    child: Child
    channel: Channel
    orders: Orders
    deadline: float
    outgoing: Sequence[Bytes] = field(default=(), repr=False)

    def hello(self) -> IsolationFacts:
        """The isolation that HELLO proves. Raises Unavailable where it does not, WorkerError where the worker is gone by then."""
        deadline = min(self.deadline, time.monotonic() + _HELLO_SECONDS)
        try:
            frame = self._next(Kind.HELLO, deadline, self.outgoing)
            facts = _facts(self.name, strict.parse(frame.body), self.orders)
        except (WorkerError, ValueError) as error:
            raise Unavailable(f"{self.name}: {error}", self._hint()) from None
        self.child.find(self.orders.canary)
        facts = replace(facts, limits=MappingProxyType({**facts.limits, **self.child.limits()}))
        against = self._contradiction()
        if against and self.channel.hung_up():  # it died meanwhile: what was looked at is not the worker
            self.ready()
            raise WorkerDied(self.child.obituary())
        if against:
            raise Unavailable(f"{self.name}: {against}", self._hint())
        return facts

    def ready(self) -> Mapping[str, bool]:
        """The further checks that READY proves. Raises WorkerError where the program did not get that far."""
        try:
            frame = self._next(Kind.READY, self.deadline)
        except WorkerFailed:
            raise
        except WorkerError as error:
            raise type(error)(f"{error}{said(self.channel)}") from None
        try:
            checks = _checks(strict.parse(frame.body), selfcheck.SECOND if self.command.locked else {})
        except ValueError as error:
            raise WorkerLied(f"the second lock is {error}") from None
        against = self._contradiction()
        if against and not self.channel.hung_up():
            raise WorkerLied(against)
        return checks

    def end(self) -> None:
        """Kill the worker and close its pipes."""
        self.child.kill()
        self.channel.close()

    def _next(self, kind: Kind, deadline: float, outgoing: Sequence[Bytes] = ()) -> Frame:
        judge = Greeting(kind).judge
        for frame in self.channel.exchange(outgoing, judge, idle_seconds=float("inf"), deadline=deadline):
            if frame.kind is Kind.ERROR:
                raise WorkerFailed(shown(frame.body.decode("utf-8", "replace")))
            return frame
        raise WorkerDied(self.child.obituary())  # not reached: exchange ends by an error or by us

    def _contradiction(self) -> str:
        return outside.lock_contradicted(self.child.worker) if self.command.locked else ""

    def _hint(self) -> str:
        return shown(self.channel.last_words(), 400) or "it said nothing"


def said(channel: Channel) -> str:
    """What a worker last wrote to stdout and stderr, as the end of a sentence."""
    words = shown(channel.last_words())
    return f"; it last wrote: {words}" if words else ""


def begin(plan: Plan, name: str, backend: Backend) -> Attempt:
    """Start the launcher. Raises Unavailable where this machine lacks what the backend takes."""
    environment = {**ENVIRONMENT, "OMP_NUM_THREADS": str(plan.lock.threads)}
    tasks = _THREADS_OF_LIBRARIES + 8 * plan.lock.threads
    memory = plan.lock.memory_bytes + MARGIN_BYTES + sum(size for _, size in plan.sealed.values())
    command = backend.command(Wanted(reach=plan.reach, environment=environment, memory_bytes=memory, tasks=tasks))
    with ExitStack() as ours, ExitStack() as theirs:
        request, our_request = _pipe(theirs, ours)
        our_reply, reply = _pipe(ours, theirs)
        our_chatter, chatter = _pipe(ours, theirs)
        group = None if command.apart else made(plan.lock.memory_bytes + MARGIN_BYTES, tasks)
        if group is not None:
            ours.callback(group.remove)
        orders = _orders(plan, command, request=request, reply=reply, group=_entrance(group, theirs))
        if command.apart is None:
            wire.send(our_request, Kind.PREPARE, plan.order)  # fits the pipe; so that all workers import at the same time
        arguments = [*command.prefix, plan.reach.interpreter, "-I", "-S", "-B", "-c", _BOOT, _PACKAGE_PARENT, orders.written()]
        try:
            child = _spawned(arguments, environment, orders, command.apart, group, (request, reply, chatter))
        except OSError as error:
            raise Unavailable(f"{name}: {error}", "it could not be started") from error
        ours.callback(child.kill)
        channel = Channel(
            child,
            request=our_request,
            reply=our_reply,
            chatter=our_chatter,
            chatter_bytes=plan.lock.chatter_bytes,
            memory_bytes=plan.lock.memory_bytes,
        )
        ours.pop_all()
    deadline = time.monotonic() + plan.lock.start_seconds
    outgoing = _sent_instead(plan) if command.apart else ()
    return Attempt(name=name, command=command, child=child, channel=channel, orders=orders, deadline=deadline, outgoing=outgoing)


def _spawned(
    arguments: Sequence[str], environment: Mapping[str, str], orders: Orders, apart: Apart | None, group: Group | None, pipes: Pipes
) -> Child:
    request, reply, chatter = pipes
    if apart is not None:
        return spawn(arguments, apart.environment, (), (request, reply, chatter), apart=apart)
    inherited = {*orders.descriptors, orders.group} - {-1, 0, 1, 2}
    return spawn(arguments, environment, inherited, (NOTHING, chatter, chatter), group=group)


def _entrance(group: Group | None, theirs: ExitStack) -> int:
    if group is None:
        return -1
    try:
        descriptor = group.entrance()
    except OSError:
        return -1
    theirs.callback(os.close, descriptor)
    return descriptor


def _sent_instead(plan: Plan) -> tuple[Bytes, ...]:
    """The frames by which a worker apart gets what others inherit: sealed files in their order, then the order to prepare."""
    frames: list[Bytes] = []
    for descriptor, size in plan.sealed.values():
        content = mmap.mmap(descriptor, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ) if size else b""
        frames += [wire.head(Kind.BLOB, size), memoryview(content)]
    return (*frames, wire.head(Kind.PREPARE, len(plan.order)), plan.order)


def canary(cleanup: ExitStack) -> str:
    """A file that everybody on this machine can read, but no locked worker; removed by `cleanup`."""
    descriptor, path = tempfile.mkstemp(prefix="lorascan-canary-")
    cleanup.callback(Path(path).unlink, missing_ok=True)
    os.fchmod(descriptor, 0o644)
    os.write(descriptor, b"a locked worker that can read this is not locked\n")
    os.close(descriptor)
    return path


def _pipe(first: ExitStack, second: ExitStack) -> tuple[int, int]:
    """A pipe's reading and writing end, each closed by its owner."""
    reading, writing = os.pipe2(os.O_CLOEXEC)
    first.callback(os.close, reading)
    second.callback(os.close, writing)
    return reading, writing


def _orders(plan: Plan, command: Command, *, request: int, reply: int, group: int) -> Orders:
    handed = plan.sealed
    if command.apart:
        request, reply = streams.REQUEST, streams.REPLY
        handed = {name: (number, size) for number, (name, (_, size)) in enumerate(plan.sealed.items(), streams.FIRST_SEALED)}
    return Orders(
        locked=command.locked,
        parent=0 if command.own_processes else os.getpid(),
        uncover=command.uncover,
        architecture=plan.architecture,
        request=request,
        reply=reply,
        sealed=handed,
        limits=limits(plan.lock),
        readable=plan.reach.trees,
        required=plan.reach.required,
        import_path=plan.reach.import_path,
        packages=plan.reach.packages,
        canary=plan.canary,
        devices=plan.lock.devices,
        streams=command.apart is not None,
        group=group,
    )


def limits(lock: Lock) -> dict[str, int]:
    """The kernel's limits for a worker, by name: bytes, seconds, counts."""
    threads = _WORKERS_AT_ONCE * (_THREADS_OF_LIBRARIES + 8 * lock.threads)
    user = NOBODY if os.geteuid() == 0 else os.getuid()
    found = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_NOFILE": _DESCRIPTORS,
        "RLIMIT_DATA": lock.memory_bytes,
        "RLIMIT_AS": lock.memory_bytes + LIBRARY_BYTES,
        "RLIMIT_CPU": lock.cpu_seconds,
        "RLIMIT_NPROC": outside.tasks_of(user) + threads,
    }
    if lock.devices:
        del found["RLIMIT_AS"]  # CUDA reserves far more addresses than it uses
    return found


def _facts(name: str, said: Mapping[str, strict.JSON], orders: Orders) -> IsolationFacts:
    facts = IsolationFacts(
        backend=name,
        landlock_abi=_integer(said, "landlock_abi"),
        filter_sha256=str(said.get("filter_sha256")),
        uid=_integer(said, "uid"),
        checks=_checks(said, selfcheck.first(orders) if orders.locked else {}),
        limits=MappingProxyType({key: _integer(_mapping(said, "limits"), key) for key in orders.limits}),
    )
    if not orders.locked:
        return facts
    if facts.landlock_abi < 1 or facts.uid == 0 or facts.filter_sha256 != seccomp.fingerprint(orders.architecture, gpu=orders.gpu):
        message = "HELLO describes another lock than the one ordered"
        raise ValueError(message)
    return facts


def _checks(said: Mapping[str, strict.JSON], wanted: Mapping[str, Callable[..., bool]]) -> Mapping[str, bool]:
    """Every wanted check, all of them passed. Raises ValueError naming those that are not."""
    passed = _mapping(said, "checks")
    missed = [name for name in wanted if passed.get(name) is not True]
    if missed or set(passed) != set(wanted):
        message = f"not proved: {', '.join(missed) or 'more than was asked'}"
        raise ValueError(message)
    return MappingProxyType(dict.fromkeys(wanted, True))


def _mapping(said: Mapping[str, strict.JSON], key: str) -> Mapping[str, strict.JSON]:
    value = said.get(key)
    if not isinstance(value, dict):
        message = f"{key} is missing"
        raise ValueError(message)  # noqa: TRY004 - what a worker said, not what a caller passed
    return cast("Mapping[str, strict.JSON]", value)


def _integer(said: Mapping[str, strict.JSON], key: str) -> int:
    value = said.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        message = f"{key} is missing"
        raise ValueError(message)  # noqa: TRY004 - see above
    return value
