"""Reads the limits and lists that a command line gives."""

import re
from pathlib import Path

from lorascan.core.bounded import read_bounded
from lorascan.core.errors import UsageError

_SIZE = re.compile(r"(\d{1,15})\s*(?:([KMGT]?)(i?)B?)?", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_DIGEST = re.compile(r"([0-9a-fA-F]{64})(?:\s+.*)?")
_LIST_BYTES = 64 * 2**20


def size(text: str) -> int:
    """Bytes of "500MB", "2GiB" or a plain number; K, M, G, T count by 1,000, with an i by 1,024. Raises UsageError."""
    match = _SIZE.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        message = f"{text!r} is no size; write it like 500MB, 2GiB or 1000000"
        raise UsageError(message)
    unit = 1024 if match[3] else 1000
    return int(match[1]) * int(unit ** _POWERS[(match[2] or "").upper()])


def digests(path: Path | None) -> frozenset[str]:
    """The SHA-256 digests of a list: one a line, a name may follow as sha256sum writes it; `#` begins a remark.

    Lower-case hex. Raises UsageError where the list cannot be read or a line is none: a list that is half read would let
    a file through.
    """
    if path is None:
        return frozenset()
    try:
        lines = read_bounded(path, _LIST_BYTES, "list").decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        message = f"cannot read the list {path}: {error}"
        raise UsageError(message) from error
    found = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _DIGEST.fullmatch(line.strip())
        if match is None:
            message = f"{path}, line {number}: no SHA-256 in 64 hexadecimal digits"
            raise UsageError(message)
        found.add(match[1].lower())
    return frozenset(found)
