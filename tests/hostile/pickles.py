"""Writes pickles opcode by opcode, and PyTorch's files around them. Nothing here ever loads one."""

import io
import struct
import zipfile
from collections.abc import Mapping

Tensors = Mapping[str, tuple[str, tuple[int, ...], bytes]]
"""Name → storage type such as "Float", shape, little-endian bytes."""
WIDTHS = {"Float": 4, "Half": 2, "BFloat16": 2, "Double": 8, "Long": 8, "Int": 4, "Short": 2, "Char": 1, "Byte": 1, "Bool": 1}
START, STOP = b"\x80\x02", b"."


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def numbers(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def called(module: str, name: str, arguments: bytes = b"") -> bytes:
    """module.name(*arguments): the result is left on the stack."""
    return named(module, name) + b"(" + arguments + b"tR"


EVIL = called("os", "system", text("true"))


def tensor(kind: str, key: str, shape: tuple[int, ...], *, offset: int = 0, last: bytes = b"") -> bytes:
    """A call of _rebuild_tensor_v2 on the storage of this key; `last` follows the key's five parts (None, in the old format)."""
    count = 1
    dense: list[int] = []
    for size in reversed(shape):
        dense.insert(0, count)
        count *= size
    storage = b"(" + text("storage") + named("torch", f"{kind}Storage") + text(key) + text("cpu") + number(count) + last + b"tQ"
    places = number(offset) + numbers(shape) + numbers(tuple(dense))
    return called("torch._utils", "_rebuild_tensor_v2", storage + places + b"\x89" + called("collections", "OrderedDict"))


def state_dict(tensors: Tensors, *, before: bytes = b"", last: bytes = b"") -> bytes:
    """The pickle of a flat dict; `before` are opcodes that run first and leave nothing."""
    pairs = (text(name) + tensor(kind, str(number), shape, last=last) for number, (name, (kind, shape, _)) in enumerate(tensors.items()))
    return START + before + b"}(" + b"".join(pairs) + b"u" + STOP


def archive(members: Mapping[str, bytes], *, method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of these members, in this order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as opened:
        for name, content in members.items():
            opened.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return buffer.getvalue()


def checkpoint(
    tensors: Tensors, *, data: bytes | None = None, more: Mapping[str, bytes] | None = None, method: int = zipfile.ZIP_STORED
) -> bytes:
    """PyTorch's zip format. `data` replaces data.pkl, `more` are further members."""
    members = {"archive/data.pkl": state_dict(tensors) if data is None else data, "archive/byteorder": b"little"}
    members |= {f"archive/data/{number}": raw for number, (_, _, raw) in enumerate(tensors.values())}
    return archive({**members, "archive/version": b"3\n", **(more or {})}, method=method)


def legacy(tensors: Tensors, *, data: bytes | None = None) -> bytes:
    """PyTorch's format before 1.6: five pickles, then each storage behind its count."""
    magic = START + b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19" + STOP
    machine = START + b"}(" + text("protocol_version") + number(1001) + text("little_endian") + b"\x88u" + STOP
    keys = START + b"](" + b"".join(text(str(each)) for each in range(len(tensors))) + b"e" + STOP
    storages = b"".join(struct.pack("<q", len(raw) // WIDTHS[kind]) + raw for kind, _, raw in tensors.values())
    body = state_dict(tensors, last=b"N") if data is None else data
    return magic + START + number(1001) + STOP + machine + body + keys + storages
