"""Decide whether an untrusted LoRA adapter for an image model may be admitted.

import lorascan
report = lorascan.audit("adapter.safetensors")
report.verdict.decision
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lorascan.core.report import Report

__version__ = "0.1.0"


def audit(path: "str | Path", **settings: Any) -> "Report":  # noqa: ANN401 - the fields of lorascan.settings.Settings
    """Audit one adapter file; keyword arguments are the fields of `lorascan.settings.Settings`.

    Raises UsageError for settings that make no sense, FileNotFoundError where there is no file. Everything else is in
    the report.
    """
    from lorascan.auditing import audit as run  # noqa: PLC0415 - importing lorascan stays cheap
    from lorascan.settings import settings_of  # noqa: PLC0415

    return run(Path(path), settings_of(**settings))


__all__ = ["__version__", "audit"]
