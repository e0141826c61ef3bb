"""Locks this process, then lets it work.

Runs first in a fresh Python that has imported nothing but the standard library and has one thread. The order matters:
each step needs what the next one takes away.
"""

import errno
import importlib
import importlib.machinery
import importlib.util
import json
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType

from lorascan.sandbox import landlock, mounts, privileges, seccomp, selfcheck, serve, streams, strict, wire
from lorascan.sandbox.orders import Orders
from lorascan.sandbox.wire import Kind


class Located(MetaPathFinder):
    """Finds top-level packages at places given beforehand, whose surrounding folders may be unreadable."""

    def __init__(self, places: Mapping[str, str]) -> None:
        """`places`: package or module name → its folder or file."""
        self._places = places

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        """The module's place, or None for a module that is not ours."""
        del target
        place = self._places.get(name)
        if path is not None or place is None:
            return None
        if not Path(place).is_dir():
            return importlib.util.spec_from_file_location(name, place)
        first = Path(place, "__init__.py")
        if first.exists():
            return importlib.util.spec_from_file_location(name, first, submodule_search_locations=[place])
        spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [place]
        return spec


def main(text: str) -> None:
    """Lock as ordered, say HELLO, prepare the program, lock further, say READY, serve until the parent closes its end."""
    orders = Orders.read(text)
    privileges.enter(orders.group)
    if orders.streams:
        streams.take_over(orders)
    try:
        version = lock(orders) if orders.locked else 0
    except OSError as error:
        sys.exit(f"the lock could not be put on: {error.strerror or error}")
    hello = {
        "landlock_abi": version,
        "filter_sha256": seccomp.fingerprint(orders.architecture, gpu=orders.gpu) if orders.locked else "",
        "uid": os.getuid(),
        "checks": selfcheck.first_stage(orders) if orders.locked else {},
        "limits": selfcheck.limits_in_force(orders.limits),
    }
    wire.send(orders.reply, Kind.HELLO, strict.written(hello))
    serve.report_crashes(orders.reply)
    program = _prepared(orders)
    if orders.locked:
        seccomp.install(orders.architecture, 2, os.getpid(), gpu=orders.gpu)
    checks = selfcheck.second_stage(orders) if orders.locked else {}
    wire.send(orders.reply, Kind.READY, strict.written({"checks": checks}))
    serve.serve(program, orders.request, orders.reply, orders.sealed)
    os._exit(0)


def lock(orders: Orders) -> int:
    """Take everything away. Returns the Landlock ABI in force. Raises OSError where a step fails: then nothing may run."""
    _close_all_but(orders.descriptors)
    privileges.volunteer_for_memory_killer()
    privileges.die_with_parent(orders.parent)
    if os.getuid() == 0:
        if orders.uncover:
            mounts.uncover(orders.readable)
        privileges.become_nobody()
        privileges.die_with_parent(orders.parent)
    _see_that_all_is_readable(orders.required)
    privileges.limit(orders.limits)
    privileges.give_up_the_rest(orders.architecture)
    own, own_folders = ([f"/proc/self/{name}" for name in names] for names in (landlock.OWN_FILES, landlock.OWN_FOLDERS))
    written = own_folders if orders.gpu else ()  # CUDA names its threads through their comm files
    version = landlock.restrict([*orders.readable, *landlock.SYSTEM_FILES, *own], own_folders, written, orders.devices)
    seccomp.install(orders.architecture, 1, os.getpid(), gpu=orders.gpu)
    return version


def _prepared(orders: Orders) -> serve.Program:
    frame = wire.receive(orders.request)
    if frame is None:
        os._exit(0)
    asked = json.loads(frame.body)
    sys.path[:] = orders.import_path
    sys.meta_path.append(Located(orders.packages))
    for name in orders.packages.keys() & sys.modules.keys():
        sys.modules[name].__path__ = [orders.packages[name]]
    sys.argv[:] = [""]
    program = importlib.import_module(asked["program"]).prepare(asked["arguments"])
    if not isinstance(program, serve.Program):
        message = f"{asked['program']}.prepare must return a Program"
        raise TypeError(message)
    return program


def _close_all_but(kept: frozenset[int]) -> None:
    start = 0
    for number in sorted(kept):
        if start < number:  # an empty range would close everything: bpo "closerange(0, 0)"
            os.closerange(start, number)
        start = number + 1
    os.closerange(start, 2**31 - 1)


def _see_that_all_is_readable(paths: Sequence[str]) -> None:
    for path in paths:
        if not os.access(path, os.R_OK):
            message = f"{path} cannot be read by user {os.getuid()}: let others read it, or start as an ordinary user"
            raise PermissionError(errno.EACCES, message)
