"""Orders a base's attention modules as cloneofsimo's injection walks them."""

from functools import cache

from lorascan.dialects._manifest import Manifest

_BLOCKS = {"down_blocks": 0, "up_blocks": 1, "mid_block": 2}
_TO = ("to_q", "to_k", "to_v", "to_out.0")
_ATTENTIONS = tuple(tuple(f"{attention}.{each}" for each in _TO) for attention in ("attn1", "attn2"))
_FORWARD = ("ff.net.0.proj",)
_ORDERS = (
    (*_ATTENTIONS[0], *_FORWARD, *_ATTENTIONS[1]),
    (*_ATTENTIONS[0], *_ATTENTIONS[1], *_FORWARD),
    (*_ATTENTIONS[0], *_ATTENTIONS[1]),
)
"""Within one transformer block: diffusers before 0.12, later ones, and injection into attention only."""
_TEXT = ("self_attn.k_proj", "self_attn.v_proj", "self_attn.q_proj", "self_attn.out_proj")


@cache
def positions(manifest: Manifest, component: str) -> tuple[tuple[str, ...], ...]:
    """The module paths of a component in each order of injection; nothing for a component that it does not walk."""
    paths = manifest.modules.get(component, {})
    if component == "text_encoder":
        layers = {path.rpartition(".self_attn.")[0] for path in paths if ".self_attn." in path}
        ordered = sorted((each for each in layers if each.rpartition(".")[2].isdigit()), key=lambda each: int(each.rpartition(".")[2]))
        return (tuple(f"{layer}.{each}" for layer in ordered for each in _TEXT),) * len(_ORDERS)
    blocks = {path.partition(".attn1.")[0] for path in paths if ".attn1." in path}
    if not all(each.partition(".")[0] in _BLOCKS for each in blocks):
        return ()
    ordered = sorted(blocks, key=_walk)
    return tuple(tuple(f"{block}.{each}" for block in ordered for each in order) for order in _ORDERS)


def _walk(block: str) -> tuple[int, ...]:
    words = block.split(".")
    return (_BLOCKS[words[0]], *(int(word) for word in words if word.isdigit()))
