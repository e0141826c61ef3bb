"""Refuses a folder where a command takes one file."""

from pathlib import Path

from lorascan.core.errors import UsageError


def demand_no_folder(path: Path, command: str) -> None:
    """Raise UsageError, which names it, for a folder."""
    if path.is_dir():
        message = f"{path} is a folder, and {command} takes one file"
        raise UsageError(message)
