"""Turns what stopped reading into findings.

What it measures: nothing of its own. Each refusal that reading, dialects or weights raised becomes one finding of the
rule that it names. The rules declared here are those of the container and of pickles.

Why it matters: a loader that is laxer than the format reads another file than the one that was checked. Overlapping
offsets, duplicate keys and trailing bytes hide a second file; a pickle runs code when it is loaded, also before it
breaks off (LS308); two readers of a malformed zip (LS307) see different members.

When it is wrong: a file cut by a failed download (LS103), a saved error page (LS113) or a git-LFS pointer (LS112) is
no attack, yet no adapter either. An adapter inside a zip, tar or 7z is refused by the archive's name (LS113), whatever
it holds: unpack it and audit the folder. LS307 refuses zips that a careless tool has repacked.

Source: the safetensors format text; reproduced on safetensors 0.8.0.
"""

from collections.abc import Iterator

import lorascan.detectors
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity


def _rule(code: str, name: str, summary: str, *cwe: int) -> Rule:
    return Rule(code=code, name=name, summary=summary, severity=Severity.HIGH, cwe=cwe)


RULES = (
    _rule("LS101", "header-length", "The header length is impossible.", 130, 789),
    _rule("LS102", "header-not-strict", "The header is no strict safetensors JSON, or is read differently.", 20, 674),
    _rule("LS103", "truncated", "Bytes are missing at the end of the file.", 354),
    _rule("LS104", "trailing-bytes", "Bytes after the last tensor belong to nothing.", 434),
    _rule("LS105", "tensor-offsets", "Tensor offsets overlap, leave holes or do not fit the shape.", 119, 190),
    _rule("LS106", "duplicate-key", "A JSON key occurs twice, so that readers differ.", 694, 436),
    _rule("LS108", "huge-dimension", "A dimension is so large that readers overflow.", 400, 789),
    _rule("LS109", "too-many-tensors", "More tensors than any adapter has.", 400, 789),
    _rule("LS110", "also-an-archive", "The same bytes are an archive too.", 434),
    _rule("LS111", "also-a-pickle", "The same bytes are a pickle that runs code.", 434, 502),
    _rule("LS112", "git-lfs-pointer", "A git-LFS pointer instead of weights.", 434),
    _rule("LS113", "wrong-type", "The file is of another kind, which is named.", 434),
    _rule("LS301", "pickle-calls", "Unpickling would call what no weight file needs.", 502),
    _rule("LS306", "archive-escape", "Unpacking the archive would write elsewhere, or without end.", 22, 59, 409),
    _rule("LS307", "malformed-zip", "The zip archive is malformed, so that readers differ.", 436),
    _rule("LS308", "pickle-breaks-off", "The pickle breaks off after what it runs.", 502),
    _rule("LS309", "pickle-bomb", "Unpickling would exhaust memory or time.", 400, 502, 789),
)


def examine(evidence: Evidence) -> Iterator[Finding]:
    """One finding a refusal. Raises KeyError for a code that no detector declares: that is a bug of ours."""
    if not evidence.refusals:
        return
    known = lorascan.detectors.rules()
    for refusal in evidence.refusals:
        rule = known[refusal.code]
        yield Finding(
            rule=rule,
            message=refusal.message,
            severity=Severity.HIGH,
            where=refusal.where,
            measured=refusal.measured,
            threshold=refusal.threshold,
        )


DETECTOR = Detector(rules=RULES, needs=(), examine=examine)
