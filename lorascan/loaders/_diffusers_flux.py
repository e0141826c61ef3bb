"""What diffusers' FLUX pipelines apply.

Source: diffusers 0.42.1, `FluxLoraLoaderMixin` and the converters of `lora_conversion_utils.py` (read, not copied);
checked against them in tests.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from lorascan.core.adapter import LowRankUpdate, Update
from lorascan.loaders._diffusers_blocks import control
from lorascan.loaders._diffusers_parts import NAME, NO_LORA, bare, by_name, pair, prefixed, seen
from lorascan.loaders._diffusers_rules import TEXTS
from lorascan.loaders._diffusers_text import text_encoders_renamed
from lorascan.loaders._diffusers_transformer import stems
from lorascan.loaders._scene import Scene, Treatment, View, drop, keep, refused

_T5 = ("lora_te2_", "lora_te3_", "text_encoders.t5xxl.")
_OUTSIDE = re.compile(r"(?:lora_unet_|diffusion_model\.)(?:img_in|txt_in|time_in|vector_in|guidance_in|final_layer)")
_RENAMED = ("lora_unet_", "lora_te_", "lora_te1_", "diffusion_model.", "text_encoders.clip_l.transformer.")
_BFL = re.compile(
    r"(?:lora_unet_|diffusion_model\.)(?:double_blocks|single_blocks|img_in|txt_in|time_in|vector_in|guidance_in|final_layer)"
)
_OWN = ("lora_transformer_", "lora_te1_")
_IN_BLOCK = re.compile(r"lora_transformer_(?:single_)?transformer_blocks_[0-9]+_(?!attn_(?:to|add)_)")


def flux(scene: Scene, names: Sequence[str]) -> View:
    """The view of the one loader that serves FLUX.1 and Chroma: the first naming that any name has decides."""
    if any(".lora_down.weight" in name for name in names):
        return _with_kohyas_endings(scene, names)
    if any("processor" in name for name in names):
        return seen(scene, tuple(pair(each) for each in scene.adapter.updates))
    if any("query_norm.scale" in name for name in names):
        why = control(stems((each for each in scene.adapter.updates if each.name == "lora"), ""))
        return refused(NAME, scene, why) if why else seen(scene, tuple(keep(each) for each in scene.adapter.updates))
    if any("base_model" in name for name in names):
        return refused(NAME, scene, "KeyError: PEFT names are taken for a Kontext adapter's")
    if not any("lora" in name for name in names):
        return refused(NAME, scene, NO_LORA)
    return text_encoders_renamed(prefixed(scene, ("transformer", *TEXTS["flux"]), tuple(_first_alphas(scene.adapter.updates))))


def _first_alphas(updates: Sequence[Update]) -> Iterator[float]:
    """Each update with its own α, with its component's first where it has none; 1 where the component has none at all.

    The alphas are tensors, so that no two count as one. A text encoder's have other names than PEFT looks for.
    """
    first: dict[str, float] = {}
    for update in by_name(updates):
        if update.alpha is not None and update.alpha_origin == "tensor":
            first.setdefault(update.component, update.alpha)
    for update in updates:
        own = update.alpha_origin == "tensor" and not update.component.startswith("text_encoder")
        if own or not update.scaled or update.component not in first:
            yield update.scaling
        else:
            yield first[update.component] / update.rank


def _with_kohyas_endings(scene: Scene, names: Sequence[str]) -> View:
    if any(name.startswith("transformer.") for name in names):
        return prefixed(scene, ("transformer",), (1.0,) * len(scene.adapter.updates))
    return _mixture(scene, names) if any(name.startswith(_OWN[0]) for name in names) else _kohya(scene)


def _kohya(scene: Scene) -> View:
    """Names that are not kohya's are filtered out, before what is left must be renamed."""
    ours = [each for each in scene.adapter.updates if _name(each).startswith(_RENAMED) and not _name(each).endswith(".diff_b")]
    odd = [_name(each) for each in ours if not _is_renamed(each)]
    odd += [each.span.name for each in scene.adapter.leftovers if each.span.name.startswith(_RENAMED)]
    if odd:
        return refused(NAME, scene, f"ValueError: keys that its converter does not rename ({odd[0]})")
    if not ours:
        return refused(NAME, scene, NO_LORA)
    return text_encoders_renamed(seen(scene, tuple(_kohya_one(each) for each in scene.adapter.updates)))


def _is_renamed(update: Update) -> bool:
    return _is_pair(update) and (update.component.startswith("text_encoder") or _BFL.match(_name(update)) is not None)


def _kohya_one(update: Update) -> Treatment:
    if _name(update).startswith(_T5):
        return drop(update, "T5 is not loaded")
    if not _name(update).startswith(_RENAMED):
        return drop(update, "filtered out: no name of kohya's")
    if not _is_pair(update):
        return drop(update, "biases are filtered out")
    if "text_projection" in _name(update):
        return drop(update, "the text projection is filtered out")
    if _OUTSIDE.match(_name(update)):
        return drop(update, "converted to a name without its component: silently ignored")
    return pair(update)


def _mixture(scene: Scene, names: Iterable[str]) -> View:
    """OneTrainer's names: only attention inside the blocks is converted to its own module."""
    if any(not name.startswith((*_OWN, "lora_unet_")) for name in names):
        return refused(NAME, scene, "AssertionError: names beside lora_transformer_ and lora_te1_")
    own = [each for each in scene.adapter.updates if _name(each).startswith(_OWN)]
    odd = [each for each in own if not _is_pair(each) or each.alpha is None]
    if odd:
        return refused(NAME, scene, f"KeyError: no pair of factors with an α ({_name(odd[0])})")
    whole = [each for each in own if _IN_BLOCK.match(_name(each))]
    if whole:
        return refused(NAME, scene, f"ValueError: a whole block is taken for the module ({_name(whole[0])})")
    return seen(scene, tuple(_own(each) for each in scene.adapter.updates))


def _own(update: Update) -> Treatment:
    return pair(update) if _name(update).startswith(_OWN) else drop(update, "thrown away by its converter")


def _is_pair(update: Update) -> bool:
    return isinstance(bare(update), LowRankUpdate)


def _name(update: Update) -> str:
    return update.tensors[0].name
