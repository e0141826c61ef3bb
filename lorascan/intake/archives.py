"""Looks into archives that are no checkpoint, without unpacking them."""

import bz2
import lzma
import re
import zlib
from collections.abc import Iterator
from itertools import islice

from lorascan.core.errors import Refusal
from lorascan.intake.arrays import holds_objects, unpickled_part
from lorascan.intake.checkpoints import is_named, judged_members
from lorascan.intake.kinds import PACKED, PICKLE, TAR, ZIP, program, wrong_kind
from lorascan.intake.pickles import judge, streams
from lorascan.intake.tars import begins_as_tar, read_tar
from lorascan.intake.zips import Zip, member_bytes, read_zip

_LEAVES = re.compile(r"(?:^|[/\\])\.\.(?:[/\\]|$)|^[/\\]|^[A-Za-z]:|\0")
_INFLATED = 64 * 2**20  # bytes that are unpacked to look inside
_RATIO = 100
_HEAD = 4096
_PICKLE_NAMES = (".pkl", ".pickle")
_NESTED = (b"PK\x03\x04", b"7z\xbc\xaf", b"Rar!")
NESTED = "an archive inside the archive: it was not looked into"
_REPORTED = 20
_CODE = (
    *(".py", ".pyc", ".pyd", ".pyw", ".pyz", ".pyi", ".pyx", ".ipynb", ".whl", ".egg", ".so", ".dll", ".exe", ".dylib", ".node", ".wasm"),
    *(".sh", ".bash", ".zsh", ".fish", ".bat", ".cmd", ".com", ".ps1", ".psm1", ".psd1", ".vbs", ".vbe", ".wsf", ".sct", ".hta"),
    *(".js", ".jse", ".mjs", ".cjs", ".lnk", ".scr", ".cpl", ".msi", ".reg", ".inf", ".desktop", ".command", ".scpt", ".jar", ".apk"),
    *(".rb", ".pl", ".php", ".lua", ".jl", ".r", ".c", ".cc", ".cpp", ".cu", ".rs", ".go", ".chm", ".appimage", ".deb", ".rpm", ".dmg"),
    *(".iso", ".img", ".vhd", ".xll", ".docm", ".xlsm", ".pptm", ".one", ".rdp", ".settingcontent-ms"),
)
_BUILDS = ("makefile", "dockerfile", "jenkinsfile", "vagrantfile", "gnumakefile", "setup.cfg")
_STARTS = (".envrc", ".bashrc", ".bash_profile", ".profile", ".zshrc", ".zprofile", ".zshenv")
_TASKS = ("tasks.json", ".code-workspace")
_PAGES = (".html", ".htm", ".xhtml", ".svg", ".mht", ".mhtml")
_RUNS = re.compile(rb"<script[\s>/]|\son[a-z]{3,20}\s*=\s*[\"'\w]|javascript:", re.IGNORECASE)
_SHORTCUTS = (".url", ".webloc")
_OPENS = re.compile(rb"(?:URL\s*=|<string>)\s*(?!https?://)[\w\\]", re.IGNORECASE)
_HDF5 = b"\x89HDF\r\n\x1a\n"
_LAMBDA = re.compile(rb"\"class_name\"\s*:\s*\"(?:Lambda|__lambda__)\"")
"""A layer of Keras whose weights are Python code, in the model's own JSON."""
_KERAS = "code of a Keras layer"
_CONFIG_BYTES = 2**20
_NUMBERED = re.compile(r"(?:\.so)(?:\.\d+)+\Z")
_SEALED = {b"7z\xbc\xaf": "a 7z archive", b"Rar!": "a RAR archive", b"MSCF": "a cabinet archive"}


def is_code(name: str, head: bytes) -> str:
    """The kind of program that a file is by its first bytes or its suffix, or ""."""
    lowered = _NUMBERED.sub(".so", name.lower().rstrip(" ."))
    found = program(head) or next((f"code ({suffix})" for suffix in _CODE if lowered.endswith(suffix)), "")
    last = lowered.rpartition("/")[2]
    if not found and last in _BUILDS:
        found = "instructions of a build"
    if not found and last in _STARTS:
        found = "commands that a shell runs when it starts or enters the folder"
    if not found and last.endswith(_TASKS) and b"folderOpen" in head:
        found = "a task that an editor runs when it opens the folder"
    if not found and lowered.endswith(_PAGES) and _RUNS.search(head):
        found = "a page that runs a script"
    if not found and lowered.endswith(_SHORTCUTS) and _OPENS.search(head):
        found = "a shortcut that opens more than a web page"
    return found


def is_loose(name: str, head: bytes) -> bool:
    """Whether a file that is no adapter is a pickle or an archive, by its name or its first bytes."""
    if holds_objects(head) or head.startswith((*_SEALED, _HDF5)):
        return True
    kind = wrong_kind(memoryview(head))
    return name.lower().endswith(_PICKLE_NAMES) or (kind is not None and kind.measured in (PICKLE, ZIP, TAR, *PACKED))


def sealed(content: memoryview) -> str:
    """Why an archive beside an adapter was not looked into, or ""."""
    head = bytes(content[:4])
    if head in _SEALED:
        return f"{_SEALED[head]}, which was not looked into"
    if head == b"PK\x03\x04":
        found = read_zip(content)
        closed = next((each.message for each in found.faults if "looked into" in each.message), "")
        return closed or next((NESTED for each in found.members if bytes(member_bytes(content, each, 4)) in _NESTED), "")
    return ""


