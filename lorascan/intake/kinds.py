"""Names what a file really is when it is no safetensors."""

import re
from dataclasses import dataclass

from lorascan.core.errors import Refusal
from lorascan.intake.tars import begins_as_tar

_HEAD = 4096  # bytes looked at: every signature below lies within
_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|!--|html|head|body|script|\?xml|svg)\b", re.IGNORECASE)
_LFS = re.compile(rb"version https://[\w.-]*git-lfs\S*\s+oid sha256:[0-9a-f]{64}\s+size (\d{1,15})")
_PICKLE = re.compile(rb"\x80[\x01-\x05][\x00-\xff]|\(?c[\w.]+\n[\w.]+\n|[(\]}](?:[dlp]|[dl]p)\d*\n?[(cSV]|\(i[\w.]+\n[\w.]+\n")
_XZ, _ZSTD = b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"
_COMPILED_PYTHON = re.compile(rb"[\x00-\xff][\x0b-\x0f]\r\n[\x00-\x03]\0\0\0")  # 3.7 to 3.15 and on
_SHEBANG = re.compile(rb"#![ \t]*/\S")
_PRINTABLE = re.compile(r"[^\x00-\x08\x0e-\x1f]*")
PACKED = ("a gzip archive", "a bzip2 archive", "an xz archive")
TAR, ZIP, PICKLE = "a tar archive", "a zip archive", "a pickle"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """A signature at the very start of a file."""

    signature: bytes
    name: str


_PROGRAMS = (
    _Kind(signature=b"\x7fELF", name="a Linux program (ELF)"),
    _Kind(signature=b"MZ", name="a Windows program (PE)"),
    _Kind(signature=b"\xcf\xfa\xed\xfe", name="a macOS program (Mach-O)"),
    _Kind(signature=b"\xce\xfa\xed\xfe", name="a macOS program (Mach-O)"),
    _Kind(signature=b"\xfe\xed\xfa\xcf", name="a macOS program (Mach-O)"),
    _Kind(signature=b"\xfe\xed\xfa\xce", name="a macOS program (Mach-O)"),
    _Kind(signature=b"\xca\xfe\xba\xbf", name="a macOS program (Mach-O)"),
    _Kind(signature=b"\xca\xfe\xba\xbe", name="a macOS program or Java class"),
    _Kind(signature=b"\x00asm\x01", name="a WebAssembly program"),
    _Kind(signature=b"dex\n03", name="an Android program"),
    _Kind(signature=b"L\x00\x00\x00\x01\x14\x02\x00", name="a Windows shortcut"),
)
_KINDS = (
    *_PROGRAMS,
    _Kind(signature=b"PK\x03\x04", name=ZIP),
    _Kind(signature=b"PK\x05\x06", name="an empty zip archive"),
    _Kind(signature=b"GGUF", name="a GGUF model"),
    _Kind(signature=b"ggjt", name="a GGML model"),
    _Kind(signature=b"\x89PNG\r\n", name="a PNG picture"),
    _Kind(signature=b"\xff\xd8\xff", name="a JPEG picture"),
    _Kind(signature=b"GIF8", name="a GIF picture"),
    _Kind(signature=b"RIFF", name="a WebP picture or other RIFF file"),
    _Kind(signature=b"%PDF-", name="a PDF document"),
    _Kind(signature=b"{\\rtf", name="an RTF document"),
    _Kind(signature=b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", name="an old Office document"),
    _Kind(signature=b"7z\xbc\xaf\x27\x1c", name="a 7z archive"),
    _Kind(signature=b"Rar!\x1a\x07", name="a RAR archive"),
    _Kind(signature=b"MSCF\0\0\0\0", name="a cabinet archive"),
    _Kind(signature=b"\x1f\x8b\x08", name=PACKED[0]),
    _Kind(signature=b"BZh", name=PACKED[1]),
    _Kind(signature=_XZ, name=PACKED[2]),
    _Kind(signature=_ZSTD, name="a zstandard archive"),
    _Kind(signature=b"\x89HDF\r\n", name="an HDF5 file (Keras)"),
    _Kind(signature=b"\x93NUMPY", name="a NumPy array"),
    _Kind(signature=b"SQLite format 3\0", name="an SQLite database"),
)


def wrong_kind(content: memoryview) -> Refusal | None:
    """The refusal for a file that is something else, its kind named; None where no kind is recognised.

    Call it only where the file does not look like safetensors: a few signatures are legal header lengths.
    """
    if not content:
        return _refusal("the file is empty")
    head = bytes(content[:_HEAD])
    if pointer := _LFS.match(head):
        message = "a git-LFS pointer: the weights were not downloaded (git lfs pull fetches them)"
        return Refusal(code="LS112", message=message, where="byte 0", measured=int(pointer[1]))
    name = next((kind.name for kind in _KINDS if head.startswith(kind.signature)), "")
    name = name or _patterned(head) or _inner_mark(head) or _text(head)
    return _refusal(name) if name else None


def program(head: bytes) -> str:
    """The kind of program that begins with these bytes, or ""."""
    if _SHEBANG.match(head):
        return "a script"
    if _COMPILED_PYTHON.match(head):
        return "compiled Python"
    if head.startswith(b"MZ") and not is_windows_program(head):
        return ""
    return next((kind.name for kind in _PROGRAMS if head.startswith(kind.signature)), "")


def is_windows_program(head: bytes) -> bool:
    """Whether a file that begins with MZ is what Windows would run: two letters alone stand before many a file."""
    place = int.from_bytes(head[60:64], "little")
    return head[place : place + 4] == b"PE\0\0" or b"This program cannot be run" in head[:1024]


def _patterned(head: bytes) -> str:
    if _HTML.match(head):
        return "an HTML page, as a failed download leaves behind"
    if begins_as_tar(memoryview(head)) or head[257:262] == b"ustar":
        return TAR
    if _SHEBANG.match(head):
        return "a script"
    return PICKLE if _PICKLE.match(head) else ""


def _inner_mark(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return "a video or HEIC picture"
    if head[4:8] == b"TFL3":
        return "a TensorFlow Lite model"
    return "an ONNX model" if head[:1] == b"\x08" and b"onnx" in head[:256].lower() else ""


def _text(head: bytes) -> str:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3 or len(head) < _HEAD:  # a character cut by the window is no fault
            return ""
        text = head[: error.start].decode("utf-8")
    if not _PRINTABLE.fullmatch(text):
        return ""
    kind = "a JSON document" if text.lstrip()[:1] in ("{", "[") else "plain text"
    return f"{kind}, no weights"


def _refusal(kind: str) -> Refusal:
    remedy = "; unpack it and audit the folder" if kind.endswith("archive") else ""
    return Refusal(code="LS113", message=f"this is no safetensors file: {kind}{remedy}", where="byte 0", measured=kind)
