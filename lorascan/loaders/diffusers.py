"""What diffusers' `load_lora_weights` applies.

Source: diffusers 0.42.1, `lora_pipeline.py`, `lora_conversion_utils.py`, `utils/peft_utils.py` (read, not copied);
checked against it in tests. α is the field that it treats otherwise than the file says: see `_alphas`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from lorascan.core.adapter import LowRankUpdate, Update
from lorascan.core.whole_updates import DoraUpdate
from lorascan.loaders._diffusers_rules import FLAT, LOKR, NATIVE, architecture, has_unet_loader
from lorascan.loaders._scene import Loader, Scene, Treatment, View, drop, keep, refused

NAME = "diffusers"
_KOHYA = ("lora_te_", "lora_unet_", "lora_te1_", "lora_te2_")
_NO_LORA = "ValueError: a name does not hold 'lora'"
_NOT_RENAMED = "ValueError: keys that its converter does not rename"
_NOTHING = "no name under the component's prefix: silently ignored"
_SCALE_OUT = "the magnitude is taken out with a warning; the rest is applied as plain LoRA"
_KIND = "the kind is not loaded"
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
        odd = [each for each in scene.adapter.updates if _bare(each).name not in _CONVERTED or _peft_ending(each)]
        if odd or scene.adapter.leftovers:
            first = odd[0].tensors[0].name if odd else scene.adapter.leftovers[0].span.name
            return refused(NAME, scene, f"{_NOT_RENAMED} ({first})")
        return _view(scene, tuple(_alphas(scene.adapter.updates)))
    if not all("lora" in name for name in names):
        return refused(NAME, scene, _NO_LORA)
    return _prefixed(scene, ("unet", "text_encoder", "text_encoder_2"))


def _transformer(scene: Scene, names: Sequence[str]) -> View:
    kind = architecture(scene.family)
    if kind == "flux":
        return _flux(scene, names)
    if kind is None:
        return refused(NAME, scene, "the pipeline has no LoRA loader for these components")
    if kind == "hunyuan" and all(name.startswith("diffusion_model.") for name in names):
        return _view(scene, tuple(_pair(each) for each in scene.adapter.updates))
    flat, native = (any(name.startswith(prefix) for name in names) for prefix in ("lora_unet_", "diffusion_model."))
    if (flat and kind in FLAT) or (native and kind in NATIVE):
        return _view(scene, tuple(_converted(each, kind) for each in scene.adapter.updates))
    if not all("lora" in name for name in names):
        return refused(NAME, scene, _NO_LORA)
    return _prefixed(scene, ("transformer", "text_encoder", "text_encoder_2"))


def _converted(update: Update, kind: str) -> Treatment:
    if update.kind == "lokr":
        return keep(update, why="") if kind in LOKR else drop(update, _KIND)
    if update.name == "bias" and kind == "wan":
        return keep(update)
    return _pair(update)


def _flux(scene: Scene, names: Sequence[str]) -> View:
    if any(".lora_down.weight" in name for name in names):
        odd = [each for each in scene.adapter.updates if _bare(each).name not in _CONVERTED]
        if odd:
            return refused(NAME, scene, f"{_NOT_RENAMED} ({odd[0].tensors[0].name})")
        return _view(scene, tuple(_flux_kohya(each) for each in scene.adapter.updates))
    if any("processor" in name for name in names):
        return _view(scene, tuple(_pair(each) for each in scene.adapter.updates))
    if any("query_norm.scale" in name for name in names):
        return _view(scene, tuple(keep(each) for each in scene.adapter.updates))
    kontext = any("base_model" in name for name in names)
    if kontext or not any("lora" in name for name in names):
        return refused(NAME, scene, "KeyError: PEFT names are taken for a Kontext adapter's" if kontext else _NO_LORA)
    return _prefixed(scene, ("transformer", "text_encoder"), scaling=1.0)


def _flux_kohya(update: Update) -> Treatment:
    if update.tensors[0].name.startswith(("lora_te2_", "lora_te3_")):
        return drop(update, "T5 is not loaded")
    return _pair(update)


def _prefixed(scene: Scene, components: Sequence[str], scaling: float | None = None) -> View:
    return _view(scene, tuple(_prefixed_one(each, components, scaling) for each in scene.adapter.updates))


def _prefixed_one(update: Update, components: Sequence[str], scaling: float | None) -> Treatment:
    name = update.tensors[0].name
    if not name.startswith(tuple(f"{each}." for each in components)) or "lora" not in name:
        return drop(update, _NOTHING)
    if update.name == "bias":
        return keep(update)
    treated = _pair(update)
    if scaling is None or not treated.applied or update.alpha_origin != "tensor":
        return treated
    return keep(update, scaling, why="the α tensor is dropped")


def _bare(update: Update) -> Update:
    """The update without a magnitude that is taken out."""
    return update.direction if isinstance(update, DoraUpdate) and update.convention == "dora_scale" else update


def _peft_ending(update: Update) -> bool:
    return not all(".lora_down." in span.name or ".lora_up." in span.name for span in _bare(update).tensors)


def _pair(update: Update) -> Treatment:
    """A pair is applied, DoRA with PEFT's magnitude too; LyCORIS' magnitude is taken out."""
    if isinstance(_bare(update), LowRankUpdate):
        return keep(update, why=_SCALE_OUT if isinstance(update, DoraUpdate) else "")
    if isinstance(update, DoraUpdate) and update.convention == "lora_magnitude_vector":
        return keep(update)
    return drop(update, _KIND)


def _alphas(updates: Sequence[Update]) -> Iterator[Treatment]:
    """Kohya's α as diffusers hands it to PEFT: one value for all, the commonest where there are several.

    A module without α gets the others' value. A rarer α of an attention module is lost: it is filed under another name
    than PEFT looks for.
    """
    by_component = {each.component: [u.alpha for u in updates if u.component == each.component and u.alpha is not None] for each in updates}
    for update in updates:
        alphas = by_component[update.component]
        if not alphas:
            yield keep(update, 1.0, why=_SCALE_OUT if isinstance(update, DoraUpdate) else "")
            continue
        common = Counter(alphas).most_common(1)[0][0]
        own = update.alpha if update.alpha is not None and not _is_attention(update) else common
        treated = own / update.rank
        if isinstance(update, DoraUpdate):
            yield keep(update, treated, why=_SCALE_OUT)
        elif treated != update.scaling:
            yield keep(update, treated, why=f"α is taken as {own:g}, that of most modules")
        else:
            yield keep(update)


def _is_attention(update: Update) -> bool:
    return ".attn1." in update.module_path or ".attn2." in update.module_path


def _view(scene: Scene, treatments: tuple[Treatment, ...]) -> View:
    dropped = tuple((each.span.name, "no part of an adapter for this loader") for each in scene.adapter.leftovers)
    return View(loader=NAME, refused="", treatments=treatments, dropped=dropped)


LOADER = Loader(name=NAME, title="diffusers", version="0.42.1", view=view)
