"""Splits a module path into block and projection."""

import re

_BLOCK = re.compile(r"^(.*\b(?:\w*blocks|layers|attentions|resnets|downsamplers|upsamplers|mid_block)(?:\.\d+)?)\.(\D.*)$")
_SHORT = (
    ("text_model.encoder.layers.", "layer "),
    ("single_transformer_blocks.", "single "),
    ("transformer_blocks.", "tf "),
    ("down_blocks.", "down "),
    ("up_blocks.", "up "),
    ("mid_block", "mid"),
    ("attentions.", "attn "),
    ("resnets.", "res "),
)


def block_and_projection(module_path: str) -> tuple[str, str]:
    """The repeated block that a module belongs to, and its place within; ("", path) where there is no block."""
    matched = _BLOCK.match(module_path)
    if matched:
        return matched[1], matched[2]
    block, _, projection = module_path.rpartition(".")
    return block, projection


def short(path: str) -> str:
    """A module path with the usual names cut short: "up 1·attn 0·tf 0·attn2.to_v"."""
    for long, brief in _SHORT:
        path = path.replace(long, brief)
    return re.sub(r"( \d+|^mid)\.", r"\1·", path)
