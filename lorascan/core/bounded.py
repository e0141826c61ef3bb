"""Reads a file that the user named, up to a bound."""

from pathlib import Path

from lorascan.core.errors import UsageError


def read_bounded(path: Path, most: int, kind: str) -> bytes:
    """The bytes of a file of at most `most` bytes; `kind` names it in errors: "policy", "baseline".

    Raises UsageError where it cannot be read, or is larger: what is half read would be judged by its first half.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(most + 1)
    except OSError as error:
        message = f"cannot read the {kind} {path}: {error.strerror or error}"
        raise UsageError(message) from error
    if len(raw) > most:
        message = f"cannot read the {kind} {path}: it has more than {most:,} bytes"
        raise UsageError(message)
    return raw
