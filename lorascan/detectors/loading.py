"""Findings about the load itself.

What it measures: inside the locked worker, whether every update of the file landed in a module of the base with
exactly the values that were vetted (LS701); whether the base's own parameters are the same before the load, while the
adapter is attached and after it was taken off (LS702); whether pictures drawn with the adapter at scale 0 equal, bit
for bit, those of a process that never saw it (LS703).

Why it matters: a file that loads without effect was not tested, whatever its pictures look like; an adapter that
changes the base keeps acting after it is unloaded; and a worker whose scale 0 is not the base cannot be trusted with
any other scale.

When it is wrong: LS701 fires for honest files of a dialect that diffusers reads only in part. LS703 may fire on GPUs,
whose sums depend on the order of threads; there it is reported as information.

Source: behaviour of diffusers 0.42 and peft 0.21 as reproduced in this project's tests.
"""

from collections.abc import Iterator

from lorascan.core.behaviour import LoadFacts
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity

NOT_APPLIED = Rule(
    code="LS701",
    name="updates-not-applied",
    summary="updates of the file did not land in the base",
    severity=Severity.HIGH,
    cwe=(754,),
)
BASE_CHANGED = Rule(
    code="LS702",
    name="base-changed",
    summary="the base differs after load or unload",
    severity=Severity.HIGH,
    cwe=(915,),
)
SCALE_ZERO = Rule(
    code="LS703",
    name="scale-zero-differs",
    summary="scale 0 does not draw the base's pictures",
    severity=Severity.MEDIUM,
    cwe=(754,),
)


def examine(evidence: Evidence) -> Iterator[Finding]:
    """Compare what landed with what was vetted."""
    facts = evidence[LoadFacts]
    if facts.applied != facts.expected or facts.expected == 0:
        yield Finding(
            rule=NOT_APPLIED,
            severity=NOT_APPLIED.severity,
            message=f"{facts.applied} of {facts.expected} updates landed in {facts.pipeline_class}",
            where=", ".join(facts.unapplied[:3]),
            measured=facts.applied,
            threshold=facts.expected,
        )
    if not facts.base_digest_before == facts.base_digest_loaded == facts.base_digest_after:
        yield Finding(
            rule=BASE_CHANGED,
            severity=BASE_CHANGED.severity,
            message="loading the adapter changed parameters of the base",
            where=facts.base,
        )
    if not facts.scale_zero_identical:
        on_cpu = facts.device.startswith("cpu")
        yield Finding(
            rule=SCALE_ZERO,
            severity=SCALE_ZERO.severity if on_cpu else Severity.INFO,
            message="pictures at scale 0 differ from those of a process that never saw the adapter: tampered or not deterministic",
            where=facts.device,
        )


DETECTOR = Detector(rules=(NOT_APPLIED, BASE_CHANGED, SCALE_ZERO), needs=(LoadFacts,), examine=examine)
