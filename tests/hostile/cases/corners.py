"""Containers and archives at the edges of what readers agree on."""

import bz2
import io
import lzma
import struct
import tarfile
import zlib

from tests.hostile.builders import container, entries, kohya_tensors, one_tensor, tar_archive, zip_archive
from tests.hostile.case import Case, Link, one, whole
from tests.hostile.pickles import EVIL, START, STOP, archive
from tests.hostile.sound import sound

_CALL = START + EVIL + STOP


def _packed(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as opened:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _laid(**fields: object) -> bytes:
    """A sound file, one field of whose last tensor is other."""
    laid, payload = entries(kohya_tensors())
    last = list(laid)[-1]
    return container({**laid, last: {**dict(laid[last]), **fields}}, payload)  # type: ignore[call-overload]


def _headed(length: int) -> bytes:
    return struct.pack("<Q", length) + sound()[8:]


_CONTAINERS = (
    *(
        one(f"a header of {length:,} bytes", _headed(length), "LS101", "LS102", "LS103", "LS105")
        for length in (1, 3, 2**31, 2**32 + 9, 2**63)
    ),
    *(
        one(f"a last tensor whose {field} is {value!r}", _laid(**{field: value}), "LS102", "LS105", "LS108", "LS103")
        for field, value in (
            ("dtype", "f16"),
            ("dtype", ""),
            ("dtype", None),
            ("dtype", "F16 "),
            ("shape", None),
            ("shape", {}),
            ("shape", [[32], 4]),
            ("shape", [32.0, 4]),
            ("shape", [-32, -4]),
            ("shape", [2**63, 0]),
            ("data_offsets", []),
            ("data_offsets", None),
            ("data_offsets", [0, 256]),
            ("data_offsets", [True, False]),
            ("data_offsets", {"0": 0, "1": 256}),
        )
    ),
    one("a header that ends in a comma", container(b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},}'), "LS102"),
    one("single quotes", container(b"{'a':{'dtype':'U8','shape':[0],'data_offsets':[0,0]}}"), "LS102"),
    one("a number with a plus", container(b'{"a":{"dtype":"U8","shape":[+1],"data_offsets":[0,1]}}', b"\0"), "LS102"),
    one("a number in hexadecimal", container(b'{"a":{"dtype":"U8","shape":[0x1],"data_offsets":[0,1]}}', b"\0"), "LS102"),
    one("a number with a leading zero", container(b'{"a":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}', b"\0"), "LS102"),
    one("a number with an exponent", container(b'{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}', b"\0"), "LS102", "LS105"),
    one("a control character in a name", container(b'{"a\x01":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"\0"), "LS102"),
    one("two headers in one", container(b"{}{}"), "LS102"),
    one("metadata under two spellings", container(b'{"__metadata__":{"a":"1"},"\\u005f_metadata__":{"a":"2"}}'), "LS106"),
    one("metadata that is null", container(b'{"__metadata__":null}'), "LS102"),
    one("metadata that is a text", container(b'{"__metadata__":"x"}'), "LS102"),
    one("metadata under another case", container({"__METADATA__": {"format": "pt"}}), "LS102"),
    one("a page at the end of a sound file's name", b"<!DOCTYPE HTML>\n<title>403</title>" + bytes(9), "LS113"),
    one("an error as JSON", b'{"error": "Access to model is restricted. You must be authenticated."}', "LS113"),
    one(
        "a pointer with an extension",
        b"version https://git-lfs.example/spec/v1\next-0-x sha256:" + b"0" * 64 + b"\noid sha256:" + b"0" * 64 + b"\nsize 9\n",
        "LS112",
        "LS113",
    ),
    one(
        "a pointer with other line ends",
        b"version https://git-lfs.example/spec/v1\r\noid sha256:" + b"1" * 64 + b"\r\nsize 12\r\n",
        "LS112",
    ),
    one("a zip whose comment holds the header", zip_archive(x=b"1") + sound(), "LS113", "LS307"),
    one(
        "a zip behind padding inside the last tensor",
        one_tensor("U8", [9_000], [0, 9_000], bytes(9_000 - len(zip_archive(x=b"1"))) + zip_archive(x=b"1")),
        "LS110",
    ),
    one("a 7z far inside a tensor", one_tensor("U8", [70_000], [0, 70_000], bytes(69_000) + b"7z\xbc\xaf\x27\x1c" + bytes(994)), "LS110"),
    one("a tar as the whole file", tar_archive(), "LS113"),
)

_ARCHIVES = (
    one("an archive of three layers", archive({"a.zip": archive({"b.zip": archive({"c": b"x"})})}), "LS113", "LS306", called="a.zip"),
    one("a packed tar with a pickle", lzma.compress(_packed(("x/data.pkl", _CALL))), "LS113", "LS301", called="a.tar.xz"),
    one("a packed tar with code", bz2.compress(_packed(("setup.py", b"import os"))), "LS113", "LS304", called="a.tar.bz2"),
    one("a tar with a name that ends in a dot", _packed(("../x.", b"1")), "LS113", "LS306", called="a.tar"),
    one("an archive with a NUL in a name", archive({"a\0.py": b"1"}), "LS113", "LS304", "LS306", called="a.zip"),
    one("an archive with names of one device", archive({"C:evil.txt": b"1"}), "LS113", "LS306", called="a.zip"),
    one("an archive with slashes of both kinds", archive({"a\\..\\..\\x": b"1"}), "LS113", "LS306", called="a.zip"),
    one("a wheel", archive({"x/__init__.py": b"import os", "x-1.dist-info/METADATA": b"Name: x"}), "LS113", "LS304", called="a.whl"),
    one(
        "a Keras model",
        archive({"config.json": b'{"class_name": "Lambda"}', "model.weights.h5": b"\x89HDF\r\n\x1a\n"}),
        "LS113",
        called="a.keras",
    ),
    whole("an archive beside the weights that climbs by a link", {"a.safetensors": sound(), "x.tar": _packed(("../../x", b"1"))}, "LS306"),
    whole("a packed pickle beside the weights", {"a.safetensors": sound(), "x.gz": zlib.compress(_CALL, wbits=31)}, "LS301"),
    whole(
        "an archive with a wheel beside the weights",
        {"a.safetensors": sound(), "x.zip": archive({"b.whl": archive({"c.py": b"1"})})},
        "LS304",
    ),
    whole("a link to a folder above", {"a.safetensors": sound(), "up": Link(target="../..")}, "LS305"),
    whole("a link to a device", {"a.safetensors": sound(), "null": Link(target="/dev/null")}, "LS305"),
    whole("a link to a process", {"a.safetensors": sound(), "env": Link(target="/proc/self/environ")}, "LS305"),
    whole(
        "blobs of another cache",
        {"models--a/snapshots/0/a.safetensors": sound(), "models--a/snapshots/0/x": Link(target="../../../models--b/blobs/1")},
        "LS305",
        target="models--a/snapshots/0",
    ),
    whole("code called a picture of a Mac", {"a.safetensors": sound(), "icon.icns": b"\xcf\xfa\xed\xfe" + bytes(60)}, "LS304"),
    whole("a Windows shortcut without a suffix", {"a.safetensors": sound(), "open me": b"L\0\0\0\x01\x14\x02\0" + bytes(60)}, "LS304"),
    whole("code with blanks behind its suffix", {"a.safetensors": sound(), "x.py ": b"import os"}, "LS304"),
    whole("code with a dot behind its suffix", {"a.safetensors": sound(), "x.exe.": b"x"}, "LS304"),
    whole("a notebook", {"a.safetensors": sound(), "train.ipynb": b'{"cells": []}'}, "LS304"),
    whole("code below the weights", {"a.safetensors": sound(), "x/y/z/run.sh": b"id"}, "LS304"),
)

CASES: tuple[Case, ...] = (*_CONTAINERS, *_ARCHIVES)
