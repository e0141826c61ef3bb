"""Finds the bases that an adapter fits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lorascan.bases._claims import claimed_families
from lorascan.bases._cover import covered
from lorascan.bases._manifests import families, manifest, manifests
from lorascan.bases._resolve import requested_family, requested_manifest
from lorascan.core.adapter import Adapter, BaseFacts, Claims, Update, VettedFile
from lorascan.core.errors import Refused
from lorascan.core.updates import BIAS, WEIGHT
from lorascan.dialects import Manifest, read_adapter

PLAUSIBLE = 0.5
"""Share of modules that must fit before a base is named at all; below it the file is for something unknown."""


def identify(adapter: Adapter, requested: str | None, claims: Claims, vetted: VettedFile | None = None) -> BaseFacts:
    """Which base the adapter fits, by the exact (out, in·kh·kw) of every module.

    With `vetted`, the file's own names decide between bases of equal modules: the original code of one names them
    otherwise than that of another. Where the file updates every block of some of several bases, the deeper ones are left out.

    With `requested` ("lab", a folder, a cached repository), match and unknown modules are those of that base, and the
    family is the one that it is loaded as. Without it the family is the only one that fits wholly; among several the
    only one of them that the metadata claim; where none fits wholly, the one that fits best, if it fits at least half
    of the modules and no other fits as well. Families that tie are not guessed between: their releases have the same
    modules. Raises UsageError and Unavailable as `locate` and `base_manifest` do.
    """
    weights = tuple(each for each in adapter.updates if each.tells_base)
    shares = {each.family: _share(_telling(adapter, weights, each), each) for each in manifests()}
    candidates = tuple(name for name, share in shares.items() if share == 1.0)
    if vetted is not None and len(candidates) > 1 and any(each.module_path not in each.tensors[0].name for each in adapter.updates):
        candidates = _named(candidates, vetted)
    if len(candidates) > 1:
        candidates = covered(adapter.updates, map(manifest, candidates)) or candidates
    if requested is not None:
        chosen: Manifest | None = requested_manifest(requested)
        family: str | None = requested_family(requested).name
    else:
        family = _chosen(shares, candidates, claimed_families(claims.base))
        chosen = manifest(family) if family else None
    match = _share(_telling(adapter, weights, chosen), chosen) if chosen else 0.0
    return BaseFacts(
        family=family,
        candidates=candidates,
        claimed=claims.base,
        match=match,
        unknown_modules=_unknown(adapter, chosen) if chosen else (),
    )


def _named(candidates: tuple[str, ...], vetted: VettedFile) -> tuple[str, ...]:
    """Those of the candidates in which the file's names, read for that base alone, mean modules of their shape."""
    named = []
    for name in candidates:
        base = manifest(name)
        try:
            read = read_adapter(vetted, (base,))
            fits = _share([each for each in read.updates if _tells(base, each)], base) == 1.0
        except Refused:
            continue
        if fits:
            named.append(name)
    return tuple(named) or candidates


def _chosen(shares: Mapping[str, float], candidates: Sequence[str], claimed: Sequence[str]) -> str | None:
    """The one family among those that fit best, or the one of them that the metadata claim."""
    best = max(shares.values(), default=0.0)
    tied = candidates or [name for name, share in shares.items() if share == best >= PLAUSIBLE]
    if len(tied) > 1:
        tied = [name for name in tied if name in claimed]
    return tied[0] if len(tied) == 1 else None


def _telling(adapter: Adapter, weights: Sequence[Update], base: Manifest) -> Sequence[Update]:
    """The updates that speak for or against the base; `weights` are those that do so for any base."""
    family = families().get(base.family)
    return weights if family is None or family.biased else [each for each in adapter.updates if _tells(base, each)]


def _share(telling: Sequence[Update], base: Manifest) -> float:
    return sum(1 for each in telling if _takes(base, each)) / len(telling) if telling else 0.0


def _tells(base: Manifest, update: Update) -> bool:
    """Whether the update speaks for or against the base: by a weight's shape, or by a bias where the base has none."""
    family = families().get(base.family)
    foreign = family is not None and not family.biased and update.parameter == BIAS and update.component == family.denoiser
    return update.tells_base or foreign


def _takes(base: Manifest, update: Update) -> bool:
    """Whether the base has the module; one text encoder's paths begin with `text_model.` in one base, not in another."""
    modules, path = base.modules.get(update.component), update.module_path
    if modules is None:
        return False
    if path in modules and (base.takes(update) or _widens(base, update)):
        return True
    if not update.component.startswith("text_encoder"):
        return False
    bare = path.removeprefix("text_model.")
    return any(base.takes(replace(update, module_path=each)) for each in (bare, f"text_model.{bare}") if each in modules)


def _widens(base: Manifest, update: Update) -> bool:
    """Whether the update multiplies the inputs of a module whose control adapters do so."""
    family, shape = families().get(base.family), base.shape(update.component, update.module_path)
    if family is None or shape is None or update.module_path not in family.widened or update.parameter != WEIGHT:
        return False
    return update.shape[0] == shape[0] and update.shape[1] > 0 and update.shape[1] % shape[1] == 0


def _unknown(adapter: Adapter, base: Manifest) -> tuple[str, ...]:
    return tuple(f"{each.component}.{each.module_path}" for each in adapter.updates if _tells(base, each) and not _takes(base, each))
