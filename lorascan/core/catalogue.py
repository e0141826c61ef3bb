"""Finds the members of a plug-in package."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType
from typing import TypeVar

MemberT = TypeVar("MemberT")


def members(package: str, constant: str, kind: type[MemberT], beginning: str = "") -> dict[str, MemberT]:
    """Module name → its typed constant, for every public module of the package, in name order.

    `beginning`: of those alone whose name begins so; the others are not imported. Raises TypeError where a module lacks the
    constant or holds one of another type: a plug-in that is not found would be a check that silently does not run.
    """
    found: dict[str, MemberT] = {}
    for name, member in _constants(package, constant, beginning):
        if not isinstance(member, kind):
            message = f"{package}.{name} must define {constant} of type {kind.__name__}"
            raise TypeError(message)
        found[name] = member
    return found


@cache
def _constants(package: str, constant: str, beginning: str) -> tuple[tuple[str, object], ...]:
    """Module name and constant (None where it is missing): asked for often, and the modules do not change."""
    names = (each for each in _public_modules(package) if each.startswith(beginning))
    return tuple((name, getattr(importlib.import_module(f"{package}.{name}"), constant, None)) for name in names)


@cache
def _public_modules(package: str) -> tuple[str, ...]:
    module: ModuleType = importlib.import_module(package)
    return tuple(sorted(each.name for each in pkgutil.iter_modules(module.__path__) if not each.name.startswith("_") and not each.ispkg))
