"""Walks a zip archive as every reader might."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lorascan.core.errors import Refusal

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_END64, _LOCATOR64 = b"PK\x06\x06", b"PK\x06\x07"
_END_SIZE, _LOCATOR_SIZE, _LOCAL_SIZE, _CENTRAL_SIZE = 22, 20, 30, 46
_COMMENT = 65_535
_MAX_MEMBERS = 20_000
_DESCRIPTOR = 24  # bytes of the longest record that may follow a member's content
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _SIZES_FOLLOW = 1, 8
_SYMBOLIC_LINK = 0o120000
_FULL = 0xFFFFFFFF
_RATIO = 100  # deflate reaches 1,032; weights and text stay under 20
_BOMB = 64 * 2**20  # bytes below which no ratio matters


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member. `start` is the absolute offset of its packed bytes; sizes in bytes."""

    name: str
    header: int
    start: int
    packed: int
    size: int
    method: int
    link: bool = False

    @property
    def stored(self) -> bool:
        """Whether its bytes stand in the archive as they are."""
        return self.method == _STORED and self.packed == self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Zip:
    """The members that the directory lists, or that stand in the file where it cannot be read; and what is wrong."""

    members: tuple[Member, ...]
    faults: tuple[Refusal, ...]


def read_zip(content: memoryview) -> Zip:
    """Every member, from the central directory, held against the headers before each member.

    LS307 for anything that two readers could understand differently, LS306 for bombs. Never raises for bad bytes.
    """
    end = _find_end(content)
    if end is None:
        return Zip(members=tuple(_scanned(content)), faults=(_malformed("there is no end record: cut off, or followed by other bytes"),))
    directory, told, faults = _directory(content, end)
    members, found = _listed(content, directory, end)
    faults += found
    if len(members) != told:
        faults.append(_malformed(f"the end record counts {told:,} members, the directory lists {len(members):,}"))
    faults += _overlaps(members, directory)
    faults += _repeated(members)
    return Zip(members=tuple(members), faults=tuple(faults))


def member_bytes(content: memoryview, member: Member, limit: int) -> memoryview:
    """At most `limit` bytes of the member's content; what cannot be inflated ends where the fault is."""
    packed = content[member.start : member.start + member.packed]
    if member.method != _DEFLATED:
        return packed[:limit]
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        return memoryview(inflater.decompress(packed, limit))
    except zlib.error:
        return memoryview(b"")


def _malformed(message: str, where: str = "zip") -> Refusal:
    return Refusal(code="LS307", message=f"a malformed zip: {message}", where=where)


def _find_end(content: memoryview) -> int | None:
    """The last end record whose comment ends with the file, as unzip looks for it."""
    offset = max(0, len(content) - _END_SIZE - _COMMENT)
    tail = bytes(content[offset:])
    at = tail.rfind(_END)
    while at >= 0:
        if len(tail) - at >= _END_SIZE and at + _END_SIZE + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail):
            return offset + at
        at = tail.rfind(_END, 0, at)
    return None


def _directory(content: memoryview, end: int) -> tuple[int, int, list[Refusal]]:
    """Where the central directory begins, how many members the end record counts, and what is wrong with it."""
    count, size, start = struct.unpack("<HII", content[end + 10 : end + 20])
    locator = end - _LOCATOR_SIZE
    behind = end
    if locator >= 0 and bytes(content[locator : locator + 4]) == _LOCATOR64:
        record = int.from_bytes(content[locator + 8 : locator + 16], "little")
        if bytes(content[record : record + 4]) != _END64 or record + 56 > locator:
            return start, count, [_malformed("its 64-bit end record is missing")]
        told = struct.unpack("<QQQ", content[record + 32 : record + 56])
        pairs = ((count, told[0], 0xFFFF), (size, told[1], _FULL), (start, told[2], _FULL))
        if any(short not in (long, full) for short, long, full in pairs):
            return start, count, [_malformed("its two end records differ")]
        (count, size, start), behind = told, record
    faults = []
    if start + size != behind:
        faults.append(_malformed("the directory is not where the end record says"))
    if struct.unpack("<HHH", content[end + 4 : end + 10])[:2] != (0, 0):
        faults.append(_malformed("it claims to be one of several disks"))
    return start, count, faults


def _listed(content: memoryview, at: int, end: int) -> tuple[list[Member], list[Refusal]]:
    members: list[Member] = []
    faults: list[Refusal] = []
    while bytes(content[at : at + 4]) == _CENTRAL and at + _CENTRAL_SIZE <= end and len(members) < _MAX_MEMBERS:
        (flags, method, packed, size, name_size, extra_size, comment_size, attributes, header) = struct.unpack(
            "<6xHH8xIIHHH4xII", content[at + 2 : at + _CENTRAL_SIZE]
        )
        name = bytes(content[at + _CENTRAL_SIZE : at + _CENTRAL_SIZE + name_size])
        extra_at = at + _CENTRAL_SIZE + name_size
        packed, size, header = _wide(bytes(content[extra_at : extra_at + extra_size]), packed, size, header)
        start, fault = _local(content, header, name, (flags, method, packed, size))
        link = attributes >> 16 & 0o170000 == _SYMBOLIC_LINK
        shown = name.decode("utf-8", "replace")
        members.append(Member(name=shown, header=header, start=start, packed=packed, size=size, method=method, link=link))
        if fault:
            faults.append(_malformed(fault, shown))
        at = extra_at + extra_size + comment_size
    if len(members) == _MAX_MEMBERS:
        faults.append(Refusal(code="LS306", message=f"an archive of more than {_MAX_MEMBERS:,} members", where="zip"))
    return members, faults


