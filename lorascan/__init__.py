"""Decide whether an untrusted LoRA adapter for an image model may be admitted.

import lorascan
report = lorascan.audit("adapter.safetensors")
report.verdict.decision
"""

TYPE_CHECKING = False  # typing's own costs its import
if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType
    from typing import Any

    from lorascan.core.adapter import Adapter
    from lorascan.core.report import Report

__version__ = "0.1.0"


def audit(path: "str | Path", **settings: "Any") -> "Report":  # noqa: ANN401 - the fields of lorascan.settings.Settings
    """Audit one adapter, a file or a folder that holds just one; keyword arguments are the fields of `lorascan.settings.Settings`.

    Raises UsageError for settings that make no sense and for a folder that holds another number of adapters,
    FileNotFoundError where there is no file. Everything else is in the report.
    """
    from pathlib import Path  # noqa: PLC0415 - importing lorascan stays cheap

    from lorascan.auditing import audit as run  # noqa: PLC0415
    from lorascan.core.errors import UsageError  # noqa: PLC0415
    from lorascan.settings import settings_of  # noqa: PLC0415
    from lorascan.targets import select  # noqa: PLC0415

    Path(path).stat()
    if not Path(path).is_dir():
        return run(Path(path), settings_of(**settings))
    found = select([str(path)]).targets
    if len(found) != 1:
        message = f"the folder holds {len(found):,} adapters: audit one, or each of them by its file"
        raise UsageError(message)
    return run(found[0].path, settings_of(**settings), surroundings=found[0].surroundings)


def read(path: "str | Path", base: str | None = None) -> "Adapter":
    """Every update of one adapter file, and every tensor that is none; nothing is measured and nothing is loaded.

    Names are resolved against `base` first ("lab", a diffusers folder, a cached repository), then against the bases that
    ship. Raises Refused for a file that is no sound adapter, UsageError and Unavailable for a base that cannot be had,
    OSError for a file that cannot be read.
    """
    from pathlib import Path  # noqa: PLC0415 - importing lorascan stays cheap

    from lorascan.inspecting import read as run  # noqa: PLC0415

    return run(Path(path), base)


def render(report: "Report", output_format: str = "text") -> str:
    """A report in one of the formats of text: text, json, html, markdown, sarif, junit, … Raises UsageError for any other."""
    from lorascan.reporting import render as run  # noqa: PLC0415 - importing lorascan stays cheap

    return run(report, output_format)


def __getattr__(name: str) -> "ModuleType":
    """`lorascan.analysis` without an import of its own."""
    if name == "analysis":
        from importlib import import_module  # noqa: PLC0415 - importing lorascan stays cheap

        return import_module("lorascan.analysis")
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    """What is promised, and nothing that this module happens to need."""
    return sorted([*__all__, "analysis"])


__all__ = ["__version__", "audit", "read", "render"]
