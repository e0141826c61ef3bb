"""Turns a vetted file's tensors into updates."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lorascan.core.adapter import Adapter, AdapterFacts, Leftover, LowRankUpdate, TensorSpan, VettedFile
from lorascan.core.catalogue import members
from lorascan.core.errors import Refusal, Refused
from lorascan.dialects._alpha import TENSOR, Alpha, declared_alpha, read_scalar
from lorascan.dialects._dialect import Dialect, Place, anywhere
from lorascan.dialects._groups import Group, faults, gather, leftovers
from lorascan.dialects._kinds import kind_of
from lorascan.dialects._manifest import Manifest
from lorascan.dialects._reasons import ADAPTER_KINDS
from lorascan.settings import DEFAULT, Limits

REFUSALS_KEPT = 20
"""Refusals listed for one file: a hostile file may hold thousands of alike ones."""
NO_BASE = Manifest(family="none", modules={})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """A sound pair of factors, not yet placed."""

    group: Group
    down: TensorSpan
    up: TensorSpan
    spelling: str
    dialect: Dialect

    @property
    def shape(self) -> tuple[int, int]:
        """(out, in·kh·kw) of the flattened ΔW."""
        return self.up.shape[0], math.prod(self.down.shape[1:])

    def place(self, manifest: Manifest) -> Place:
        """The module that the stem names: the first that fits in shape, else the first that is known, else none."""
        places = self.dialect.places(self.group.stem, self.spelling, manifest)
        fitting = (each for each in places if manifest.fits(each.component, each.module_path, self.shape))
        return next(fitting, places[0])


def dialects() -> dict[str, Dialect]:
    """Module name → dialect, in name order."""
    return members("lorascan.dialects", "DIALECT", Dialect)


def read_adapter(vetted: VettedFile, manifests: Sequence[Manifest] = (), limits: Limits = DEFAULT.limits) -> Adapter:
    """Every update of a vetted file, with the module that it changes, and every tensor that is none.

    Names are resolved against the manifest in which the most updates find a module of their own shape; ties go to the
    earlier manifest. Raises Refused: LS402 rank above `limits.rank`, LS505 two updates of one module, LS507 another
    adapter's key, LS509 not an adapter, LS604 α, LS605 factors that do not fit.
    """
    rank_limit = limits.rank
    groups, refusals = gather(vetted.spans)
    left: list[Leftover] = []
    pairs: list[_Pair] = []
    for group in groups:
        left.extend(leftovers(group))
        if group.is_pair:
            found = faults(group, rank_limit)
            refusals.extend(found)
            if not found:
                pairs.append(_pair(group))
    _stop(refusals)
    if not pairs and not any(each.reason in ADAPTER_KINDS for each in left):
        raise Refused(Refusal(code="LS509", message=f"this is {kind_of(left)}, not a LoRA adapter"))
    updates = _updates(vetted, pairs, _best(pairs, manifests))
    return Adapter(updates=updates, leftovers=tuple(left), facts=_facts(vetted, updates, left))


def _stop(refusals: Sequence[Refusal]) -> None:
    if refusals:
        raise Refused(*refusals[:REFUSALS_KEPT])


def _pair(group: Group) -> _Pair:
    (down, part), (up, _) = group.downs[0], group.ups[0]
    claiming = (each for each in dialects().values() if each.claims(group.stem, part.spelling))
    dialect = next(claiming, _UNNAMED)
    return _Pair(group=group, down=down, up=up, spelling=part.spelling, dialect=dialect)


def _unnamed_places(stem: str, _spelling: str, manifest: Manifest) -> tuple[Place, ...]:
    return anywhere(stem, manifest, fall_back="unknown")


_UNNAMED = Dialect(
    name="unnamed",
    title="factors under names of no known dialect",
    claims=lambda _stem, _spelling: False,
    places=_unnamed_places,
    example={},
)


def _best(pairs: Sequence[_Pair], manifests: Sequence[Manifest]) -> Manifest:
    """The manifest in which most pairs fit a module; among equals the one that knows most names, then the first."""

    def score(manifest: Manifest) -> tuple[int, int]:
        places = [(each, each.place(manifest)) for each in pairs]
        known = [(pair, place) for pair, place in places if place.known]
        fitting = [1 for pair, place in known if manifest.fits(place.component, place.module_path, pair.shape)]
        return len(fitting), len(known)

    return max(manifests, key=score, default=NO_BASE)


def _updates(vetted: VettedFile, pairs: Sequence[_Pair], manifest: Manifest) -> tuple[LowRankUpdate, ...]:
    refusals: list[Refusal] = []
    updates: dict[tuple[str, str], LowRankUpdate] = {}
    for pair in pairs:
        try:
            update = _update(vetted, pair, pair.place(manifest))
        except Refused as refused:
            refusals.extend(refused.refusals)
            continue
        key = update.component, update.module_path
        if key in updates:
            message = f"two updates of one module: {updates[key].down.name} and {update.down.name}"
            refusals.append(Refusal(code="LS505", message=message, where=".".join(key), measured=2, threshold=1))
        updates[key] = update
    _stop(refusals)
    return tuple(updates.values())


def _update(vetted: VettedFile, pair: _Pair, place: Place) -> LowRankUpdate:
    alpha = _alpha(vetted, pair, place)
    variant = f"-{place.variant}" if place.variant else ""
    return LowRankUpdate(
        module_path=place.module_path,
        component=place.component,
        dialect=pair.dialect.name + variant,
        down=pair.down,
        up=pair.up,
        alpha=alpha.value,
        alpha_origin=alpha.origin,
        rank_stabilized=alpha.rank_stabilized,
        resolved=place.known,
    )


def _alpha(vetted: VettedFile, pair: _Pair, place: Place) -> Alpha:
    """α from its tensor if the file has one, else from the PEFT metadata; the metadata's rank is checked either way."""
    declared = declared_alpha(vetted.facts.claims, place.component, place.module_path, pair.down.shape[0])
    if not pair.group.alphas:
        return declared
    value = read_scalar(vetted, pair.group.alphas[0])
    return Alpha(value=value, origin=TENSOR, rank_stabilized=declared.rank_stabilized)


def _facts(vetted: VettedFile, updates: Sequence[LowRankUpdate], left: Sequence[Leftover]) -> AdapterFacts:
    names = Counter(each.dialect for each in updates)
    return AdapterFacts(
        dialects=tuple(name for name, _ in names.most_common()),
        components=dict(Counter(each.component for each in updates)),
        ranks=dict(sorted(Counter(each.rank for each in updates).items())),
        scalings=dict(Counter(f"{each.scaling:g}" for each in updates)),
        update_count=len(updates),
        leftover_count=len(left),
        declared_triggers=vetted.facts.claims.triggers,
    )
