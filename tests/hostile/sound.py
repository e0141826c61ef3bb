"""Sound adapters of a real base, to which a case does one thing."""

import json
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from tests.adapters.builders import ATTENTION, make_tensors
from tests.hostile.builders import container

Tensors = dict[str, NDArray[np.generic]]
STEM = f"lora_unet_{ATTENTION.replace('.', '_')}"


def tensors(dialect: str = "kohya", *, rank: int = 4, alpha: float | None = 4.0, seed: int = 0, dtype: str = "float32") -> Tensors:
    """Entries of the size that training makes."""
    made = make_tensors(dialect=dialect, rank=rank, alpha=alpha, seed=seed)
    return {name: (value.astype(np.float32) * np.float32(0.05 if value.ndim else 1)).astype(dtype) for name, value in made.items()}


def sound(metadata: Mapping[str, object] | None = None, *, padding: bytes = b"", **how: object) -> bytes:
    """A whole honest file with this metadata, which may hold what no library would write."""
    return written(tensors(**how), metadata, padding=padding)  # type: ignore[arg-type]


def written(named: Tensors, metadata: Mapping[str, object] | None = None, *, padding: bytes = b"") -> bytes:
    """These tensors with this metadata."""
    plain = save({name: np.array(value, order="C") for name, value in named.items()})
    length = int.from_bytes(plain[:8], "little")
    header = json.loads(plain[8 : 8 + length])
    return container(header if metadata is None else {"__metadata__": dict(metadata), **header}, plain[8 + length :], padding=padding)


def changed(change: Callable[[Tensors], Tensors], **how: object) -> bytes:
    """A sound file after this change."""
    return written(change(tensors(**how)))  # type: ignore[arg-type]


def configured(**fields: object) -> bytes:
    """A sound PEFT file whose own config holds these fields of the UNet."""
    config = {f"unet.{name}": value for name, value in {"r": 4, "lora_alpha": 4, "peft_type": "LORA", **fields}.items()}
    return sound({"format": "pt", "lora_adapter_metadata": json.dumps(config)}, dialect="peft", alpha=None)


def config(**fields: object) -> bytes:
    """An adapter_config.json, as PEFT writes it, with these fields."""
    plain = {"peft_type": "LORA", "r": 4, "lora_alpha": 4, "bias": "none", "target_modules": ["to_q", "q_proj"], "init_lora_weights": True}
    return json.dumps({**plain, **fields}).encode()


def keras(layer: str) -> bytes:
    """The JSON of a Keras model of one layer."""
    inner = {"class_name": layer, "config": {"name": "layer", "units": 2}}
    return json.dumps({"class_name": "Sequential", "config": {"layers": [inner]}}).encode()
