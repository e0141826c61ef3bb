"""Asks the denoiser once, with the conditions that the pipeline itself prepares."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from lorascan.worker.pipeline import Base

FloatArray = npt.NDArray[np.float32]


class _Answered(Exception):
    """Ends the pipeline's call: what was wanted is known."""

    def __init__(self, answer: torch.Tensor) -> None:
        super().__init__("answered")
        self.answer = answer


def first_answers(base: Base, texts: Sequence[str], *, seed: int, side: int) -> FloatArray:
    """The denoiser's first output (n, channels, side, side) for each text, all from the same noise.

    Transformers answer in patches; their cells are counted as if they were a grid. Raises ValueError where the answer
    is not one grid a text.
    """
    edge = round(side * base.contract.cell(base.pipeline))
    hook = base.denoiser.register_forward_hook(_stop)
    arguments: dict[str, Any] = {"num_inference_steps": 1, "height": edge, "width": edge, **base.contract.searching}
    try:
        base.pipeline(
            prompt=list(texts),
            generator=[torch.Generator("cpu").manual_seed(seed) for _ in texts],
            output_type="np",
            **arguments,
        )
    except _Answered as answered:
        found = answered.answer.float().cpu().numpy()
    else:
        message = "the pipeline never asked its denoiser"
        raise ValueError(message)
    finally:
        hook.remove()
        base.pipeline.maybe_free_model_hooks()
    if found.shape[0] != len(texts) or found[0].size % side**2:
        message = f"an answer of shape {found.shape} for {len(texts)} texts of side {side}"
        raise ValueError(message)
    return np.ascontiguousarray(found.reshape(len(texts), -1, side, side))


def _stop(_module: torch.nn.Module, _inputs: object, output: Any) -> None:  # noqa: ANN401 - a tuple, a tensor or diffusers' own
    raise _Answered(output[0] if isinstance(output, tuple) else getattr(output, "sample", output))
