"""Finds what loaders would read differently or not at all.

What it measures: whether a file mixes dialects (LS505), carries the marker of a control-LoRA (LS506), holds updates
of a known kind that cannot be applied to a base (LS508), or tensors of no known kind or of a dialect that is not read (LS510).
LS505 also refuses two updates of one module and LS509 what is no adapter at all; both stop reading. LS505 also tells (low,
info) where diffusers and ComfyUI apply different parts of the file, or scale them differently (lorascan/loaders).

Why it matters: "the update" depends on the loader. diffusers drops the original (sgm) names where diffusers' names
stand beside them, and two updates of one module are applied by some loaders, added or overwritten by others. Half a
file that one loader ignores can be the half that another applies.

When it is wrong: PEFT's rotations, whose config the file does not hold, (IA)³ that does not say which side it scales, word
embeddings, trained norms and biases are honest kinds; they are named because they cannot be applied and tested. Under the
policy `static`, which loads and tests nothing of any adapter, LS508 is therefore only told. A newer trainer's tensors are LS510
until lorascan knows them. Merged files may mix dialects without intent.

Source: 14 of 23 small key sets gave different weights in diffusers 0.42.1 and ComfyUI; CWE-436.
"""

from collections.abc import Iterator

from lorascan.core.adapter import Adapter, BaseFacts
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity
from lorascan.core.whole_updates import FullUpdate
from lorascan.detectors._divergence import divergences
from lorascan.detectors._leftovers import kind_findings, leftover_findings
from lorascan.detectors._vectors import trained_vectors
from lorascan.dialects import UNREAD_DIALECTS, Reason

MIXED = Rule(
    code="LS505",
    name="mixed-dialects",
    summary="Mixes naming dialects, or updates one module twice: loaders read different halves.",
    severity=Severity.MEDIUM,
    cwe=(436,),
)
CONTROL = Rule(
    code="LS506",
    name="control-lora",
    summary="Carries the marker of a control-LoRA, which is loaded as a ControlNet.",
    severity=Severity.MEDIUM,
    cwe=(915,),
)
UNREAD = Rule(
    code="LS508",
    name="not-tested",
    summary="Holds updates of a known kind that lorascan cannot apply and so has not tested.",
    severity=Severity.MEDIUM,
    cwe=(436,),
)
UNKNOWN = Rule(
    code="LS510",
    name="unknown-tensors",
    summary="Holds tensors of no kind that lorascan knows, or of a dialect that it does not read.",
    severity=Severity.MEDIUM,
    cwe=(436,),
)
NO_ADAPTER = Rule(code="LS509", name="no-adapter", summary="Is no adapter; the kind is named.", severity=Severity.HIGH, cwe=(915,))
_UNREAD = dict.fromkeys((*sorted(UNREAD_DIALECTS), Reason.UNKNOWN), Severity.MEDIUM)


def examine(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding for the mixture, one for the marker, one for each kind that is not applied or not known."""
    adapter = evidence[Adapter]
    dialects = _mixed(adapter)
    if len(dialects) > 1:
        yield Finding(
            rule=MIXED,
            message=f"the file mixes the dialects {', '.join(dialects)}: loaders read different parts of it",
            severity=Severity.MEDIUM,
            measured=len(dialects),
            threshold=1,
        )
    yield from divergences(adapter, evidence[BaseFacts], MIXED)
    yield from leftover_findings(adapter, CONTROL, {Reason.CONTROL_MARKER: Severity.MEDIUM})
    yield from leftover_findings(adapter, UNKNOWN, _UNREAD)
    unloaded = [each for each in adapter.updates if not each.loadable and not isinstance(each, FullUpdate)]
    unloaded += trained_vectors(adapter)
    yield from kind_findings(unloaded, UNREAD, {name: f"updates of the kind {name}" for name in sorted({each.name for each in unloaded})})


def _mixed(adapter: Adapter) -> list[str]:
    """The dialects of the file. Only modules that a base knows tell the namings of one dialect apart."""
    told_apart = {each.dialect for each in adapter.updates if each.resolved and each.component == "unet"}
    families = {each.partition("-")[0] for each in told_apart}
    return sorted(told_apart | ({each.dialect.partition("-")[0] for each in adapter.updates} - families))


DETECTOR = Detector(rules=(MIXED, CONTROL, UNREAD, UNKNOWN, NO_ADAPTER), needs=(Adapter, BaseFacts), examine=examine)
