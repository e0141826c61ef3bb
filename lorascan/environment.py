"""What an audit ran with."""

import platform
from importlib import metadata

_PACKAGES = ("lorascan", "numpy", "safetensors", "torch", "diffusers", "peft", "transformers", "open_clip_torch")


def environment() -> dict[str, str]:
    """Versions and machine facts that a second run needs to repeat the first; nothing is imported for it."""
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
    return found
