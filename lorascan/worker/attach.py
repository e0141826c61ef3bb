"""Attaches an adapter to the base, proves what landed, takes it off."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from lorascan.worker.pipeline import Base

NAME = "subject"


def canonical_tensors(content: memoryview) -> dict[str, torch.Tensor]:
    """The tensors of a file that the parent wrote: our own header, float32 only.

    The header's form is the parent's promise; anything else raises ValueError, which ends the worker.
    """
    length = int.from_bytes(content[:8], "little")
    header = json.loads(bytes(content[8 : 8 + length]))
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            message = f"tensor {name} is {entry['dtype']}, the parent writes F32 only"
            raise ValueError(message)
        start, stop = entry["data_offsets"]
        values = np.frombuffer(content[8 + length + start : 8 + length + stop], dtype="<f4")
        tensors[name] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    return tensors


def attach(base: Base, tensors: Mapping[str, torch.Tensor]) -> tuple[int, list[str]]:
    """Load the adapter by diffusers and peft from a dict that we built.

    Returns the number of updates in the dict and the module paths that did not land with exactly the values given.
    """
    base.pipeline.load_lora_weights(dict(tensors), adapter_name=NAME)
    stems = sorted({name.rsplit(".lora_", 1)[0] for name in tensors})
    return len(stems), [stem for stem in stems if not _landed(base, stem, tensors)]


def _landed(base: Base, stem: str, tensors: Mapping[str, torch.Tensor]) -> bool:
    component, _, path = stem.partition(".")
    part = base.parts().get(component)
    try:
        module: Any = part.get_submodule(path) if part is not None else None
    except AttributeError:
        return False
    if module is None or NAME not in getattr(module, "lora_A", {}):
        return False
    return (
        all(
            torch.equal(
                getattr(module, side)[NAME].weight.float().cpu(),
                tensors[f"{stem}.{side}.weight"].to(base.pipeline.unet.dtype).float(),
            )
            for side in ("lora_A", "lora_B")
        )
        and float(module.scaling[NAME]) == 1.0
    )


def set_scale(base: Base, scale: float) -> None:
    """The dose at which the attached adapter acts; 0 turns it off."""
    base.pipeline.set_adapters([NAME], adapter_weights=[scale])


def detach(base: Base) -> None:
    """Take the adapter off again."""
    base.pipeline.unload_lora_weights()
