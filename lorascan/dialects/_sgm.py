"""Names a diffusers UNet's modules as the original (sgm) code does.

Input block n = 1 + level·(layers + 1) + layer, its last one of a level the downsampler; output blocks count alike from
0. Source: diffusers, `_maybe_map_sgm_blocks_to_diffusers` and `_convert_unet_lora_key` (read, not copied).
"""

from collections.abc import Iterable

_INSIDE_RESNET = {
    "conv1": "in_layers.2",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_OUTSIDE = {
    "conv_in": "input_blocks.0.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}
SGM_WORDS = frozenset({"op", "conv", *(each.rpartition(".")[2] for each in (*_INSIDE_RESNET.values(), *_OUTSIDE.values()))})
"""The last words of original names, where they are not the diffusers path's own."""


def sgm_names(paths: Iterable[str]) -> dict[str, str]:
    """Original name → diffusers module path, for those modules of a UNet that the original code has."""
    known = tuple(paths)
    layers = len({path.split(".")[3] for path in known if path.startswith("down_blocks.0.resnets.")})
    attended = {path.split(".")[1] for path in known if path.startswith("up_blocks.") and ".attentions." in path}
    named = ((_original(path, layers, attended), path) for path in known)
    return {original: path for original, path in named if original is not None}


def _original(path: str, layers: int, attended: set[str]) -> str | None:
    """The original name of one module; None where the original code has no name of its own for it."""
    match path.split("."):
        case ["down_blocks", level, kind, layer, *rest]:
            return _down(1 + int(level) * (layers + 1), layers, kind, [layer, *rest])
        case ["mid_block", kind, layer, *rest]:
            place = "1" if kind == "attentions" else str(2 * int(layer))
            return f"middle_block.{place}.{_tail(kind, rest)}"
        case ["up_blocks", level, kind, layer, *rest] if kind != "upsamplers":
            return _inside(f"output_blocks.{int(level) * (layers + 1) + int(layer)}", kind, rest)
        case ["up_blocks", level, *_]:
            number = int(level) * (layers + 1) + layers
            return f"output_blocks.{number}.{2 if level in attended else 1}.conv"
    return _OUTSIDE.get(path)


def _down(first: int, layers: int, kind: str, rest: list[str]) -> str:
    if kind == "downsamplers":
        return f"input_blocks.{first + layers}.0.op"
    return _inside(f"input_blocks.{first + int(rest[0])}", kind, rest[1:])


def _inside(block: str, kind: str, rest: list[str]) -> str:
    return f"{block}.{1 if kind == 'attentions' else 0}.{_tail(kind, rest)}"


def _tail(kind: str, rest: list[str]) -> str:
    tail = ".".join(rest)
    return tail if kind == "attentions" else _INSIDE_RESNET.get(tail, tail)
