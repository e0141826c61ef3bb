"""Finds out what this machine can do for an audit."""

import os
import platform
import re
import sys
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_PROGRAM = "lorascan.sandbox.payload"
_AUDIT = ("torch", "torchvision", "diffusers", "peft", "transformers", "open_clip", "pandas", "pyarrow", "PIL", "ftfy")
_BUILT_FOR_CUDA = re.compile(r"^cuda\b.*= '([\d.]+)'", re.MULTILINE)
_DRIVER = Path("/proc/driver/nvidia/version")


def machine() -> dict[str, Any]:
    """Everything that `lorascan doctor` tells, as plain JSON values. Each backend is really started once."""
    isolation = _isolation()
    device = {"cpus": _cpus(), "memory_bytes": _memory(), "cuda": _cuda()}
    bases, missing = _bases(), [name for name in _AUDIT if find_spec(name) is None]
    remedies = [each["remedy"] for each in isolation["backends"] if each["remedy"] and each["automatic"]] if not isolation["chosen"] else []
    if missing:
        remedies.append('pip install "./lorascan[audit]"')
    if not bases:
        remedies.append("make the lab base with `make lab`, or give a folder with --base")
    return {
        "schema": "lorascan/doctor/v1",
        "version": _version(),
        "system": _system(),
        "isolation": isolation,
        "device": device,
        "bases": {name: str(folder) for name, folder in bases.items()},
        "extras_missing": missing,
        "remedies": remedies,
        "every_stage_can_run": bool(isolation["chosen"]) and not missing and bool(bases),
    }


def _system() -> dict[str, Any]:
    return {
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "python": platform.python_version(),
        "user": os.getuid() if hasattr(os, "getuid") else None,
        "ci": bool(os.environ.get("CI")),
        "landlock_abi": _landlock(),
        "user_namespaces": _number("/proc/sys/user/max_user_namespaces"),
    }


def _isolation() -> dict[str, Any]:
    from lorascan.sandbox import known_backends  # noqa: PLC0415 - the help stays light

    places = {name: backend.place for name, backend in known_backends().items() if name != "none"}
    tried = [_tried(name) | {"automatic": place is not None} for name, place in places.items()]
    chosen = next((each["name"] for each in tried if each["proved"] and each["automatic"]), None)
    return {"chosen": chosen, "backends": tried, "control_group": _control_group()}


def _control_group() -> dict[str, Any]:
    """Where a worker's memory can be bounded by a control group, and why not where it cannot."""
    from lorascan.sandbox import control_group  # noqa: PLC0415

    place = control_group.place() if sys.platform == "linux" else None
    missing = control_group.missing() if sys.platform == "linux" else "no control groups here"
    return {"place": None if place is None else str(place), "missing": missing}


def _tried(name: str) -> dict[str, Any]:
    from lorascan.core.errors import Unavailable  # noqa: PLC0415
    from lorascan.sandbox import WorkerError, start  # noqa: PLC0415
    from lorascan.settings import DEFAULT  # noqa: PLC0415
    from lorascan.worker.lock import lock_for  # noqa: PLC0415

    began = time.monotonic()
    try:
        with start(_PROGRAM, lock_for(DEFAULT.worker, ()), blobs={"adapter": b"x"}, isolation=name) as session:
            facts = session.facts
    except Unavailable as refusal:
        return {"name": name, "proved": False, "reason": refusal.what, "remedy": refusal.remedy}
    except WorkerError as error:
        return {"name": name, "proved": False, "reason": str(error), "remedy": "start it again; if it fails again, this is a bug"}
    return {
        "name": name,
        "proved": True,
        "reason": "",
        "remedy": "",
        "seconds": round(time.monotonic() - began, 3),
        "landlock_abi": facts.landlock_abi,
        "filter_sha256": facts.filter_sha256,
        "uid": facts.uid,
        "checks": dict(facts.checks),
        "limits": dict(facts.limits),
    }


def _cuda() -> dict[str, Any]:
    from lorascan.sandbox import nvidia  # noqa: PLC0415

    lacking = [each for each in (nvidia.missing(), _torch_without_cuda()) if each]
    driver = _DRIVER.read_text(encoding="ascii", errors="replace").splitlines()[:1] if _DRIVER.is_file() else []
    return {"nodes": list(nvidia.nodes()), "driver": "".join(driver), "missing": lacking, "verified": False}


def _torch_without_cuda() -> str:
    """Read off torch's own version file, which costs nothing where importing torch costs seconds."""
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return "torch is not installed"
    version = Path(spec.origin).with_name("version.py")
    built = version.is_file() and _BUILT_FOR_CUDA.search(version.read_text(encoding="utf-8"))
    return "" if built else "torch is built without CUDA"


def _bases() -> Mapping[str, Path]:
    from lorascan.bases._resolve import at_hand  # noqa: PLC0415

    return at_hand()


def _landlock() -> int:
    from lorascan.sandbox import landlock  # noqa: PLC0415

    return landlock.abi() if sys.platform == "linux" else 0


def _version() -> str:
    from lorascan import __version__  # noqa: PLC0415

    return __version__


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> int | None:
    if not hasattr(os, "sysconf"):
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _number(path: str) -> int | None:
    try:
        return int(Path(path).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
