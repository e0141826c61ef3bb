"""Finds tensors that are stored whole beside the updates.

What it measures: textual-inversion embeddings (LS503); full-rank tensors, and biases that stand beside fewer than half of the
updates (LS504). Normalisation vectors, and biases beside more than half of the updates, at least eight, are what trainers store:
they are not tested (LS508).

Why it matters: an embedding is a word with a meaning that no prompt shows, a trigger by construction. A full-rank
tensor is not bounded by the adapter's rank, and some loaders set it instead of adding it. Plain base weights are LS406's.

When it is wrong: pivotal tuning ships the words it trained, and says so; LyCORIS `full` and some extractors store whole
differences. lorascan does not apply these tensors, so it has not tested them: review.

Source: reproduced on peft 0.21.2; ComfyUI `set_weight`; kohya `bundle_emb`; CWE-506, CWE-915.
"""

from collections.abc import Iterator

from lorascan.core.adapter import Adapter
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity
from lorascan.detectors._leftovers import kind_findings, leftover_findings
from lorascan.detectors._vectors import trained_vectors
from lorascan.dialects import Reason

EMBEDDING = Rule(
    code="LS503",
    name="embedded-words",
    summary="The file brings textual-inversion embeddings: words of its own.",
    severity=Severity.MEDIUM,
    cwe=(506,),
)
WHOLE = Rule(
    code="LS504",
    name="full-rank-tensors",
    summary="The file brings whole tensors beside low-rank updates.",
    severity=Severity.MEDIUM,
    cwe=(506, 915),
)
_WHOLE = {
    Reason.FULL_RANK: Severity.MEDIUM,
    Reason.BIAS: Severity.MEDIUM,
}
_STORED = {
    "diff": "full-rank difference",
    "bias": "bias",
    "norm": "normalisation",
    "set": "tensor that replaces the base's own",
}
"""Kinds of update that are one whole tensor."""


def examine(evidence: Evidence) -> Iterator[Finding]:
    """One finding a kind of tensor."""
    adapter = evidence[Adapter]
    yield from leftover_findings(adapter, EMBEDDING, {Reason.EMBEDDING: Severity.MEDIUM})
    yield from leftover_findings(adapter, WHOLE, _WHOLE)
    usual = set(trained_vectors(adapter))
    yield from kind_findings((each for each in adapter.updates if each not in usual), WHOLE, _STORED)


DETECTOR = Detector(rules=(EMBEDDING, WHOLE), needs=(Adapter,), examine=examine)
