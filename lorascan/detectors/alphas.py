"""Finds α that hides or turns the strength.

What it measures: α and the scaling α/r (α/√r where rank-stabilised) of every update. α that is no finite scalar is
refused while reading. α of 0 or below, or one that scales an update below 1/10,000: medium. A scaling from an α tensor
above 16: medium, above 100: high (an
embedded config's α is LS403's). α on some modules and not on others: medium.

Why it matters: α is one number beside tensors that look harmless, and multiplies them all. α = 0 means scale 0 in
diffusers and ComfyUI and α = r in LyCORIS. Where one module has α and the others none, diffusers gives every module
that one's scaling and ComfyUI gives the others 1.

When it is wrong: trainers with α = 1 and a high rank give scalings below 1/64: silent here. α = 16·r and more is rare
but possible with a tiny learning rate.

Source: diffusers 0.42.1 `get_peft_kwargs`, ComfyUI weight adapters, LyCORIS; CWE-1284.
"""

from collections.abc import Iterator, Sequence

from lorascan.core.adapter import Adapter, Update
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity

RULE = Rule(
    code="LS604",
    name="alpha",
    summary="α is no finite scalar, not positive, uneven, or scales an update far up.",
    severity=Severity.HIGH,
    cwe=(1284,),
)
LARGE, HUGE = 16.0, 100.0
"""Scalings above which an update is reviewed, and rejected."""
SMALL = 1e-4
"""Scaling below which an update is switched off; α = 1 at the largest rank read gives 2.4 times that."""


def examine(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding for the sign, one for the size, one for unevenness."""
    updates = evidence[Adapter].updates
    scaled = [each for each in updates if each.alpha is not None and each.scaled]
    yield from _not_positive([each for each in scaled if each.scaling < SMALL])
    stored = [each for each in updates if each.alpha_origin == "tensor"]
    yield from _large([each for each in stored if abs(each.scaling) > LARGE])
    without = [each for each in updates if each.alpha is None and each.scaled and each.dialect.startswith("kohya")]
    if stored and without:
        yield Finding(
            rule=RULE,
            message=f"{len(stored):,} updates have an α and {len(without):,} have none: loaders scale them differently",
            severity=Severity.MEDIUM,
            where=_name(without[0]),
            measured=len(without),
            threshold=0,
        )


def _not_positive(updates: Sequence[Update]) -> Iterator[Finding]:
    if updates:
        yield Finding(
            rule=RULE,
            message=f"α is 0, negative or next to nothing in {len(updates):,} updates: loaders disagree about its meaning",
            severity=Severity.MEDIUM,
            where=_name(updates[0]),
            measured=updates[0].alpha,
            threshold=0,
        )


def _large(updates: Sequence[Update]) -> Iterator[Finding]:
    if updates:
        worst = max(updates, key=lambda each: abs(each.scaling))
        huge = abs(worst.scaling) > HUGE
        yield Finding(
            rule=RULE,
            message=f"α multiplies {len(updates):,} updates by more than {LARGE:g}, at most by {worst.scaling:g}",
            severity=Severity.HIGH if huge else Severity.MEDIUM,
            where=_name(worst),
            measured=worst.scaling,
            threshold=HUGE if huge else LARGE,
        )


def _name(update: Update) -> str:
    return f"{update.component}.{update.module_path}"


DETECTOR = Detector(rules=(RULE,), needs=(Adapter,), examine=examine)
