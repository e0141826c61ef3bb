"""Finds the bases that an adapter fits."""

from lorascan.bases._manifests import families, manifests
from lorascan.bases._resolve import requested_family, requested_manifest
from lorascan.core.adapter import Adapter, BaseFacts, Claims, LowRankUpdate
from lorascan.dialects import Manifest

PLAUSIBLE = 0.5
"""Share of modules that must fit before a base is named at all; below it the file is for something unknown."""


def identify(adapter: Adapter, requested: str | None, claims: Claims) -> BaseFacts:
    """Which base the adapter fits, by the exact (out, in·kh·kw) of every module.

    With `requested` ("lab", a folder, a cached repository), match and unknown modules are those of that base, and the
    family is the one that it is loaded as. Without it the family is the only one that fits wholly; among several the
    one that the metadata claim; where none fits wholly, the one that fits best, if it fits at least half of the
    modules. Raises UsageError and Unavailable as `locate` and `base_manifest` do.
    """
    shares = {each.family: _share(adapter, each) for each in manifests()}
    candidates = tuple(name for name, share in shares.items() if share == 1.0)
    if requested is not None:
        chosen: Manifest | None = requested_manifest(requested)
        family: str | None = requested_family(requested).name
    else:
        chosen = _chosen(shares, candidates, claimed_family(claims.base))
        family = chosen.family if chosen else None
    match = _share(adapter, chosen) if chosen else 0.0
    return BaseFacts(
        family=family,
        candidates=candidates,
        claimed=claims.base,
        match=match,
        unknown_modules=_unknown(adapter, chosen) if chosen else (),
    )


def claimed_family(claim: str | None) -> str | None:
    """The family that a metadata value names, None where it names none that lorascan knows."""
    if claim is None:
        return None
    wanted = claim.strip().lower()
    return next((each.name for each in families().values() if wanted in each.claims), None)


def _chosen(shares: dict[str, float], candidates: tuple[str, ...], claimed: str | None) -> Manifest | None:
    if len(candidates) > 1:
        name = claimed if claimed in candidates else None
    elif candidates:
        name = candidates[0]
    else:
        best = max(shares, key=lambda each: shares[each], default=None)
        name = best if best is not None and shares[best] >= PLAUSIBLE else None
    return next((each for each in manifests() if each.family == name), None)


def _share(adapter: Adapter, manifest: Manifest) -> float:
    if not adapter.updates:
        return 0.0
    return sum(1 for each in adapter.updates if _fits(each, manifest)) / len(adapter.updates)


def _fits(update: LowRankUpdate, manifest: Manifest) -> bool:
    return update.resolved and manifest.fits(update.component, update.module_path, update.shape)


def _unknown(adapter: Adapter, manifest: Manifest) -> tuple[str, ...]:
    return tuple(f"{each.component}.{each.module_path}" for each in adapter.updates if not _fits(each, manifest))
