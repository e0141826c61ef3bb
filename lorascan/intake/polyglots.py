"""Finds files that are also something else."""

import zlib
from collections.abc import Iterator

from lorascan.core.errors import Refusal
from lorascan.intake.kinds import is_windows_program
from lorascan.intake.pickles import imports
from lorascan.intake.tars import begins_as_tar

_EOCD = b"PK\x05\x06"
_EOCD_SIZE = 22
_ZIP64_LOCATOR = b"PK\x06\x07"
_ZIP64_LOCATOR_SIZE = 20
_ZIP_COMMENT = 65_535  # longest comment behind the end-of-central-directory record
_SELF_EXTRACTING = 8 * 2**20  # bytes that unpackers search for the start of a 7z or RAR archive, and more
_SIGNATURES = ((b"7z\xbc\xaf\x27\x1c", "a 7z archive"), (b"Rar!\x1a\x07", "a RAR archive"))
_PDF_SEARCHED = 1024  # bytes in which readers look for the mark of a PDF
_ISO_MARK = slice(0x8001, 0x8006)
_DMG_TRAILER = 512
_GZIP_TRIED = 65_536
_GZIP_ENOUGH = 16  # bytes that chance does not unpack to


def also_something_else(content: memoryview) -> list[Refusal]:
    """LS110 for an archive, document or program, LS111 for a pickle, that the same bytes also are."""
    found = [Refusal(code="LS110", message=f"the file is also {kind}", measured=kind) for kind in _kinds(content)]
    if imported := imports(content):
        message = "the file is also a pickle: loading it as one runs code"
        found.append(Refusal(code="LS111", message=message, where="byte 0", measured=min(imported)))
    return found


def _kinds(content: memoryview) -> Iterator[str]:
    if _ends_as_zip(content):
        yield "a zip archive"
    if begins_as_tar(content):
        yield "a tar archive"
    start = bytes(content[:_SELF_EXTRACTING])
    yield from (kind for signature, kind in _SIGNATURES if signature in start)
    if b"%PDF-" in start[:_PDF_SEARCHED]:
        yield "a PDF document"
    if start[_ISO_MARK] == b"CD001":
        yield "a disk image (ISO 9660)"
    if bytes(content[-_DMG_TRAILER:][:4]) == b"koly":
        yield "a disk image (macOS)"
    if start.startswith(b"MZ") and is_windows_program(start):
        yield "a Windows program (PE)"
    if start.startswith(b"\x1f\x8b\x08") and _unpacks(start[:_GZIP_TRIED]):
        yield "a gzip archive"


def _unpacks(start: bytes) -> bool:
    try:
        return len(zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(start, _GZIP_ENOUGH)) == _GZIP_ENOUGH
    except zlib.error:
        return False


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
