"""Walks a tar archive without unpacking it."""

from dataclasses import dataclass

from lorascan.core.errors import Refusal

_BLOCK = 512
_SUM = slice(148, 156)
_MAX_MEMBERS = 20_000
_LONG_NAME, _LONG_LINK, _EXTENDED, _GLOBAL = b"L", b"K", b"x", b"g"
_KINDS = {
    **dict.fromkeys((b"0", b"\0", b"7", b"S"), "file"), b"5": "folder",
    b"1": "a hard link", b"2": "a symbolic link", b"3": "a device", b"4": "a device", b"6": "a pipe",
}  # fmt: skip
_MAX_NAME = 65_536  # bytes of a long name that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class TarMember:
    """One member: its kind in words ("file", "folder", "a symbolic link", …), where a link leads, its bytes' place."""

    name: str
    kind: str
    link: str
    start: int
    size: int


def begins_as_tar(content: memoryview) -> bool:
    """Whether the first block carries a right tar checksum, with or without the ustar mark."""
    block = bytes(content[:_BLOCK])
    digits = block[_SUM].strip(b" \0")
    if len(block) < _BLOCK or not digits or digits.translate(None, b"01234567"):
        return False
    return int(digits, 8) == sum(block) - sum(block[_SUM]) + 8 * ord(" ")


def read_tar(content: memoryview) -> tuple[list[TarMember], list[Refusal]]:
    """The members up to the end mark, and LS306 where there are too many or the archive is cut off. Never raises."""
    members: list[TarMember] = []
    told: dict[bytes, str] = {}
    at = 0
    while begins_as_tar(content[at : at + _BLOCK]):
        block = bytes(content[at : at + _BLOCK])
        kind, size, start = block[156:157], _size(block[124:136]), at + _BLOCK
        if start + size > len(content):
            missing = start + size - len(content)
            return members, [Refusal(code="LS103", message=f"truncated: {missing:,} bytes are missing", where="tar", measured=missing)]
        told |= _told(kind, bytes(content[start : start + min(size, _MAX_NAME)]))
        if kind not in (_LONG_NAME, _LONG_LINK, _EXTENDED, _GLOBAL):
            members.append(_member(block, kind, told, start, size))
            told = {}
        if len(members) > _MAX_MEMBERS:
            return members, [Refusal(code="LS306", message=f"an archive of more than {_MAX_MEMBERS:,} members", where="tar")]
        at = start + -(-size // _BLOCK) * _BLOCK
    return members, []


def _member(block: bytes, kind: bytes, told: dict[bytes, str], start: int, size: int) -> TarMember:
    prefix = _text(block[345:500]) if block[257:262] == b"ustar" and block[263:265] == b"00" else ""
    name = told.get(b"path") or "/".join(filter(None, (prefix, _text(block[:100]))))
    named = _KINDS.get(kind, "something else")
    return TarMember(name=name, kind=named, link=told.get(b"linkpath") or _text(block[157:257]), start=start, size=size)


def _told(kind: bytes, raw: bytes) -> dict[bytes, str]:
    """The long name or link that an extra header gives to the member after it."""
    if kind == _LONG_NAME:
        return {b"path": _text(raw)}
    if kind == _LONG_LINK:
        return {b"linkpath": _text(raw)}
    if kind not in (_EXTENDED, _GLOBAL):
        return {}
    records = (line.partition(b" ")[2].partition(b"=") for line in raw.split(b"\n"))
    return {key: value.decode("utf-8", "replace") for key, _, value in records if key in (b"path", b"linkpath")}


def _size(field: bytes) -> int:
    if field[:1] >= b"\x80":
        return int.from_bytes(field, "big") & ~(0x80 << 88)
    digits = field.strip(b" \0")
    return int(digits, 8) if digits and not digits.translate(None, b"01234567") else 0


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "replace")
