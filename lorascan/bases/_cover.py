"""Tells bases of equal blocks apart by how many blocks they have."""

import re
from collections.abc import Iterable, Mapping

from lorascan.core.adapter import Update
from lorascan.dialects import Manifest

DEEP = 12
"""Blocks from which on it is no accident that a file updates just the first so many."""
_BLOCK = re.compile(r"([a-z_]+)\.([0-9]+)\.")

Stacks = Mapping[str, set[int]]


def covered(updates: Iterable[Update], bases: Iterable[Manifest]) -> tuple[str, ...]:
    """The families in which the file updates every block of every stack that it touches, the deepest of `DEEP` blocks or more.

    A FLUX.1 adapter on all 19 and 38 blocks fits the first 19 and 38 of HunyuanVideo's 20 and 40 as well.
    """
    touched = _stacks((each.component, each.module_path) for each in updates if each.resolved)
    if max((len(numbers) for numbers in touched.values()), default=0) < DEEP:
        return ()
    return tuple(each.family for each in bases if _covers(touched, each))


def _covers(touched: Stacks, base: Manifest) -> bool:
    whole = _stacks((component, path) for component, modules in base.modules.items() for path in modules)
    return all(whole.get(stack) == numbers for stack, numbers in touched.items())


def _stacks(modules: Iterable[tuple[str, str]]) -> Stacks:
    """Component and name of each outer list of blocks → the numbers in it."""
    stacks: dict[str, set[int]] = {}
    for component, path in modules:
        found = _BLOCK.match(path)
        if found:
            stacks.setdefault(f"{component}.{found[1]}", set()).add(int(found[2]))
    return stacks
