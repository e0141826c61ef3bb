"""Finds files that are also something else."""

from collections.abc import Iterator

from lorascan.core.errors import Refusal
from lorascan.intake.pickles import imports

_EOCD = b"PK\x05\x06"
_EOCD_SIZE = 22
_ZIP64_LOCATOR = b"PK\x06\x07"
_ZIP64_LOCATOR_SIZE = 20
_ZIP_COMMENT = 65_535  # longest comment behind the end-of-central-directory record
_TAR_BLOCK = 512
_TAR_SUM = slice(148, 156)
_SELF_EXTRACTING = 8 * 2**20  # bytes that unpackers search for the start of a 7z or RAR archive, and more
_SIGNATURES = ((b"7z\xbc\xaf\x27\x1c", "a 7z archive"), (b"Rar!\x1a\x07", "a RAR archive"))


def also_something_else(content: memoryview) -> list[Refusal]:
    """LS110 for an archive, LS111 for a pickle, that the same bytes also are."""
    found = [Refusal(code="LS110", message=f"the file is also {kind}", measured=kind) for kind in _kinds(content)]
    if imported := imports(content):
        message = "the file is also a pickle: loading it as one runs code"
        found.append(Refusal(code="LS111", message=message, where="byte 0", measured=min(imported)))
    return found


def _kinds(content: memoryview) -> Iterator[str]:
    if _ends_as_zip(content):
        yield "a zip archive"
    if _begins_as_tar(content):
        yield "a tar archive"
    start = bytes(content[:_SELF_EXTRACTING])
    yield from (kind for signature, kind in _SIGNATURES if signature in start)


def _ends_as_zip(content: memoryview) -> bool:
    """Whether some end-of-central-directory record in reach of unzip points at a central directory."""
    offset = max(0, len(content) - _EOCD_SIZE - _ZIP_COMMENT)
    tail = bytes(content[offset:])
    at = tail.rfind(_EOCD)
    while at >= 0:
        if len(tail) - at >= _EOCD_SIZE and _points_at_directory(content, offset + at):
            return True
        at = tail.rfind(_EOCD, 0, at)
    return False


def _points_at_directory(content: memoryview, at: int) -> bool:
    locator = at - _ZIP64_LOCATOR_SIZE
    if locator >= 0 and bytes(content[locator : locator + 4]) == _ZIP64_LOCATOR:
        return True
    size = int.from_bytes(content[at + 12 : at + 16], "little")
    told = int.from_bytes(content[at + 16 : at + 20], "little")
    return any(0 <= start < at and bytes(content[start : start + 4]) == b"PK\x01\x02" for start in (at - size, told))


def _begins_as_tar(content: memoryview) -> bool:
    """Whether the first block carries a right tar checksum, with or without the ustar mark."""
    if len(content) < _TAR_BLOCK:
        return False
    block = bytes(content[:_TAR_BLOCK])
    digits = block[_TAR_SUM].strip(b" \0")
    if not digits or digits.translate(None, b"01234567"):
        return False
    return int(digits, 8) == sum(block) - sum(block[_TAR_SUM]) + 8 * ord(" ")