def _wide(extra: bytes, size_packed: int, size: int, header: int) -> tuple[int, int, int]:
    """The 64-bit values of packed size, size and header offset, where the 32-bit ones say that they are elsewhere."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack("<HH", extra[at : at + 4])
        if kind == 1:
            values = [int.from_bytes(extra[at + 4 + 8 * each : at + 12 + 8 * each], "little") for each in range(length // 8)]
            size = values.pop(0) if size == _FULL and values else size
            size_packed = values.pop(0) if size_packed == _FULL and values else size_packed
            header = values.pop(0) if header == _FULL and values else header
            break
        at += 4 + length
    return size_packed, size, header


def _local(content: memoryview, at: int, name: bytes, told: tuple[int, int, int, int]) -> tuple[int, str]:
    """Where the member's bytes begin, and how its own header contradicts the directory, "" where it does not."""
    flags, method, packed, size = told
    head = bytes(content[at : at + _LOCAL_SIZE])
    if head[:4] != _LOCAL or len(head) < _LOCAL_SIZE:
        return min(at, len(content)), "a member has no header"
    own_flags, own_method, own_packed, own_size, name_size, extra_size = struct.unpack("<2xHH8xIIHH", head[4:])
    start = at + _LOCAL_SIZE + name_size + extra_size
    sizes = _wide(bytes(content[start - extra_size : start]), own_packed, own_size, 0)[:2]
    own_name = bytes(content[at + _LOCAL_SIZE : at + _LOCAL_SIZE + name_size])
    checks = (
        (own_name != name, "a member has two names"),
        (own_method != method or (sizes != (packed, size) and not own_flags & _SIZES_FOLLOW), "a member has two sizes or methods"),
        (bool((flags | own_flags) & _ENCRYPTED), "a member is encrypted: it cannot be looked into"),
        (method not in (_STORED, _DEFLATED), f"a member is packed by method {method}: it cannot be looked into"),
        (start + packed > len(content), "a member is cut off"),
        (method == _STORED and packed != size, "a stored member has two sizes"),
    )
    return start, next((fault for wrong, fault in checks if wrong), "")


def _overlaps(members: list[Member], directory: int) -> list[Refusal]:
    """LS306 where members share bytes, LS307 where bytes between them belong to none."""
    behind = 0
    for each in sorted(members, key=lambda one: (one.header, one.start)):
        if each.header < behind:
            return [Refusal(code="LS306", message="members of the zip share their bytes, as bombs do", where=each.name)]
        if each.header - behind > (_DESCRIPTOR if behind else 0):
            return [_malformed(f"{each.header - behind:,} bytes before a member belong to none", each.name)]
        behind = each.start + each.packed
    if directory - behind > _DESCRIPTOR:
        return [_malformed(f"{directory - behind:,} bytes before the directory belong to no member")]
    return []


def _repeated(members: list[Member]) -> list[Refusal]:
    counts = Counter(each.name.casefold() for each in members)
    twice = next((each.name for each in members if counts[each.name.casefold()] > 1), None)
    faults = [_malformed("two members have one name: readers differ in which one they take", twice)] if twice is not None else []
    packed, size = sum(each.packed for each in members), sum(each.size for each in members)
    if size > _BOMB and size > _RATIO * max(packed, 1):
        message = f"a zip bomb: {packed:,} bytes unpack to {size:,}"
        faults.append(Refusal(code="LS306", message=message, where="zip", measured=size, threshold=_RATIO * packed))
    return faults


def _scanned(content: memoryview) -> Iterator[Member]:
    """The members that follow one another from the first byte on, for archives without a readable directory."""
    at = 0
    for _ in range(_MAX_MEMBERS):
        head = bytes(content[at : at + _LOCAL_SIZE])
        if head[:4] != _LOCAL or len(head) < _LOCAL_SIZE:
            return
        method, packed, size, name_size, extra_size = struct.unpack("<4xH8xIIHH", head[4:])
        name = bytes(content[at + _LOCAL_SIZE : at + _LOCAL_SIZE + name_size]).decode("utf-8", "replace")
        start = at + _LOCAL_SIZE + name_size + extra_size
        yield Member(name=name, header=at, start=start, packed=packed or len(content) - start, size=size, method=method)
        at = start + packed
