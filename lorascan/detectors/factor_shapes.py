"""Finds factors that do not fit, and ranks that save nothing.

What it measures: LS605 refuses, while reading, a factor without its partner, factors whose ranks differ, rank or
dimension 0, and tensors of another rank than the file's own metadata say; an α without factors is named here (low).
Where the base is known it also names factors whose dimensions are not those of the module's weight, although their product
fits: a kernel on a linear module, or one of another form (high), dimensions of one more or less (medium; low where a
linear module has the four of a 1×1 convolution). LS607 counts updates whose rank is at least the smaller side of ΔW.

Why it matters: a broken pair is dropped by one loader and crashes another. A rank beyond the smaller side stores more
than the full matrix and cannot express more: a padded or a careless file. Factors of other dimensions are flattened by one
loader (ComfyUI), and refused or broadcast by another (PEFT, kohya's scripts): what was tested is not what is applied.

When it is wrong: pairs of a 1×1 convolution on a linear module come out of converters between bases whose projections are one
or the other, which is why they are only low; matrices that are flattened altogether are silent. High ranks are common on small
convolutions of LoCon files, so LS607 is only low.

Source: linear algebra: rank(B·A) ≤ min(out, in); CWE-843.
"""

from collections.abc import Iterator

from lorascan.bases import manifests
from lorascan.core.adapter import Adapter, BaseFacts, LowRankUpdate, Update
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity
from lorascan.core.whole_updates import DoraUpdate
from lorascan.detectors._leftovers import leftover_findings
from lorascan.dialects import Reason

MISFIT = Rule(
    code="LS605",
    name="factors-misfit",
    summary="A factor has no partner, or the factors do not fit together.",
    severity=Severity.HIGH,
    cwe=(843,),
)
FULL = Rule(
    code="LS607",
    name="rank-not-low",
    summary="The rank is at least the smaller side of the update.",
    severity=Severity.LOW,
)

_WORST = tuple(Severity)
_FLAT, _CONVOLUTION = 2, 4
"""Dimensions of a matrix, of a convolution's weight."""


def examine(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding for each reason of a leftover, one for dimensions, one for ranks."""
    adapter = evidence[Adapter]
    yield from _other_dimensions(adapter, evidence)
    yield from leftover_findings(adapter, MISFIT, {Reason.ALPHA_ONLY: Severity.LOW, Reason.UNREAD_ALPHA: Severity.INFO})
    full = [each for each in adapter.updates if isinstance(each, LowRankUpdate) and each.rank >= min(each.shape)]
    if full:
        worst = max(full, key=lambda each: each.rank / min(each.shape))
        yield Finding(
            rule=FULL,
            message=f"{len(full):,} of {len(adapter.updates):,} updates have a rank that saves nothing",
            severity=Severity.LOW,
            where=f"{worst.component}.{worst.module_path}",
            measured=worst.rank,
            threshold=min(worst.shape),
        )


def _other_dimensions(adapter: Adapter, evidence: Evidence) -> Iterator[Finding]:
    """One finding for the factors whose dimensions are not those of their module's weight; the worst is named."""
    families = {name for base in evidence.all(BaseFacts) for name in (base.family, *base.candidates)}
    base = next((each for each in manifests() if each.family in families), None)
    found: list[tuple[Severity, LowRankUpdate, Update, tuple[int, ...]]] = []
    for update in adapter.updates if base else ():
        pair = update.direction if isinstance(update, DoraUpdate) else update
        weight = base.shape(update.component, update.module_path) if base and base.takes(update) else None
        if weight and isinstance(pair, LowRankUpdate) and (severity := _oddity(pair, weight)):
            found.append((severity, pair, update, weight))
    if found:
        severity, pair, update, weight = min(found, key=lambda each: _WORST.index(each[0]))
        shapes = f"down {pair.down.shape}, up {pair.up.shape}, weight {weight}"
        yield Finding(
            rule=MISFIT,
            message=f"{len(found):,} of {len(adapter.updates):,} updates have other dimensions than their module's weight: {shapes}",
            severity=severity,
            where=f"{update.component}.{update.module_path}",
            measured=len(pair.down.shape),
            threshold=len(weight),
        )


def _oddity(pair: LowRankUpdate, weight: tuple[int, ...]) -> Severity | None:
    """How odd it is that factors have these dimensions; None where they are the weight's own or flattened to two."""
    down, up = pair.down.shape, pair.up.shape
    own = (2, len(weight))
    if len(down) in own and len(up) in own and (len(down) == _FLAT or down[1:] == weight[1:]):
        return None
    if len(down) > _FLAT and _bare(down[1:]) != _bare(weight[1:]):
        return Severity.HIGH
    return Severity.LOW if {len(down), len(up)} <= {*own, _CONVOLUTION} else Severity.MEDIUM


def _bare(sides: tuple[int, ...]) -> tuple[int, ...]:
    """Without ones: those of a 1×1 kernel."""
    return tuple(each for each in sides if each != 1)


DETECTOR = Detector(rules=(MISFIT, FULL), needs=(Adapter,), examine=examine)
