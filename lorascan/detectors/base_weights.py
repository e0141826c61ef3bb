"""Finds what replaces weights of the base instead of adding to them.

What it measures: plain base weights among the tensors (`….conv_in.weight` beside no factor): high. A config with
`bias: all` or `bias: lora_only`, or with `lora_bias`: medium.

Why it matters: a plain base weight is copied over the base's own, and unloading the adapter does not bring that back:
`base_model.model.conv_in.weight` changed the output by 138 %, still after unloading. It acts at every scale, 0 included.

When it is wrong: trained biases are an honest option of PEFT, and stay until the base is loaded anew; that is why they
are for review. A whole model saved beside its adapter by mistake is reported as what it is.

Source: reproduced on peft 0.21.2 (PEFT folders, `unet.load_lora_adapter`); CWE-915.
"""

from collections.abc import Iterator

from lorascan.core.adapter import Adapter, FileFacts
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity
from lorascan.core.text import visible
from lorascan.detectors._leftovers import leftover_findings
from lorascan.dialects import Reason

RULE = Rule(
    code="LS406",
    name="base-weights",
    summary="The file replaces weights of the base, or its config asks to.",
    severity=Severity.HIGH,
    cwe=(915,),
)


def examine(evidence: Evidence) -> Iterator[Finding]:
    """One finding for the tensors, one a config that trains biases."""
    yield from leftover_findings(evidence[Adapter], RULE, {Reason.BASE_WEIGHT: Severity.HIGH})
    for claims in evidence[FileFacts].claims.peft.values():
        if claims.bias not in (None, "none"):
            yield Finding(
                rule=RULE,
                message="the config asks to replace biases of the base",
                severity=Severity.MEDIUM,
                where=claims.source,
                measured=visible(str(claims.bias)),
                threshold="none",
            )


DETECTOR = Detector(rules=(RULE,), needs=(FileFacts, Adapter), examine=examine)
