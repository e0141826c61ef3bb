"""Which NVIDIA device nodes this machine has."""

import re
from pathlib import Path

_CONTROL = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools")
_CARD = re.compile(r"nvidia[0-9]+")


def nodes(folder: Path = Path("/dev")) -> tuple[str, ...]:
    """The nodes through which CUDA works, control nodes first; empty without one card and the two that it needs."""
    cards = sorted(each.name for each in folder.iterdir() if _CARD.fullmatch(each.name)) if folder.is_dir() else []
    control = [name for name in _CONTROL if (folder / name).exists()]
    if not cards or not {"nvidiactl", "nvidia-uvm"} <= set(control):
        return ()
    return tuple(str(folder / name) for name in (*control, *cards))


def missing(folder: Path = Path("/dev")) -> str:
    """Which node a worker on a GPU lacks; "" where none."""
    if nodes(folder):
        return ""
    absent = [str(folder / name) for name in ("nvidiactl", "nvidia-uvm", "nvidia0") if not (folder / name).exists()]
    return f"no NVIDIA GPU at hand: {', '.join(absent) or folder} missing"
