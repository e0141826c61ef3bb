"""The whole result of one audit."""

from dataclasses import dataclass

from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Verdict
from lorascan.core.notebook import summary

SCHEMA = "lorascan/report/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """How the caller's own rules met this file: digests of the policy file and of the baseline, "" where there is none.

    `waivers` were used, `expired` ones no longer count, `unused` ones found nothing to waive; `listed` says on which list
    the file stands, `config` which config file was read, `fail_on` from which severity on findings fail; `baseline` and `policy`
    are the paths of these files. `standing` are rules on the container that count although a list or the baseline holds them.
    """

    policy_sha256: str = ""
    fail_on: str = ""
    config: str = ""
    listed: str = ""
    waivers: tuple[str, ...] = ()
    expired: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    baseline_sha256: str = ""
    baseline: str = ""
    policy: str = ""
    standing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was audited, what was gathered and found, and the decision.

    `name` is the file's own name as given (hostile text), `environment` the versions and machine facts needed to repeat
    the audit, `command` the command line that repeats it. `cached`: whether the evidence comes from an earlier audit of the
    same bytes under the same settings; None where no cache was asked.
    """

    name: str
    evidence: Evidence
    findings: tuple[Finding, ...]
    verdict: Verdict
    policy: str
    environment: dict[str, str]
    command: str
    schema: str = SCHEMA
    gate: Gate = Gate()
    cached: bool | None = None

    def _repr_html_(self) -> str:
        """The report in a notebook; `lorascan.render(report, "html")` is the whole page."""
        return summary(self.name, self.verdict, self.findings)
