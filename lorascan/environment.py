"""What an audit ran with."""

import platform
import re
from functools import cache
from importlib import metadata

_PACKAGES = ("lorascan", "numpy", "safetensors", "torch", "diffusers", "peft", "transformers", "open_clip_torch")
_VERSION = re.compile(r"^Version: *(\S+)", re.MULTILINE)


def environment() -> dict[str, str]:
    """Versions and machine facts that a second run needs to repeat the first; nothing is imported for it."""
    return dict(_found())


@cache
def _found() -> tuple[tuple[str, str], ...]:
    """Asked for with every adapter, and the same as long as the process lives."""
    found = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
    }
    for package in _PACKAGES:
        found[package] = _version(package)
    return tuple(found.items())


def _version(package: str) -> str:
    """As `metadata.version` tells it; that parses the package's whole description as a mail, a millisecond each."""
    try:
        told = metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return "not installed"
    line = _VERSION.search((told.read_text("METADATA") or "").partition("\n\n")[0])
    return line[1] if line else told.version