def loose_code(content: memoryview) -> list[tuple[str, str]]:
    """The programs and code in a zip, a tar or a Keras model beside an adapter: (member, kind)."""
    if content[: len(_HDF5)] == _HDF5:
        return [("model_config", _KERAS)] if _LAMBDA.search(content) else []
    if bytes(content[:4]) == b"PK\x03\x04":
        members = read_zip(content).members
        heads = [(each.name, bytes(member_bytes(content, each, _HEAD))) for each in members]
        models = [each for each in members if each.name == "config.json" and _LAMBDA.search(member_bytes(content, each, _CONFIG_BYTES))]
        layers = [(each.name, _KERAS) for each in models]
    elif begins_as_tar(content):
        layers = []
        heads = [(each.name, bytes(content[each.start : each.start + _HEAD])) for each in read_tar(content)[0] if each.kind == "file"]
    else:
        return []
    return [*layers, *((name, kind) for name, head in heads if (kind := is_code(name, head)))][:_REPORTED]


def loose_refusals(content: memoryview, name: str) -> list[Refusal]:
    """What is wrong with a pickle or archive beside an adapter: LS301, LS309, and LS306 but for archives in archives."""
    if content[: len(_HDF5)] == _HDF5:
        return []
    if holds_objects(bytes(content[:_HEAD])):
        return list(_pickled(name, content))
    kind = wrong_kind(content)
    measured = kind.measured if kind else PICKLE
    if measured == ZIP:
        found = zip_refusals(content, read_zip(content))
    elif measured == TAR:
        found = tar_refusals(content)
    elif measured in PACKED:
        found = packed_refusals(content)
    else:
        found = list(_pickled(name, content))
    return [each for each in found if each.code in ("LS301", "LS309") or (each.code == "LS306" and each.message != NESTED)]


def zip_refusals(content: memoryview, archive: Zip) -> list[Refusal]:
    """LS301 to LS309 for what stands in a zip."""
    found = [*archive.faults, *judged_members(content, archive)]
    for member in archive.members:
        target = bytes(member_bytes(content, member, _HEAD)).decode("utf-8", "replace") if member.link else ""
        found += _named(member.name, "a symbolic link" if member.link else "file", target)
        found += _content(member.name, bytes(member_bytes(content, member, _HEAD)))
    return found[:_REPORTED]


def tar_refusals(content: memoryview) -> list[Refusal]:
    """LS301 to LS309 for what stands in a tar."""
    members, found = read_tar(content)
    for member in members:
        found += _named(member.name, member.kind, member.link)
        if member.kind == "file":
            body = content[member.start : member.start + member.size]
            found += _content(member.name, bytes(body[:_HEAD]))
            found += _pickled(member.name, body)
    return found[:_REPORTED]


def packed_refusals(content: memoryview) -> list[Refusal]:
    """What stands in a gzip, bzip2 or xz file: at most 64 MB of it are unpacked. LS306 for a bomb."""
    inner, more = _inflated(content)
    if more and len(inner) > _RATIO * len(content):
        message = f"a bomb: {len(content):,} bytes unpack to more than {len(inner):,}"
        return [Refusal(code="LS306", message=message, where="archive", measured=len(inner), threshold=_RATIO * len(content))]
    view = memoryview(inner)
    if begins_as_tar(view):
        found = tar_refusals(view)
        return [each for each in found if each.code != "LS103"] if more else found
    return [*_content("content", inner[:_HEAD]), *_pickled("content", view)]


def _inflated(content: memoryview) -> tuple[bytes, bool]:
    """The first 64 MB that the file unpacks to, and whether there is more."""
    head = bytes(content[:6])
    opened: zlib._Decompress | bz2.BZ2Decompressor | lzma.LZMADecompressor
    if head.startswith(b"\x1f\x8b"):
        opened = zlib.decompressobj(zlib.MAX_WBITS | 16)
    elif head.startswith(b"BZh"):
        opened = bz2.BZ2Decompressor()
    else:
        opened = lzma.LZMADecompressor(memlimit=256 * 2**20)
    try:
        inner = opened.decompress(content, _INFLATED)
    except (zlib.error, lzma.LZMAError, OSError, ValueError):
        return b"", False
    return inner, len(inner) >= _INFLATED


def _named(name: str, kind: str, target: str) -> Iterator[Refusal]:
    """LS306 for a name or link that would act outside the folder that the archive is unpacked to."""
    if _LEAVES.search(name):
        yield Refusal(code="LS306", message="a member would be written outside its folder", where=name, measured=name)
    if "link" in kind:
        message = f"a member is {kind}: what is written through it lands elsewhere"
        yield Refusal(code="LS306", message=message, where=name, measured=target)
    elif kind not in ("file", "folder"):
        yield Refusal(code="LS306", message=f"a member is {kind}", where=name, measured=kind)


def _content(name: str, head: bytes) -> Iterator[Refusal]:
    if found := is_code(name, head):
        yield Refusal(code="LS304", message=f"{found} in the archive", where=name, measured=found)
    if head[:4] in (b"PK\x03\x04", b"7z\xbc\xaf", b"Rar!") or head[:3] in (b"\x1f\x8b\x08", b"BZh"):
        yield Refusal(code="LS306", message=NESTED, where=name)


def _pickled(name: str, body: memoryview) -> Iterator[Refusal]:
    by_name = name.lower().endswith(_PICKLE_NAMES)
    for found in streams(unpickled_part(body)):
        if by_name or is_named(found):
            yield from islice(judge(found, name), _REPORTED)
