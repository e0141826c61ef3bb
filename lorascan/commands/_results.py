"""Reads stored results."""

import json
from pathlib import Path
from typing import Any

from lorascan.core.bounded import read_bounded
from lorascan.core.errors import UsageError
from lorascan.core.report import Report
from lorascan.reporting import load

_BYTES = 2**31


def entries_of(result: Path) -> tuple[list[Any], bool]:
    """The reports of a JSON file, not yet read, and whether they stand in a list. Raises UsageError for what is no JSON."""
    try:
        told = json.loads(read_bounded(result, _BYTES, "result"))
    except (ValueError, RecursionError) as error:
        message = f"{result} is no JSON report"
        raise UsageError(message) from error
    return (told, True) if isinstance(told, list) else ([told], False)


def read_entry(entry: object) -> Report:
    """One report. Raises UsageError for what is none."""
    return load(json.dumps(entry))
