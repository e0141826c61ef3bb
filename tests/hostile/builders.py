"""Writes safetensors bytes by hand, sound or with one fault."""

import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from math import prod

BYTES = {"F32": 4, "F16": 2, "BF16": 2, "F64": 8, "U8": 1, "I8": 1, "F8_E4M3": 1, "I64": 8, "C64": 8, "BOOL": 1}
Entries = dict[str, object]


def container(header: object, payload: bytes = b"", *, length: int | None = None, padding: bytes = b"") -> bytes:
    """A file of this header (bytes as they are, anything else as JSON) and these tensor bytes.

    `length` overrides the length field, `padding` follows the header inside its length.
    """
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    raw += padding
    return struct.pack("<Q", len(raw) if length is None else length) + raw + payload


def entries(tensors: Mapping[str, tuple[str, tuple[int, ...]]]) -> tuple[Entries, bytes]:
    """Header entries that lay the tensors out one behind the other, and small numbers as their bytes."""
    laid: Entries = {}
    at = 0
    for name, (dtype, shape) in tensors.items():
        size = prod(shape) * BYTES[dtype]
        laid[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    return laid, bytes(each % 7 for each in range(at))


def kohya_tensors(modules: int = 2, rank: int = 4) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Names, dtypes and shapes of a small kohya adapter."""
    found: dict[str, tuple[str, tuple[int, ...]]] = {}
    for number in range(modules):
        stem = f"lora_unet_mid_block_attentions_0_transformer_blocks_{number}_attn1_to_q"
        found[f"{stem}.alpha"] = ("F32", ())
        found[f"{stem}.lora_down.weight"] = ("F16", (rank, 32))
        found[f"{stem}.lora_up.weight"] = ("F16", (32, rank))
    return found


def adapter(metadata: Mapping[str, object] | None = None, *, modules: int = 2, padding: bytes = b"") -> bytes:
    """A sound kohya adapter with this metadata."""
    laid, payload = entries(kohya_tensors(modules))
    header = laid if metadata is None else {"__metadata__": dict(metadata), **laid}
    return container(header, payload, padding=padding)


def with_config(**fields: object) -> bytes:
    """A sound adapter whose `lora_adapter_metadata` holds these fields of the UNet's config."""
    config = {f"unet.{name}": value for name, value in fields.items()}
    return adapter({"format": "pt", "lora_adapter_metadata": json.dumps(config)})


def one_tensor(dtype: object = "F32", shape: object = (2,), offsets: object = (0, 8), payload: bytes = bytes(8)) -> bytes:
    """A file of one tensor, each field as given."""
    return container({"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}, payload)


def two_tensors(first: tuple[int, int], second: tuple[int, int], size: int) -> bytes:
    """Two byte tensors at these offsets, over a payload of `size` bytes."""
    header = {
        name: {"dtype": "U8", "shape": [stop - start], "data_offsets": [start, stop]}
        for name, (start, stop) in (("a", first), ("b", second))
    }
    return container(header, bytes(size))


def zip_archive(**members: bytes) -> bytes:
    """A zip of these members, dots for double underscores."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def tar_archive() -> bytes:
    """A tar of one small member."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("weights")
        member.size = 4
        archive.addfile(member, io.BytesIO(bytes(4)))
    return buffer.getvalue()


def pickle_that_calls(module: str = "os", name: str = "system") -> bytes:
    """Protocol-0 opcodes that would call module.name("true"). Nothing here ever loads them."""
    return f"c{module}\n{name}\n(S'true'\ntR.".encode()


def zip_in_last_tensor() -> bytes:
    """A sound safetensors file that unzip opens."""
    hidden = zip_archive(payload__py=b"print('hello')")
    return one_tensor("U8", [len(hidden)], [0, len(hidden)], hidden)


def header_that_unpickles(calls: bytes | None = None) -> bytes:
    """A sound safetensors file that pickle.load would run; `calls` are the opcodes that it would come to.

    The length field 0x4058 reads as BINUNICODE with 64 characters. Behind them, short-string opcodes ("U", a length
    from 32 to 126, that many bytes) leap through one long metadata value and over the end of the header into the only
    tensor.
    """
    length, landed = 0x4058, 8 + 61
    calls = calls or pickle_that_calls()
    ending = '"},"a":' + json.dumps({"dtype": "U8", "shape": [len(calls)], "data_offsets": [0, len(calls)]}) + "}"
    whole, rest = divmod(8 + length - landed, 128)
    leaps = [126] * (whole - 1) + [70, 128 + rest - 74]
    text = "".join("U" + chr(leap) + "." * leap for leap in leaps)
    opening = '{"__metadata__":{"x":"'
    raw = (opening + "." * (landed - 8 - len(opening)) + text)[: length - len(ending)] + ending
    return container(raw.encode(), calls)
