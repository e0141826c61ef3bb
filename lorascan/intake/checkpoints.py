"""Reads the tensors of PyTorch files from their pickles' opcodes."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

from lorascan.core.adapter import TensorSpan
from lorascan.core.errors import Refusal, Refused
from lorascan.core.text import counted
from lorascan.intake.arrays import unpickled_part
from lorascan.intake.pickle_values import Made
from lorascan.intake.pickle_walk import Walk
from lorascan.intake.pickles import STEPS, judge, streams
from lorascan.intake.state_dicts import BYTES, Storage, View, texts, unread, views
from lorascan.intake.zips import Member, Zip, member_bytes
from lorascan.settings import Limits

MAX_PICKLE = 64 * 2**20  # bytes read of one pickle
_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001  # of PyTorch's format before 1.6
_HEADS = 5  # magic, protocol, machine, object, storage keys
_ROWS = 2_000_000  # rows copied of tensors whose elements are not in order
_FORMATS = {1: "B", 2: "H", 4: "I", 8: "Q"}
_COPIED = 512 * 2**20  # bytes of the largest file that is copied to put elements in order


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Tensors by place. `content` is the file, followed by those tensors whose elements had to be put in order."""

    kind: str
    content: memoryview
    spans: tuple[TensorSpan, ...]
    metadata: Mapping[str, str]


def read_stream(content: memoryview, limits: Limits) -> Checkpoint:
    """A bare pickle: PyTorch's format before 1.6. Raises Refused: LS301, LS308, LS309, LS303 and LS10x."""
    found = streams(content)
    heads = found[:_HEADS]
    legacy = len(heads) == _HEADS and (heads[0].value, heads[1].value) == (_MAGIC, _PROTOCOL)
    judged = heads if legacy else found
    refusals = [each for number, one in enumerate(judged) for each in judge(one, f"pickle {number}" if number else "byte 0")]
    if refusals:
        raise Refused(*refusals)
    if not legacy:
        raise unread("it is no PyTorch file")
    machine, keys = heads[2].value, heads[4].value
    if not (isinstance(machine, Made) and ("little_endian", True) in machine.pairs):
        raise unread("its numbers are not little-endian")
    found_views = views(heads[3].value, limits)
    places = _places_behind(content, heads[4].end, keys, {each.storage.key: each.storage for each in found_views})
    return _laid_out(content, found_views, places, kind="PyTorch pickle", walk=heads[3])


def read_archive(content: memoryview, archive: Zip, limits: Limits) -> Checkpoint:
    """A zip with a pickle. Every member is judged by its bytes. Raises Refused: LS30x and LS10x."""
    refusals = [*archive.faults, *judged_members(content, archive)]
    roots = [each.name.removesuffix("data.pkl") for each in archive.members if each.name.endswith("/data.pkl")]
    named = {each.name: each for each in archive.members}
    if any("/code/" in f"/{each}" for each in named):
        refusals.append(Refusal(code="LS304", message="a TorchScript archive: it holds code beside the weights", where="zip"))
    if refusals:
        raise Refused(*refusals)
    if len(roots) != 1 or roots[0].count("/") != 1:
        raise unread("it is no PyTorch file: not one data.pkl in one folder")
    (root,) = roots
    order = named.get(f"{root}byteorder")
    if order and bytes(member_bytes(content, order, 8)).strip() != b"little":
        raise unread("its numbers are not little-endian")
    (found,) = streams(member_bytes(content, named[f"{root}data.pkl"], MAX_PICKLE))[:1]
    found_views = views(found.value, limits)
    places = {each.storage.key: _place(named.get(f"{root}data/{each.storage.key}"), each.storage) for each in found_views}
    return _laid_out(content, found_views, places, kind="PyTorch checkpoint", walk=found)


def judged_members(content: memoryview, archive: Zip) -> Iterator[Refusal]:
    """What is wrong with the pickles of a zip. A member counts as one by its bytes, or by a name that loaders go by."""
    left = 2 * STEPS
    for member in archive.members:
        by_name = member.name.lower().endswith((".pkl", ".pickle"))
        found = streams(unpickled_part(member_bytes(content, member, MAX_PICKLE)), limit=max(1, min(left, STEPS)))
        left -= sum(each.steps for each in found)
        for each in found:
            refusals = list(judge(each, member.name))
            yield from refusals if by_name or each.fault == "" else [one for one in refusals if one.code == "LS301" and is_named(each)]
        if by_name and not found:
            yield Refusal(code="LS308", message="a pickle without content", where=member.name)
        if left <= 0:
            yield Refusal(code="LS309", message="its pickles go on for too long", where=member.name, threshold=2 * STEPS)
            return


