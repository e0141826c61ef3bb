"""What diffusers' `load_lora_weights` applies.

Source: diffusers 0.42.1, `lora_pipeline.py`, `lora_conversion_utils.py`, `utils/peft_utils.py` (read, not copied);
checked against it in tests. α is the field that it treats otherwise than the file says: see `_alphas`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from lorascan.core.adapter import Update
from lorascan.loaders._diffusers_flux import flux
from lorascan.loaders._diffusers_parts import KIND, NAME, NO_LORA, bare, pair, prefixed, seen, undressed
from lorascan.loaders._diffusers_rules import EMPTIED, FLAT, LOKR, NATIVE, architecture, has_unet_loader
from lorascan.loaders._scene import Loader, Scene, Treatment, View, drop, keep, refused

_KOHYA = ("lora_te_", "lora_unet_", "lora_te1_", "lora_te2_")
_NOT_RENAMED = "ValueError: keys that its converter does not rename"
_CONVERTED = frozenset({"lora", "locon"})


def view(scene: Scene) -> View:
    """The view of the pipeline that fits the file's components."""
    if not scene.adapter.updates:
        return refused(NAME, scene, "no update: nothing is loaded")
    names = [name for name in scene.names if not name.endswith(".dora_scale")]
    if scene.denoiser == "unet" and has_unet_loader(scene.family):
        return _stable_diffusion(scene, names)
    return _transformer(scene, names)


def _stable_diffusion(scene: Scene, names: Sequence[str]) -> View:
    if all(name.startswith(_KOHYA) for name in names):
        odd = [each for each in scene.adapter.updates if bare(each).name not in _CONVERTED or _peft_ending(each)]
        if odd or scene.adapter.leftovers:
            first = odd[0].tensors[0].name if odd else scene.adapter.leftovers[0].span.name
            return refused(NAME, scene, f"{_NOT_RENAMED} ({first})")
        return seen(scene, tuple(_alphas(scene.adapter.updates)))
    if not all("lora" in name for name in names):
        return refused(NAME, scene, NO_LORA)
    return prefixed(scene, ("unet", "text_encoder", "text_encoder_2"))


def _transformer(scene: Scene, names: Sequence[str]) -> View:
    kind = architecture(scene.family)
    if kind == "flux":
        return flux(scene, names)
    if kind is None:
        return refused(NAME, scene, "the pipeline has no LoRA loader for these components")
    if _is_converted(kind, names):
        odd = [each for each in scene.adapter.updates if kind in EMPTIED and not _fits(each, kind)]
        if odd:
            return refused(NAME, scene, f"{_NOT_RENAMED} ({odd[0].tensors[0].name})")
        return seen(scene, tuple(_converted(each, kind) for each in scene.adapter.updates))
    if not all("lora" in name for name in names):
        return refused(NAME, scene, NO_LORA)
    return prefixed(scene, ("transformer", "text_encoder", "text_encoder_2"))


def _is_converted(kind: str, names: Sequence[str]) -> bool:
    """Whether the loader renames the file's keys."""
    flat, native = (any(name.startswith(prefix) for name in names) for prefix in ("lora_unet_", "diffusion_model."))
    if kind == "hunyuan":
        return any("img_attn_qkv" in name for name in names)
    marked = kind in EMPTIED and any(name.endswith(".alpha") or "default." in name for name in names)
    return (flat and kind in FLAT) or (native and kind in NATIVE) or marked


def _fits(update: Update, kind: str) -> bool:
    return bare(update).name in _CONVERTED or (update.kind == "lokr" and kind in LOKR)


def _converted(update: Update, kind: str) -> Treatment:
    if update.kind == "lokr":
        return keep(update, why="") if kind in LOKR else drop(update, KIND)
    if update.name == "bias" and kind == "wan":
        return keep(update)
    return pair(update)


def _peft_ending(update: Update) -> bool:
    return not all(".lora_down." in span.name or ".lora_up." in span.name for span in bare(update).tensors)


def _alphas(updates: Sequence[Update]) -> Iterator[Treatment]:
    """Kohya's α as diffusers hands it to PEFT: one value for all, the commonest where there are several.

    A module without α gets the others' value. A rarer α of an attention module is lost: it is filed under another name
    than PEFT looks for.
    """
    alphas: dict[str, Counter[float]] = {}
    for update in updates:
        if update.alpha is not None:
            alphas.setdefault(update.component, Counter())[update.alpha] += 1
    commonest = {component: counted.most_common(1)[0][0] for component, counted in alphas.items()}
    for update in updates:
        common = commonest.get(update.component)
        if common is None:
            yield undressed(update, 1.0)
            continue
        own = update.alpha if update.alpha is not None and not _is_attention(update) else common
        treated = own / update.rank
        if bare(update) is update and treated != update.scaling:
            yield keep(update, treated, why=f"α is taken as {own:g}, that of most modules", lost=(update.alpha_span,))
        else:
            yield undressed(update, treated)


def _is_attention(update: Update) -> bool:
    return ".attn1." in update.module_path or ".attn2." in update.module_path


LOADER = Loader(name=NAME, title="diffusers", version="0.42.1", view=view)
