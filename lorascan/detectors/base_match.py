"""Finds modules that the base lacks.

What it measures: for each update, whether the base has a module of that path whose flattened weight has the update's
exact (out, in·kh·kw). The base is the one that was asked for, else the family that fits best. Also whether the family
that the metadata claim is among those that fit.

Why it matters: what the base lacks is not applied, and a loader says nothing of it: FLUX, SD3 and empty files "load"
into a Stable Diffusion pipeline with no adapter registered. What was not applied was not tested.

When it is wrong: an adapter for a base that lorascan does not know is not bad, only not testable here. A few unknown
modules beside hundreds of known ones are often a newer trainer's extra layers. Metadata copied from another project
claim a wrong base without any harm (low).

Source: the modules' shapes, from the published configurations (lorascan/bases/manifests).
"""

from collections.abc import Iterator

from lorascan.bases import claimed_family
from lorascan.core.adapter import Adapter, BaseFacts
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity

RULE = Rule(
    code="LS502",
    name="modules-not-in-base",
    summary="Updates modules that the base does not have, or is made for another base than it claims.",
    severity=Severity.MEDIUM,
    cwe=(284,),
)


def examine(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding for the modules and one for the claim."""
    adapter, base = evidence[Adapter], evidence[BaseFacts]
    if base.unknown_modules:
        yield Finding(
            rule=RULE,
            message=f"{len(base.unknown_modules):,} of {len(adapter.updates):,} updates have no module in {base.family}",
            severity=Severity.MEDIUM,
            where=base.unknown_modules[0],
            measured=base.match,
            threshold=1.0,
        )
    elif adapter.updates and base.family is None and not base.candidates:
        yield Finding(
            rule=RULE,
            message="the updates fit no base that lorascan knows",
            severity=Severity.MEDIUM,
            measured=base.match,
            threshold=1.0,
        )
    claimed = claimed_family(base.claimed)
    if claimed is not None and base.candidates and claimed not in base.candidates:
        yield Finding(
            rule=RULE,
            message=f"the metadata claim {claimed}, the shapes are those of {' or '.join(base.candidates)}",
            severity=Severity.LOW,
            measured=base.claimed,
        )


DETECTOR = Detector(rules=(RULE,), needs=(Adapter, BaseFacts), examine=examine)
