"""Turns what two loaders make of one file into findings."""

from collections.abc import Iterator

from lorascan.core.adapter import Adapter, BaseFacts
from lorascan.core.findings import Finding, Rule, Severity
from lorascan.loaders import Treatment, View, views

_COMPARED = ("diffusers", "comfyui")
"""The two whose rules were measured side by side."""
_SAME = 1e-9
"""Scalings that differ by a smaller share are the same number."""


def divergences(adapter: Adapter, base: BaseFacts, rule: Rule) -> Iterator[Finding]:
    """At most one finding for updates that only one of the two applies, and one for updates that they scale differently.

    Updates whose treatment the rules do not tell are left out. What diffusers applies and ComfyUI does not is only told: who
    looks with diffusers sees more than is there, not less.
    """
    found = {each.loader: each for each in views(adapter, base)}
    one, two = (found[name] for name in _COMPARED)
    pairs = [pair for pair in zip(one.treatments, two.treatments, strict=True) if None not in (pair[0].applied, pair[1].applied)]
    apart = [pair for pair in pairs if pair[0].applied != pair[1].applied]
    if apart:
        yield Finding(
            rule=rule,
            message=f"loaders apply different parts: {_counted(one)}, {_counted(two)}{_why(one, two, apart[0])}",
            severity=Severity.LOW if any(pair[1].applied for pair in apart) else Severity.INFO,
            where=apart[0][0].update.tensors[0].name,
            measured=len(apart),
            threshold=0,
        )
    scaled = [pair for pair in pairs if pair[0].applied and pair[1].applied and _differ(*pair)]
    if scaled:
        first = scaled[0]
        yield Finding(
            rule=rule,
            message=f"loaders scale {len(scaled):,} updates differently: "
            f"{one.loader} by {first[0].scaling:g}, {two.loader} by {first[1].scaling:g}",
            severity=Severity.INFO,
            where=first[0].update.tensors[0].name,
            measured=len(scaled),
            threshold=0,
        )


def _counted(view: View) -> str:
    return f"{view.loader} {view.applied:,} of {len(view.treatments):,}"


def _why(one: View, two: View, pair: tuple[Treatment, Treatment]) -> str:
    dropping, view = (pair[1], two) if pair[0].applied else (pair[0], one)
    return f" ({view.refused or dropping.why})"


def _differ(one: Treatment, two: Treatment) -> bool:
    first, second = one.scaling or 0.0, two.scaling or 0.0
    return abs(first - second) > _SAME * max(abs(first), abs(second))
