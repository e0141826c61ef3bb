"""What an audit ran with."""

import platform
from functools import cache
from importlib import metadata

_PACKAGES = ("lorascan", "numpy", "safetensors", "torch", "diffusers", "peft", "transformers", "open_clip_torch")


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
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return tuple(found.items())
