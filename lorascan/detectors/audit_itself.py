"""Findings about the audit itself.

What it measures: stages that failed while an adapter was being audited: the locked worker died (LS902), was silent
for too long (LS903), broke the protocol (LS904), refused an operation (LS905) or answered with numbers that are not
finite (LS906), an audit that took longer than `--timeout` (LS907) or needed more memory than there is (LS910), and a
file that did not come from its source as that describes it (LS911).

Why it matters: an adapter that stops its own audit is not admitted. The verdict is undecided, never an admit.

When it is wrong: a machine short of memory or time, or a bad connection, fails in the same way. Run `lorascan doctor`, then
repeat the audit.

Source: the sandbox's protocol; CWE-703.
"""

from collections.abc import Iterator

from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity

RULES = tuple(
    Rule(code=code, name=name, summary=summary, severity=Severity.MEDIUM, cwe=(703,))
    for code, name, summary in (
        ("LS902", "worker-died", "the locked worker died"),
        ("LS903", "worker-timed-out", "the locked worker took too long"),
        ("LS904", "worker-broke-protocol", "the locked worker broke the protocol"),
        ("LS905", "worker-refused", "the locked worker refused an operation"),
        ("LS906", "worker-not-finite", "the locked worker answered with NaN or infinity"),
        ("LS907", "audit-timed-out", "the audit took longer than it was given"),
        ("LS910", "out-of-memory", "the audit needed more memory than there is"),
        ("LS911", "not-fetched", "the file did not come from its source as that describes it"),
    )
)


def examine(evidence: Evidence) -> Iterator[Finding]:
    """Every failed stage as a finding."""
    by_code = {rule.code: rule for rule in RULES}
    for failure in evidence.failures:
        rule = by_code[failure.code]
        yield Finding(rule=rule, severity=rule.severity, message=failure.message, where=failure.where)


DETECTOR = Detector(rules=RULES, needs=(), examine=examine)
