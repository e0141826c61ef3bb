"""Files whose container is wrong, or is something else besides."""

import struct

from tests.hostile.builders import container, header_that_unpickles, one_tensor, pickle_that_calls, tar_archive, zip_archive
from tests.hostile.case import Case, one
from tests.hostile.files import REFUSED
from tests.hostile.sound import sound


def _bytes(payload: bytes) -> bytes:
    return one_tensor("U8", [len(payload)], [0, len(payload)], payload)


def _placed(mark: bytes, at: int) -> bytes:
    """A sound file of one tensor with `mark` at this offset of the file."""
    size = at + 4_096
    start = len(_bytes(bytes(size))) - size
    payload = bytearray(size)
    payload[at - start : at - start + len(mark)] = mark
    return _bytes(bytes(payload))


def _headed(length: int, note: str, name: bytes = b"a", payload: bytes = bytes(16)) -> bytes:
    """A sound file whose header is so long: its first bytes are that number."""
    entry = b'{"' + name + b'":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]},' % (len(payload), len(payload))
    opening, ending = entry + b'"__metadata__":{"x":"' + note.encode(), b'"}}'
    return container(opening + b"." * (length - len(opening) - len(ending)) + ending, payload)


def _spread(space: bytes) -> bytes:
    """A sound file with this behind the header's first brace."""
    plain = sound()
    length = int.from_bytes(plain[:8], "little")
    return container(b"{" + space + plain[9 : 8 + length], plain[8 + length :])


_PICTURES = {
    "a GIF picture": b"GIF89a",
    "a WebP picture": b"RIFF\x24\0\0\0WEBP",
    "a PDF document": b"%PDF-1.7",
    "a RAR archive": b"Rar!\x1a\x07\0",
    "a macOS program": b"\xcf\xfa\xed\xfe",
    "a Java class": b"\xca\xfe\xba\xbe",
    "a zstandard archive": b"\x28\xb5\x2f\xfd",
    "an HDF5 file": b"\x89HDF\r\n\x1a\n",
    "a NumPy array": b"\x93NUMPY\x01\0",
    "a video": b"\0\0\0\x18ftypmp42",
    "an SQLite database": b"SQLite format 3\0",
    "a WebAssembly program": b"\0asm\x01\0\0\0",
    "a shell script": b"#!/bin/sh\nid\n",
    "an Office document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "an ONNX model": b"\x08\x07\x12\x04onnx",
    "a TensorFlow Lite model": b"\x1c\0\0\0TFL3",
}

CASES: tuple[Case, ...] = (
    *(one(name, content, code) for name, (code, content) in REFUSED.items() if code < "LS300"),
    *(one(name, start + bytes(200), "LS113") for name, start in _PICTURES.items()),
    one("XML", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "LS113"),
    one("a page that begins with a comment", b"<!-- 404 --><html></html>", "LS113"),
    one("a page behind a byte order mark", b"\xef\xbb\xbf<html></html>", "LS113"),
    one("a GGUF model of a gigabyte's header", b"GGUF" + struct.pack("<IQ", 3, 2**30) + bytes(99), "LS113"),
    one("padding of two megabytes", sound(padding=b" " * 2**21), "LS107"),
    one("padding of line feeds", sound(padding=b"\n" * (2**20 + 1)), "LS107"),
    one("padding between the header's words", _spread(b" " * 2**21), "LS107"),
    one("a PDF in the metadata", sound({"note": "%PDF-1.4 1 0 obj"}), "LS110"),
    one("a disk image in a tensor", _placed(b"CD001", 0x8001), "LS110"),
    one("a Windows program whose header is 0x5A4D long", _headed(0x5A4D, "This program cannot be run in DOS mode"), "LS110"),
    one("a gzip archive whose header is 0x088B1F long", _headed(0x088B1F, "", name=b"00@\xcf\xbf"), "LS110"),
    one("a polyglot that tires scanners first", header_that_unpickles(b"N0" * 60_000 + pickle_that_calls()), "LS111"),
    one("a polyglot with a number that breaks scanners", header_that_unpickles(b"I0x10\n0" + pickle_that_calls()), "LS111"),
    one("a polyglot that imports by two strings", header_that_unpickles(b"U\x02osU\x06system\x93)R."), "LS111"),
    one("a polyglot that breaks off behind its call", header_that_unpickles(pickle_that_calls() + b"\xff"), "LS111"),
    one(
        "a zip in a tensor before the last",
        container(
            {
                "a": {"dtype": "U8", "shape": [len(zip_archive(x=b"1"))], "data_offsets": [0, len(zip_archive(x=b"1"))]},
                "b": {"dtype": "U8", "shape": [64], "data_offsets": [len(zip_archive(x=b"1")), len(zip_archive(x=b"1")) + 64]},
            },
            zip_archive(x=b"1") + bytes(64),
        ),
        "LS110",
    ),
    one("a RAR in a tensor", _bytes(b"Rar!\x1a\x07\x01\0" + bytes(64)), "LS110"),
    one("a tar behind the last tensor", sound() + tar_archive(), "LS104"),
    one("a second safetensors file behind the first", sound() + sound(), "LS104"),
    one("a page behind the last tensor", sound() + b"<html><script>alert(1)</script>", "LS104"),
    one("a kilobyte short of its size", sound()[:-1024], "LS103"),
    one("a download that stopped at its first block", sound({"x": "y" * 9_000})[:4_096], "LS103"),
    one("a header cut inside a number of bytes", sound()[:6], "LS101"),
    one("a length that is negative for C", struct.pack("<q", -1) + b'{"a":1}', "LS101"),
    one("a length of 2 to the 62nd", struct.pack("<Q", 2**62) + b'{"a":1}', "LS101"),
    one("a comment in the header", container(b'{/* x */"a":1}'), "LS102"),
    one("a comma too many", container(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],}}', b"\0"), "LS102"),
    one("a byte order mark before the header", container(b"\xef\xbb\xbf{}", bytes(8)), "LS101", "LS102"),
    one("a header of UTF-16", container('{"a":1}'.encode("utf-16")), "LS101", "LS102"),
    one("an overlong encoding", container(b'{"\xc0\xaf":1}'), "LS102"),
    one("offsets beyond 64 bits", one_tensor(offsets=[0, 2**64 + 8]), "LS103", "LS105"),
    one("offsets that are fractions", one_tensor(offsets=[0.0, 8.0]), "LS105"),
    one("offsets that are texts", one_tensor(offsets=["0", "8"]), "LS105"),
    one("a metadata value that is null", sound({"a": None}), "LS102"),
    one("a field twice in an entry", container(b'{"a":{"dtype":"U8","dtype":"F32","shape":[1],"data_offsets":[0,1]}}', b"\0"), "LS106"),
    one(
        "one name written in two ways",
        container(
            b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', bytes(2)
        ),
        "LS106",
    ),
    one("two metadata objects", container(b'{"__metadata__":{},"__metadata__":{"lora_adapter_metadata":"{}"}}'), "LS106"),
    one("a dimension just at the limit", one_tensor(shape=[0, 2**31], offsets=[0, 0], payload=b""), "LS108"),
    one("an empty file of spaces", b" " * 64, "LS113"),
)
