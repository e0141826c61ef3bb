"""Turns a vetted file's tensors into updates."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import prod

from lorascan.core.adapter import Adapter, AdapterFacts, Leftover, VettedFile
from lorascan.core.catalogue import members
from lorascan.core.errors import Refusal, Refused
from lorascan.core.updates import WEIGHT, Update
from lorascan.dialects._alpha import MISSING, TENSOR, Alpha, declared_alpha, read_scalar
from lorascan.dialects._dialect import Dialect, anywhere
from lorascan.dialects._endings import ALPHA
from lorascan.dialects._groups import Group, gather, read_group, takes_alpha
from lorascan.dialects._kinds import kind_of
from lorascan.dialects._manifest import Manifest
from lorascan.dialects._marks import marked
from lorascan.dialects._place import Place
from lorascan.dialects._reasons import ADAPTER_KINDS
from lorascan.settings import DEFAULT, Limits

REFUSALS_KEPT = 20
"""Refusals listed for one file: a hostile file may hold thousands of alike ones."""
NO_BASE = Manifest(family="none", modules={})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """An update that is not placed yet."""

    group: Group
    update: Update
    dialect: Dialect
    spelling: str

    def places(self, manifest: Manifest) -> tuple[Place, ...]:
        """Every module that the stem may name."""
        return self.dialect.places(self.group.stem, self.spelling, manifest)


def dialects() -> dict[str, Dialect]:
    """Module name → dialect, in name order."""
    return members("lorascan.dialects", "DIALECT", Dialect)


def read_adapter(vetted: VettedFile, manifests: Sequence[Manifest] = (), limits: Limits = DEFAULT.limits) -> Adapter:
    """Every update of a vetted file, with the module that it changes, and every tensor that is none.

    Names are resolved against the manifest in which the most updates find a module of their own shape; ties go to the
    earlier manifest. A matrix that holds several modules gives one update for each, of its rows. Raises Refused: LS402
    rank above `limits.rank`, LS505 two updates of one module, LS507 another adapter's key, LS509 not an adapter, LS604
    α, LS605 factors that do not fit.
    """
    groups, refusals = gather(vetted.spans)
    left: list[Leftover] = []
    found: list[_Found] = []
    known = dialects()
    for group in groups:
        try:
            read = read_group(group, limits.rank)
        except Refused as refused:
            refusals.extend(refused.refusals)
            continue
        left.extend(read.leftovers)
        if read.updates:
            dialect = _dialect(group, known)
            found.extend(_Found(group=group, update=each, dialect=dialect, spelling=group.spelling) for each in read.updates)
    _stop(refusals)
    if not found and not any(each.reason in ADAPTER_KINDS for each in left):
        raise Refused(Refusal(code="LS509", message=f"this is {kind_of(left)}, not a LoRA adapter"))
    updates = _updates(vetted, found, _best(found, manifests))
    return Adapter(updates=updates, leftovers=tuple(left), facts=_facts(vetted, updates, left))


def _stop(refusals: Sequence[Refusal]) -> None:
    if refusals:
        raise Refused(*refusals[:REFUSALS_KEPT])


def _dialect(group: Group, known: dict[str, Dialect]) -> Dialect:
    return next((each for each in known.values() if each.claims(group.stem, group.spelling)), _UNNAMED)


def _unnamed_places(stem: str, _spelling: str, manifest: Manifest) -> tuple[Place, ...]:
    return anywhere(stem, manifest, fall_back="unknown")


_UNNAMED = Dialect(
    name="unnamed",
    title="updates under names of no known dialect",
    claims=lambda _stem, _spelling: False,
    places=_unnamed_places,
    example={},
)


def _best(found: Sequence[_Found], manifests: Sequence[Manifest]) -> Manifest:
    """The manifest in which most updates fit a module; among equals the one that knows most names, then the first.

    Those that could fit most, by the inputs of their modules, are tried first, until no other could win: looking names
    up costs far more.
    """
    inputs = Counter(each.update.stored_shape[1] if each.update.parameter == WEIGHT else 0 for each in found)
    bounds = [sum(count for size, count in inputs.items() if size == 0 or size in _inputs(each)) for each in manifests]
    reached, best = (-1, -1, 0), NO_BASE
    for at in sorted(range(len(manifests)), key=lambda at: -bounds[at]):
        if bounds[at] < reached[0]:
            break
        score = (*_score(found, manifests[at]), -at)
        if score > reached:
            reached, best = score, manifests[at]
    return best


def _score(found: Sequence[_Found], manifest: Manifest) -> tuple[int, int]:
    """How many updates fit a module of the manifest, and how many name one."""
    fitting = known = 0
    for each in found:
        places = each.places(manifest)
        known += places[0].known
        fitting += any(place.fits(each.update, manifest) for place in places)
    return fitting, known


@cache
def _inputs(manifest: Manifest) -> frozenset[int]:
    """in·kh·kw of every module."""
    return frozenset(prod(shape[1:]) for modules in manifest.modules.values() for shape in modules.values())


def _place(each: _Found, manifest: Manifest, step: int) -> Place:
    """The module that the stem names: the first that fits in shape, else the first that is known, else none."""
    places = each.places(manifest)
    if each.dialect.in_step:
        if step >= 0:
            return places[min(step, len(places) - 1)]
        return Place(component=places[0].component, module_path=each.group.stem, known=False)
    return next((place for place in places if place.fits(each.update, manifest)), places[0])


def _step(found: Sequence[_Found], manifest: Manifest) -> int:
    """Which of the walks fits every positional update; -1 where none does."""
    walked = [(each.update, each.places(manifest)) for each in found if each.dialect.in_step]
    most = min((len(places) for _, places in walked), default=0)
    steps = (step for step in range(most) if all(places[step].fits(update, manifest) for update, places in walked))
    return next(steps, -1)


def _updates(vetted: VettedFile, found: Sequence[_Found], manifest: Manifest) -> tuple[Update, ...]:
    refusals: list[Refusal] = []
    updates: dict[tuple[str, str, str], Update] = {}
    step = _step(found, manifest)
    borrowed = frozenset(name for each in found for name in each.dialect.borrows)
    lender = next((each.dialect.name for each in found if each.dialect.borrows), "")
    for each in found:
        name = lender if each.dialect.name in borrowed else each.dialect.name
        try:
            placed = tuple(_placed(vetted, each, _place(each, manifest, step), manifest, name))
        except Refused as refused:
            refusals.extend(refused.refusals)
            continue
        for update in placed:
            key = update.component, update.module_path, update.parameter
            if key in updates:
                message = f"two updates of one module: {updates[key].tensors[0].name} and {update.tensors[0].name}"
                refusals.append(Refusal(code="LS505", message=message, where=".".join(key[:2]), measured=2, threshold=1))
            updates[key] = update
    _stop(refusals)
    return tuple(updates.values())


def _placed(vetted: VettedFile, each: _Found, place: Place, manifest: Manifest, dialect: str) -> Iterable[Update]:
    """The update at its module; one for each module where the matrix holds several and fits them."""
    alpha = _alpha(vetted, each, place)
    sliced = bool(place.slices) and place.fits(each.update, manifest)
    alphas = each.group.parts.get(ALPHA)
    update = replace(
        marked(vetted, each.update),
        module_path=place.module_path,
        component=place.component,
        dialect=f"{dialect}-{place.variant}" if place.variant else dialect,
        alpha=alpha.value,
        alpha_origin=alpha.origin,
        alpha_span=alphas if takes_alpha(each.update) else None,
        rank_stabilized=alpha.rank_stabilized,
        resolved=place.known and (sliced or not place.slices),
        permuted=place.permuted,
        base_shape=_base_shape(place, manifest) if 0 in each.update.stored_shape else None,
    )
    if not sliced:
        yield update
        return
    for path, start, stop in place.rows(manifest):
        yield replace(update, module_path=path, rows=(start, stop), fused=place.module_path)


def _base_shape(place: Place, manifest: Manifest) -> tuple[int, int] | None:
    shape = manifest.shape(place.component, place.module_path) if place.known else None
    return (shape[0], prod(shape[1:])) if shape else None


def _alpha(vetted: VettedFile, each: _Found, place: Place) -> Alpha:
    """α from its tensor if the file has one, else from the PEFT metadata; the metadata's rank is checked either way."""
    if not takes_alpha(each.update):
        return Alpha(value=None, origin="none")
    if not each.update.scaled:
        stored = each.group.parts.get(ALPHA)
        return Alpha(value=None, origin=MISSING) if stored is None else Alpha(value=read_scalar(vetted, stored), origin=TENSOR)
    declared = declared_alpha(vetted.facts.claims, place.component, place.module_path, each.update.rank)
    if ALPHA not in each.group.parts:
        return declared
    value = read_scalar(vetted, each.group.parts[ALPHA])
    return Alpha(value=value, origin=TENSOR, rank_stabilized=declared.rank_stabilized)


def _in_denoiser(updates: Sequence[Update], dialect: str) -> bool:
    """Whether a dialect without a variant names more than text encoders, whose names have no variants."""
    return any(each.dialect == dialect and not each.component.startswith("text_encoder") for each in updates)


def _facts(vetted: VettedFile, updates: Sequence[Update], left: Sequence[Leftover]) -> AdapterFacts:
    names = Counter(each.dialect for each in updates)
    variants = {name.partition("-")[0] for name in names if "-" in name}
    return AdapterFacts(
        dialects=tuple(name for name, _ in names.most_common() if name not in variants or _in_denoiser(updates, name)),
        components=dict(Counter(each.component for each in updates)),
        ranks=dict(sorted(Counter(each.rank for each in updates).items())),
        scalings=dict(Counter(f"{each.scaling:g}" for each in updates)),
        update_count=len(updates),
        leftover_count=len(left),
        declared_triggers=vetted.facts.claims.triggers,
    )
