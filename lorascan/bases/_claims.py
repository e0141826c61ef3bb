"""Which families a metadata value names."""

from lorascan.bases._manifests import families

_KINDS = frozenset({"lora", "lycoris", "textual-inversion", "control-lora"})
"""What modelspec.architecture names after the architecture."""


def claimed_families(claim: str | None) -> tuple[str, ...]:
    """The families that a value of `ss_base_model_version`, `modelspec.architecture` or a repository's name means.

    Compared without case, without what follows the architecture ("flux-1-dev/lora") and without the owner of a
    repository ("someone/FLUX.1-dev"). Several where the value leaves the release open ("flux1"); none where lorascan
    knows none of that name.
    """
    if claim is None:
        return ()
    owner, _, last = claim.strip().lower().rpartition("/")
    wanted = {owner if owner and last in _KINDS else last, f"{owner}/{last}"}
    return tuple(each.name for each in families().values() if wanted.intersection(each.claims))


def claimed_family(claim: str | None) -> str | None:
    """The one family that a metadata value names, None where it names none that lorascan knows, or leaves it open."""
    found = claimed_families(claim)
    return found[0] if len(found) == 1 else None
