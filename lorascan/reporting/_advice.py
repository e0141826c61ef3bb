"""Says what to do with an audited file."""

from collections.abc import Mapping

from lorascan.core.behaviour import ProbeFacts
from lorascan.core.findings import Decision
from lorascan.core.report import Report
from lorascan.reporting import _digest
from lorascan.reporting import _machine as told

_NEXT: Mapping[Decision, str] = {
    Decision.ADMIT: "Load it on this base, within the scales that were tested.",
    Decision.REJECT: "Keep it out, and out of every cache and backup that a pipeline loads from.",
    Decision.UNDECIDED: "Treat it as not admitted. Mend what stopped the audit, then audit it again.",
}
_STATIC = "Audit it with all stages before it is trusted: this admit rests on the file and its weights alone, nothing was loaded or drawn."
_WAIVED = "what turns out harmless is waived with a reason"
_ON_THE_CONTAINER = ("LS1", "LS3")


def next_step(report: Report) -> str:
    """What to do with the file, in a sentence or two; no waiver is named where none can be given."""
    if report.verdict.decision is Decision.ADMIT and _digest.fact(report, ProbeFacts) is None:
        return _STATIC
    if report.verdict.decision is not Decision.REVIEW:
        return _NEXT[report.verdict.decision]
    codes = sorted({each.rule.code for each in report.findings if told.counts(each)})
    held = [each for each in codes if each.startswith(_ON_THE_CONTAINER)]
    if not held:
        return f"A person reads the findings and looks at the pictures; {_WAIVED}."
    others = f" Of the others, {_WAIVED}." if len(held) < len(codes) else ""
    return f"A person reads the findings. {', '.join(held)} cannot be waived: have the file written anew.{others}"
