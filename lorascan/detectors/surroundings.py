"""Reports what stands beside the weights in a folder that was audited.

What it measures: programs and code in the folder, by content and by suffix, and whether a JSON file of the folder
names them (LS304); links that lead out of the folder (LS305); entries that were not looked at. A link rejects the adapter
that it is, that it is named after, or that stands alone with it or in one package (a folder with an `adapter_config.json`
or a `model_index.json`). In a folder of several adapters a link that belongs to none of them sends each to review, one that
belongs to another is reported, low. Pickles and archives
beside the weights that would run or write something are findings of their own rules. A file that was named outright
is judged alone: what else stands in a download folder says nothing about it.

Why it matters: `trust_remote_code`, `auto_map` and custom pipelines import Python files that stand beside the
weights. A link that leaves the folder makes whoever copies, packs or serves it hand out other files of the machine.

When it is wrong: many authors ship their training script: LS304 is then for review, and high only where a config
names the file. Links into the blobs of a Hugging Face cache are how that cache is built, and silent. `.git` is not
looked at.

Source: diffusers 0.42.1 custom pipelines and `auto_map`; CWE-829, CWE-59.
"""

from collections.abc import Iterator

import lorascan.detectors
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity
from lorascan.core.surroundings import Surroundings

CODE = Rule(
    code="LS304",
    name="code-beside-weights",
    summary="Code or programs stand beside the weights; high where a config names them.",
    severity=Severity.MEDIUM,
    cwe=(829,),
)
LINK = Rule(
    code="LS305",
    name="link-leaves-folder",
    summary="A link in the folder leads out of it.",
    severity=Severity.HIGH,
    cwe=(59,),
)
_REPORTED = 20


def examine(evidence: Evidence) -> Iterator[Finding]:
    """At most twenty findings a rule."""
    found = evidence[Surroundings]
    known = lorascan.detectors.rules() if found.refusals else {}
    for each in found.neighbours[:_REPORTED]:
        message = f"{each.kind} beside the weights" + (f", named by {each.named_by}" if each.named_by else "")
        severity = Severity.HIGH if each.named_by else CODE.severity
        yield Finding(rule=CODE, message=message, severity=severity, where=each.path, measured=each.kind)
    for path, target in found.links[:_REPORTED]:
        yield Finding(
            rule=LINK,
            message="a link beside the adapter leads out of the folder: take it away, or audit the file by its own name",
            severity=LINK.severity,
            where=path,
            measured=target,
        )
    yield from _elsewhere(found)
    for refusal in found.refusals[:_REPORTED]:
        rule = known[refusal.code]
        message = f"beside the weights: {refusal.message}"
        yield Finding(rule=rule, message=message, severity=Severity.HIGH, where=refusal.where, measured=refusal.measured)
    if found.unread:
        message = f"not everything in the folder was looked at: {found.unread[0]}"
        yield Finding(rule=CODE, message=message, severity=CODE.severity, where="folder", measured=len(found.unread))


def _elsewhere(found: Surroundings) -> Iterator[Finding]:
    """Links that do not concern the adapter itself."""
    for path, target in found.links_apart[:_REPORTED]:
        message = "a link in the folder, not this adapter's, leads out of it: look at it before the folder is copied, packed or served"
        yield Finding(rule=LINK, message=message, severity=Severity.MEDIUM, where=path, measured=target)
    for path, target in found.links_of_others[:_REPORTED]:
        message = "a link in the folder leads out of it: it is, or is named after, another adapter, which it rejects"
        yield Finding(rule=LINK, message=message, severity=Severity.LOW, where=path, measured=target)


DETECTOR = Detector(rules=(CODE, LINK), needs=(Surroundings,), examine=examine)
