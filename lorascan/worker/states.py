"""Text states as the denoiser reads them."""

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import layer_norm, pad

from lorascan.worker.pipeline import Base

IntArray = npt.NDArray[np.int32]


def states(base: Base, ids: IntArray) -> torch.Tensor:
    """States (n, length, width) of token ids (n, length) of the base's tokenizer, by the contract's kind.

    Raises ValueError where the base has none by token.
    """
    rows = torch.from_numpy(ids.astype(np.int64)).to(base.device)
    match base.contract.states:
        case "cross-attention":
            found: torch.Tensor = base.pipeline.text_encoder(rows)[0]
            return found
        case "last":
            last: torch.Tensor = base.part("text_encoder")(rows).last_hidden_state
            return last
        case "pair":
            return _pair(base, rows)
        case "joint":
            return _joint(base, rows)
    message = f"{base.family.title} has no text states by token"
    raise ValueError(message)


def _pair(base: Base, rows: torch.Tensor) -> torch.Tensor:
    """The penultimate states of two CLIP towers with one vocabulary, side by side."""
    pipeline = base.pipeline
    first = pipeline.text_encoder(rows, output_hidden_states=True).hidden_states[-2]
    second = pipeline.text_encoder_2(_repadded(rows, pipeline), output_hidden_states=True).hidden_states[-2]
    return torch.cat([first, second], dim=-1)


def _repadded(rows: torch.Tensor, pipeline: object) -> torch.Tensor:
    """The ids as the second tokenizer pads them: the same words, another id after the end of the text."""
    first, second = (getattr(pipeline, name) for name in ("tokenizer", "tokenizer_2"))
    if first.pad_token_id == second.pad_token_id:
        return rows
    ended = (rows == first.eos_token_id).cumsum(dim=1)
    return torch.where((ended > 1) & (rows == first.pad_token_id), second.pad_token_id, rows)


def _joint(base: Base, rows: torch.Tensor) -> torch.Tensor:
    """The pair, widened with zeros, embedded and normalised as the first block's text stream, before its modulation."""
    transformer = base.denoiser
    pair = _pair(base, rows)
    wide = pad(pair, (0, transformer.config.joint_attention_dim - pair.shape[-1]))
    embedded: torch.Tensor = transformer.context_embedder(wide.to(transformer.dtype))
    return layer_norm(embedded, embedded.shape[-1:])
