"""Names what a file really is when it is no safetensors."""

import re
from dataclasses import dataclass

from lorascan.core.errors import Refusal

_HEAD = 4096  # bytes looked at: every signature below lies within
_HTML = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body|script|\?xml)\b", re.IGNORECASE)
_LFS = re.compile(rb"version https://git-lfs\S*\s+oid sha256:[0-9a-f]{64}\s+size (\d{1,15})")
_PICKLE = re.compile(rb"\x80[\x01-\x05][\x00-\xff]|\(?c[\w.]+\n[\w.]+\n|[(\]}](?:[dlp]|[dl]p)\d*\n?[(cSV]")
_TAR = re.compile(rb"[\x00-\xff]{257}ustar")
_PATTERNS = (
    (_HTML, "LS113", "an HTML page, as a failed download leaves behind"),
    (_TAR, "LS113", "a tar archive"),
    (_PICKLE, "LS303", "a pickle"),
)
_PRINTABLE = re.compile(r"[^\x00-\x08\x0e-\x1f]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """A signature at the very start of a file."""

    signature: bytes
    name: str
    code: str = "LS113"


_KINDS = (
    _Kind(signature=b"PK\x03\x04", name="a zip archive", code="LS303"),
    _Kind(signature=b"PK\x05\x06", name="an empty zip archive"),
    _Kind(signature=b"GGUF", name="a GGUF model"),
    _Kind(signature=b"\x7fELF", name="a Linux program (ELF)"),
    _Kind(signature=b"MZ", name="a Windows program (PE)"),
    _Kind(signature=b"\xcf\xfa\xed\xfe", name="a macOS program (Mach-O)"),
    _Kind(signature=b"\xca\xfe\xba\xbe", name="a macOS program or Java class"),
    _Kind(signature=b"\x89PNG\r\n", name="a PNG picture"),
    _Kind(signature=b"\xff\xd8\xff", name="a JPEG picture"),
    _Kind(signature=b"GIF8", name="a GIF picture"),
    _Kind(signature=b"RIFF", name="a WebP picture or other RIFF file"),
    _Kind(signature=b"%PDF-", name="a PDF document"),
    _Kind(signature=b"7z\xbc\xaf\x27\x1c", name="a 7z archive"),
    _Kind(signature=b"Rar!\x1a\x07", name="a RAR archive"),
    _Kind(signature=b"\x1f\x8b\x08", name="a gzip archive"),
    _Kind(signature=b"BZh", name="a bzip2 archive"),
    _Kind(signature=b"\xfd7zXZ\x00", name="an xz archive"),
    _Kind(signature=b"\x28\xb5\x2f\xfd", name="a zstandard archive"),
    _Kind(signature=b"\x89HDF\r\n", name="an HDF5 file (Keras)"),
    _Kind(signature=b"\x93NUMPY", name="a NumPy array"),
    _Kind(signature=b"#!", name="a script"),
)


def wrong_kind(content: memoryview) -> Refusal | None:
    """The refusal for a file that is something else, its kind named; None where no kind is recognised.

    Call it only where the file does not look like safetensors: a few signatures are legal header lengths.
    """
    if not content:
        return _refusal("LS113", "the file is empty")
    head = bytes(content[:_HEAD])
    if pointer := _LFS.match(head):
        message = "a git-LFS pointer: the weights were not downloaded (git lfs pull fetches them)"
        return Refusal(code="LS112", message=message, where="byte 0", measured=int(pointer[1]))
    for kind in _KINDS:
        if head.startswith(kind.signature):
            return _refusal(kind.code, kind.name)
    for pattern, code, name in _PATTERNS:
        if pattern.match(head):
            return _refusal(code, name)
    return _text(head)


def _text(head: bytes) -> Refusal | None:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3 or len(head) < _HEAD:  # a character cut by the window is no fault
            return None
        text = head[: error.start].decode("utf-8")
    if not _PRINTABLE.fullmatch(text):
        return None
    kind = "a JSON document" if text.lstrip()[:1] in ("{", "[") else "plain text"
    return _refusal("LS113", f"{kind}, no weights")


def _refusal(code: str, kind: str) -> Refusal:
    return Refusal(code=code, message=f"this is no safetensors file: {kind}", where="byte 0", measured=kind)