def is_named(found: Walk) -> bool:
    """Whether an import has two names such as Python gives: chance bytes have not."""
    return any(all(part.replace(".", "_").isidentifier() for part in each.split(" ", 1)) for each in found.imports)


def _places_behind(content: memoryview, at: int, keys: object, known: Mapping[str, Storage]) -> dict[str, int]:
    """Where each storage begins: one behind the other, each behind its count as eight bytes."""
    places: dict[str, int] = {}
    for key in keys if isinstance(keys, list) else ():
        storage = known.get(key) if isinstance(key, str) else None
        if storage is None:
            raise unread("it lists a storage that no tensor uses")
        count = int.from_bytes(content[at : at + 8], "little")
        if at + 8 <= len(content) and count != storage.count:
            raise Refused(Refusal(code="LS105", message="a storage has two sizes", where=storage.key, measured=count))
        places[storage.key] = at + 8
        at += 8 + storage.count * BYTES[storage.dtype]
    if at > len(content):
        missing = at - len(content)
        raise Refused(Refusal(code="LS103", message=f"truncated: {counted(missing, 'byte')} missing", where="storages", measured=missing))
    if at < len(content):
        message = f"{counted(len(content) - at, 'byte')} after the last storage, part of none"
        raise Refused(Refusal(code="LS104", message=message, where="storages", measured=len(content) - at))
    if missed := known.keys() - places.keys():
        raise unread("a tensor's storage is not in the file", min(missed))
    return places


def _place(member: Member | None, storage: Storage) -> int:
    if member is None:
        raise unread("a tensor's storage is not in the archive", storage.key)
    if not member.stored:
        raise unread("a storage is compressed, which PyTorch never does", member.name)
    if member.size != storage.count * BYTES[storage.dtype]:
        raise Refused(Refusal(code="LS105", message="a storage has two sizes", where=member.name, measured=member.size))
    return member.start


def _laid_out(content: memoryview, found: list[View], places: Mapping[str, int], *, kind: str, walk: Walk) -> Checkpoint:
    total = sum(prod(each.shape) * BYTES[each.storage.dtype] for each in found)
    if total > 2 * len(content):
        message = f"{total:,} bytes of tensors that share {len(content):,} bytes of storage"
        raise Refused(Refusal(code="LS309", message=message, where="pickle", measured=total, threshold=2 * len(content)))
    if any(not each.dense for each in found) and len(content) > _COPIED:
        raise unread("its elements are not in order, and it is too large to be copied")
    spans: list[TensorSpan] = []
    ordered = bytearray()
    rows = 0
    for each in found:
        width = BYTES[each.storage.dtype]
        start, size = places[each.storage.key] + each.offset * width, prod(each.shape) * width
        if not each.dense:
            rows += prod(each.shape[:-1])
            if rows > _ROWS:
                raise unread("too many of its elements are not in order")
            whole = content[places[each.storage.key] : places[each.storage.key] + each.storage.count * width]
            start = len(content) + len(ordered)
            ordered += _in_order(whole, each, width)
        spans.append(TensorSpan(name=each.name, dtype=each.storage.dtype, shape=each.shape, start=start, stop=start + size))
    whole = memoryview(bytes(content) + ordered) if ordered else content
    return Checkpoint(kind=kind, content=whole.toreadonly(), spans=tuple(spans), metadata=texts(walk.value))


def _in_order(storage: memoryview, view: View, width: int) -> bytes:
    """The elements of a view, the last dimension fastest."""
    flat = storage.cast("B").cast(_FORMATS[width])  # type: ignore[call-overload]
    length, step = view.shape[-1], view.stride[-1]
    rows = []
    for place in itertools.product(*(range(size) for size in view.shape[:-1])):
        start = view.offset + sum(index * stride for index, stride in zip(place, view.stride, strict=False))
        row = flat[start : start + (length - 1) * step + 1 : step].tobytes() if step else flat[start : start + 1].tobytes() * length
        rows.append(row)
    return b"".join(rows)
