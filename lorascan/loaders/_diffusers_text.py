"""Tells which of a text encoder's updates outlast diffusers' two renamings.

Source: diffusers 0.42.1, `_load_lora_into_text_encoder` and `state_dict_utils.py` (read, not copied); checked against it in tests.
"""

from collections.abc import Sequence
from dataclasses import replace

from lorascan.core.adapter import Update
from lorascan.loaders._scene import View, drop, refuse_all

_ATTENTION = (".q_proj", ".k_proj", ".v_proj", ".out_proj")
_LOST = "its name outlasts no renaming, for no name of an output projection is there: silently ignored"
_UNKNOWN = "ValueError: the state dict's type cannot be inferred from the text encoder's names"
PROCESSOR, LINEAR, PEFT, PLAIN = "processor", "linear layer", "PEFT", "plain"


def text_encoders_renamed(view: View, *, as_peft: bool = False) -> View:
    """The view without what the renaming loses; refused where a text encoder's names give it no type.

    kohya's attention is renamed to processors, which only the name of an output projection gives away; its feed-forward is
    renamed to linear layers. With `as_peft` the names were already converted to PEFT's.
    """
    treatments = list(view.treatments)
    for component in {each.update.component for each in treatments if each.update.component.startswith("text_encoder")}:
        mine = [at for at, each in enumerate(treatments) if each.applied and each.update.component == component]
        styles = [PEFT if as_peft else _style(treatments[at].update) for at in mine]
        if not mine or (PROCESSOR in styles and any(_is_output(treatments[at].update) for at in mine)):
            continue
        if not _has_type([treatments[at].update for at in mine], styles):
            return refuse_all(view, _UNKNOWN)
        for at, style in zip(mine, styles, strict=True):
            if style == PROCESSOR:
                treatments[at] = drop(treatments[at].update, _LOST)
    return replace(view, treatments=tuple(treatments))


def _has_type(updates: Sequence[Update], styles: Sequence[str]) -> bool:
    return LINEAR in styles or any(
        style == PEFT and each.module_path.endswith(_ATTENTION) for each, style in zip(updates, styles, strict=True)
    )


def _style(update: Update) -> str:
    """What an update's names are when the text encoder's loader gets them."""
    name = update.tensors[0].name
    if ".lora_A" in name:
        return PEFT
    if ".lora_linear_layer." in name:
        return LINEAR
    attention = update.module_path.endswith(_ATTENTION)
    if ".lora_down." in name and not attention:
        return LINEAR if ".mlp." in update.module_path else PLAIN
    return PROCESSOR if attention and (".lora_down." in name or "_lora." in name) else PLAIN


def _is_output(update: Update) -> bool:
    return update.module_path.endswith(".out_proj") and _style(update) == PROCESSOR
