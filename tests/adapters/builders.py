"""Builds small adapters and vetted files for tests."""

import hashlib
import json
import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from lorascan.core.adapter import Claims, FileFacts, TensorSpan, VettedFile

Array = NDArray[np.generic]
ATTENTION = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
"""A linear module of the lab base, 64 by 64."""
TEXT = "encoder.layers.0.self_attn.out_proj"
"""A linear module of the lab's text encoder, 128 by 128; by its output projection diffusers knows kohya's names."""
WIDTHS = {ATTENTION: 64, TEXT: 128}


def make_adapter(*, rank: int = 4, alpha: float | None = 8.0, dialect: str = "kohya", seed: int = 0, dtype: str = "float32") -> bytes:
    """A safetensors file that updates one module of the lab's UNet and one of its text encoder."""
    return save(make_tensors(rank=rank, alpha=alpha, dialect=dialect, seed=seed, dtype=dtype))


def make_tensors(
    *, rank: int = 4, alpha: float | None = 8.0, dialect: str = "kohya", seed: int = 0, dtype: str = "float32"
) -> dict[str, Array]:
    """The tensors of `make_adapter`. Dialects: kohya, peft, diffusers_legacy."""
    random = np.random.default_rng(seed)
    tensors: dict[str, Array] = {}
    for path, width in WIDTHS.items():
        down, up, scale = _names(dialect, path)
        tensors[down] = random.standard_normal((rank, width)).astype(dtype)
        tensors[up] = random.standard_normal((width, rank)).astype(dtype)
        if alpha is not None and dialect == "kohya":
            tensors[scale] = np.array(alpha, dtype=dtype)
    return tensors


def _names(dialect: str, path: str) -> tuple[str, str, str]:
    component = "text_encoder" if path == TEXT else "unet"
    if dialect == "kohya":
        stem = f"lora_{'te_text_model' if path == TEXT else 'unet'}_{path.replace('.', '_')}"
        return f"{stem}.lora_down.weight", f"{stem}.lora_up.weight", f"{stem}.alpha"
    if dialect == "peft":
        return f"{component}.{path}.lora_A.weight", f"{component}.{path}.lora_B.weight", ""
    inner = "text_model." if path == TEXT else ""
    ending = "lora_linear_layer" if path == TEXT else "lora"
    stem = f"{component}.{inner}{path}.{ending}"
    return f"{stem}.down.weight", f"{stem}.up.weight", ""


def vetted(content: bytes, *, claims: Claims | None = None, name: str = "adapter.safetensors") -> VettedFile:
    """A vetted file of these bytes, as intake would make it of a sound file."""
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    spans = tuple(
        TensorSpan(
            name=each,
            dtype=entry["dtype"],
            shape=tuple(entry["shape"]),
            start=8 + length + entry["data_offsets"][0],
            stop=8 + length + entry["data_offsets"][1],
        )
        for each, entry in header.items()
    )
    return VettedFile(facts=_facts(content, spans, claims or Claims(), name), content=memoryview(content), spans=spans)


def zero_file(shapes: Mapping[str, tuple[int, ...]], *, claims: Claims | None = None) -> VettedFile:
    """A vetted file of these tensor shapes whose spans all point at one run of zeros, as float32."""
    sizes = {name: 4 * int(np.prod(shape)) for name, shape in shapes.items()}
    content = bytes(max(sizes.values(), default=0))
    spans = tuple(TensorSpan(name=name, dtype="F32", shape=tuple(shape), start=0, stop=sizes[name]) for name, shape in shapes.items())
    return VettedFile(facts=_facts(content, spans, claims or Claims(), "zeros"), content=memoryview(content), spans=spans)


def vetted_tensors(tensors: Mapping[str, Array], *, claims: Claims | None = None) -> VettedFile:
    """A vetted file of these tensors."""
    return vetted(save(dict(tensors)), claims=claims)


def _facts(content: bytes, spans: tuple[TensorSpan, ...], claims: Claims, name: str) -> FileFacts:
    digest = hashlib.sha256(content).hexdigest()
    return FileFacts(
        name=name,
        path=name,
        size=len(content),
        sha256=digest,
        tensor_hash=digest,
        autov3=digest[:12],
        header_bytes=8,
        tensor_count=len(spans),
        dtypes={},
        claims=claims,
    )
