"""Names what a file is that is no adapter."""

from collections.abc import Sequence

from lorascan.core.adapter import Leftover
from lorascan.dialects._reasons import Reason

_PREFIXES = (
    ("lllite_", "a ControlNet-LLLite"),
    ("control_model.", "a ControlNet"),
    ("controlnet_", "a ControlNet"),
    ("model.diffusion_model.", "a full checkpoint"),
    ("first_stage_model.", "a full checkpoint"),
    ("cond_stage_model.", "a full checkpoint"),
    ("conditioner.", "a full checkpoint"),
    ("post_quant_conv.", "a VAE"),
    ("quant_conv.", "a VAE"),
    ("decoder.conv_in.", "a VAE"),
    ("down_blocks.", "the full weights of a denoiser"),
    ("double_blocks.", "the full weights of a denoiser"),
    ("transformer_blocks.", "the full weights of a denoiser"),
    ("text_model.", "the full weights of a text encoder"),
    ("encoder.layers.", "the full weights of a text encoder"),
)


def kind_of(leftovers: Sequence[Leftover]) -> str:
    """What the file seems to be, in words.

    Embeddings alone, and control-LoRA factors, decide by their reason; else the first prefix of the table that any name has.
    """
    names = [each.span.name for each in leftovers]
    if not names:
        return "a file without tensors"
    if all(each.reason == Reason.EMBEDDING for each in leftovers):
        return "a textual-inversion embedding"
    if any(each.reason in {Reason.CONTROL_MARKER, Reason.CONTROL_LORA} for each in leftovers):
        return "a control-LoRA"
    for prefix, kind in _PREFIXES:
        if any(name.startswith(prefix) for name in names):
            return kind
    return "a file without low-rank factors"
