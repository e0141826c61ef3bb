"""The corpus: one file a group, each with a tuple CASES."""

import importlib
import pkgutil

from tests.hostile.case import Case


def corpus() -> dict[str, Case]:
    """Every case by name, in group order. Raises ValueError where two have one name."""
    found: dict[str, Case] = {}
    for module in sorted(each.name for each in pkgutil.iter_modules(__path__)):
        for case in importlib.import_module(f"{__name__}.{module}").CASES:
            name = f"{module}: {case.name}"
            if name in found:
                message = f"two cases are called {name!r}"
                raise ValueError(message)
            found[name] = case
    return found


def hostile() -> dict[str, Case]:
    """Those that must not be admitted."""
    return {name: case for name, case in corpus().items() if case.rules and not case.admitted}


def honest() -> dict[str, Case]:
    """Those that nothing may hold up, remarks allowed."""
    return {name: case for name, case in corpus().items() if not case.rules}
