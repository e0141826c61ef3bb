"""Words that every format for machines shares."""

from dataclasses import dataclass
from urllib.parse import quote

from lorascan.core.evidence import Status
from lorascan.core.findings import Consequence, Finding, Rule, Severity, fingerprint
from lorascan.core.report import Report
from lorascan.reporting import _digest
from lorascan.reporting._foreign import foreign

LONGEST = 1000
"""Characters of one foreign text; the JSON report has the whole."""
_USUAL = {Severity.HIGH: Consequence.REJECT, Severity.MEDIUM: Consequence.REVIEW}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stage that did not run to its end; `required` where the verdict lacks it."""

    stage: str
    told: str
    required: bool


def safe(text: str) -> str:
    """Foreign text as one visible line."""
    return foreign(text, LONGEST)


def headline(report: Report) -> str:
    """Decision and reason in one line."""
    return f"{_digest.word(report)}: {safe(_digest.why(report))}{_digest.and_more(report)}"


def consequence(finding: Finding) -> Consequence:
    """What the policy made of a finding; what its severity usually means where no policy has looked."""
    return finding.consequence or _USUAL.get(finding.severity, Consequence.REPORT)


def counts(finding: Finding) -> bool:
    """Whether a finding speaks against the file: nothing has set it aside, and the policy does more than report it."""
    return finding.suppressed is None and consequence(finding) is not Consequence.REPORT


def marker(report: Report, finding: Finding) -> str:
    """The finding's fingerprint: the same in every run on the same file."""
    return fingerprint(finding.rule.code, _digest.digest_of(report), finding.where)


def place(report: Report) -> str:
    """The path under which the file was given, as foreign text; its name where it could not be read."""
    known = _digest.identity(report)
    return known.path if known else report.name


def address(report: Report) -> str:
    """The file's place as a URI reference: nothing but ASCII, whatever its name."""
    path = quote(place(report), safe="/", errors="backslashreplace")
    if path.startswith("/"):
        return f"file:///{path.lstrip('/')}"
    return path or "unnamed"


def gaps(report: Report) -> tuple[Gap, ...]:
    """Every stage that did not run to its end, as the verdict tells it."""
    missing = {each.partition(":")[0]: each for each in report.verdict.not_assessed}
    return tuple(
        Gap(
            stage=str(each.name),
            told=safe(missing.get(each.name, f"{each.name}: {each.status}" + (f", {each.reason}" if each.reason else ""))),
            required=each.name in missing,
        )
        for each in _digest.stages(report)
        if each.status is not Status.RAN
    )


def fired(report: Report) -> tuple[Rule, ...]:
    """The rules of the findings, each once, by code."""
    return tuple({each.rule.code: each.rule for each in sorted(report.findings, key=_by_code)}.values())


def _by_code(finding: Finding) -> str:
    return finding.rule.code


def open_findings(report: Report) -> tuple[Finding, ...]:
    """The findings that nothing has set aside, worst first, of each fingerprint the first."""
    found = (each for each in _digest.findings(report) if each.suppressed is None)
    return tuple({marker(report, each): each for each in reversed(tuple(found))}.values())[::-1]


def suppression(finding: Finding) -> str:
    """Why a finding does not count, in one line; "" where it does."""
    aside = finding.suppressed
    if aside is None:
        return ""
    parts = (aside.reason, f"by {aside.by}" if aside.by else "", f"until {aside.expires}" if aside.expires else "")
    return safe(f"{aside.kind}: " + ", ".join(filter(None, parts)) if any(parts) else aside.kind)
