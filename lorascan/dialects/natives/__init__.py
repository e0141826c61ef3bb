"""Names of modules in the original code of each architecture: one file an architecture."""

from collections.abc import Iterator, Mapping
from functools import cache

from lorascan.core.catalogue import members
from lorascan.dialects.natives._native import Native, NativeName, names_of

__all__ = ["Native", "NativeName", "native_names", "natives"]


@cache
def natives() -> dict[str, Native]:
    """Module name → architecture, in name order."""
    return members("lorascan.dialects.natives", "NATIVE", Native)


def native_names(paths: Mapping[str, tuple[int, ...]]) -> Iterator[NativeName]:
    """Every original name that the modules of one component have."""
    for native in natives().values():
        if all(marker in paths for marker in native.markers):
            yield from names_of(native, paths)
