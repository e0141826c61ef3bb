"""What diffusers' `load_lora_weights` applies.

Source: diffusers 0.42.1, `lora_pipeline.py`, `lora_conversion_utils.py`, `utils/peft_utils.py` (read, not copied);
checked against it in tests. α is the field that it treats otherwise than the file says: see `_alphas`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from lorascan.core.adapter import Update
from lorascan.loaders._diffusers_flux import flux
from lorascan.loaders._diffusers_parts import NAME, NO_LORA, NO_MODULE, bare, by_name, found, prefixed, seen, undressed
from lorascan.loaders._diffusers_rules import architecture, has_unet_loader
from lorascan.loaders._diffusers_text import text_encoders_renamed
from lorascan.loaders._diffusers_transformer import CONVERTED, NOT_RENAMED, transformer
from lorascan.loaders._scene import Loader, Scene, Treatment, View, drop, keep, refused

_KOHYA = ("lora_te_", "lora_unet_", "lora_te1_", "lora_te2_")
_SGM = re.compile(r"lora_unet_.*(?:input_blocks|middle_block|output_blocks)")
_OURS = re.compile(r".*(?:down_blocks|mid_block|up_blocks)")
_MIXED = "the file mixes two namings: those of the original code are thrown away"
_OPEN = "which base the file is for is not known, so which pipeline would load it is open"


def view(scene: Scene) -> View:
    """The view of the pipeline that fits the file's components."""
    if not scene.adapter.updates:
        return refused(NAME, scene, "no update: nothing is loaded")
    names = [name for name in scene.names if not name.endswith(".dora_scale")]
    if scene.denoiser == "unet" and has_unet_loader(scene.family):
        return _stable_diffusion(scene, names, ("unet", "text_encoder", "text_encoder_2"))
    if scene.family == "wuerstchen" and scene.denoiser == "prior":
        return _stable_diffusion(scene, names, ("prior", "text_encoder"))
    return _other(scene, names)


def _stable_diffusion(scene: Scene, names: Sequence[str], components: Sequence[str]) -> View:
    if all(name.startswith(_KOHYA) for name in names):
        odd = [each for each in scene.adapter.updates if bare(each).name not in CONVERTED or _peft_ending(each)]
        if odd or scene.adapter.leftovers:
            first = odd[0].tensors[0].name if odd else scene.adapter.leftovers[0].span.name
            return refused(NAME, scene, f"{NOT_RENAMED} ({first})")
        return text_encoders_renamed(found(seen(scene, tuple(_original(scene, _alphas(scene.adapter.updates))))))
    if not all("lora" in name for name in names):
        return refused(NAME, scene, NO_LORA)
    return text_encoders_renamed(prefixed(scene, components))


def _original(scene: Scene, treatments: Iterator[Treatment]) -> Iterator[Treatment]:
    """Without what has the original code's names: only SDXL's loader renames them, and only in a file that has no others."""
    renamed = scene.family is not None and scene.family.startswith("sdxl")
    mixed = any(map(_OURS.match, scene.names))
    for each in treatments:
        if not _SGM.match(each.update.tensors[0].name) or (renamed and not mixed):
            yield each
        else:
            yield drop(each.update, _MIXED if renamed else NO_MODULE)


def _other(scene: Scene, names: Sequence[str]) -> View:
    kind = architecture(scene.family)
    if kind == "flux":
        return flux(scene, names)
    if kind is not None:
        return transformer(scene, names, kind)
    if scene.family is None:
        return seen(scene, tuple(Treatment(update=each, applied=None, why=_OPEN) for each in scene.adapter.updates))
    return refused(NAME, scene, "the pipeline has no LoRA loader for these components")


def _peft_ending(update: Update) -> bool:
    return not all(".lora_down." in span.name or ".lora_up." in span.name for span in bare(update).tensors)


def _alphas(updates: Sequence[Update]) -> Iterator[Treatment]:
    """Kohya's α as diffusers hands it to PEFT: one value for all, the commonest where there are several.

    A module without α gets the others' value. A rarer α of an attention module or of a text encoder may be lost: it is filed
    under another name than PEFT looks for.
    """
    alphas: dict[str, Counter[float]] = {}
    for update in by_name(updates):
        if update.alpha is not None:
            alphas.setdefault(update.component, Counter())[update.alpha] += 1
    commonest = {component: counted.most_common(1)[0][0] for component, counted in alphas.items()}
    for update in updates:
        common = commonest.get(update.component)
        if common is None:
            yield undressed(update, 1.0)
            continue
        own = update.alpha if update.alpha is not None and not _is_filed_elsewhere(update) else common
        treated = own / update.rank
        if bare(update) is update and treated != update.scaling:
            yield keep(update, treated, why=f"α is taken as {own:g}, that of most modules", lost=(update.alpha_span,))
        else:
            yield undressed(update, treated)


def _is_filed_elsewhere(update: Update) -> bool:
    """Whether the α's name is another than PEFT looks for: attention's, and all of a text encoder whose class has no `text_model.`."""
    if update.component.startswith("text_encoder"):
        return ".self_attn." in update.module_path or not update.module_path.startswith("text_")
    return ".attn1." in update.module_path or ".attn2." in update.module_path


LOADER = Loader(name=NAME, title="diffusers", version="0.42.1", view=view)
