"""The whole result of one audit."""

from dataclasses import dataclass

from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Verdict

SCHEMA = "lorascan/report/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was audited, what was gathered and found, and the decision.

    `name` is the file's own name as given (hostile text), `environment` the versions and machine facts needed to repeat
    the audit, `command` the command line that repeats it.
    """

    name: str
    evidence: Evidence
    findings: tuple[Finding, ...]
    verdict: Verdict
    policy: str
    environment: dict[str, str]
    command: str
    schema: str = SCHEMA
