"""Finds the members of a plug-in package."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType
from typing import TypeVar

MemberT = TypeVar("MemberT")


def members(package: str, constant: str, kind: type[MemberT]) -> dict[str, MemberT]:
    """Module name → its typed constant, for every public module of the package, in name order.

    Raises TypeError where a module lacks the constant or holds one of another type: a plug-in that is
    not found would be a check that silently does not run.
    """
    return dict(_members(package, constant, kind))


@cache
def _members(package: str, constant: str, kind: type[MemberT]) -> tuple[tuple[str, MemberT], ...]:
    found: list[tuple[str, MemberT]] = []
    for name in _public_modules(package):
        member = getattr(importlib.import_module(f"{package}.{name}"), constant, None)
        if not isinstance(member, kind):
            message = f"{package}.{name} must define {constant} of type {kind.__name__}"
            raise TypeError(message)
        found.append((name, member))
    return tuple(found)


@cache
def _public_modules(package: str) -> tuple[str, ...]:
    module: ModuleType = importlib.import_module(package)
    return tuple(sorted(each.name for each in pkgutil.iter_modules(module.__path__) if not each.name.startswith("_") and not each.ispkg))
