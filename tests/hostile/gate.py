"""Runs the static gate over what a case laid down."""

from dataclasses import dataclass
from pathlib import Path

from lorascan.auditing import audit
from lorascan.core.findings import Consequence, Decision
from lorascan.settings import settings_of
from lorascan.targets import select

_HOLDS_UP = (Consequence.REJECT, Consequence.REVIEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The decisions of every adapter found, all rule codes, those that hold a file up, and every message."""

    decisions: tuple[Decision, ...]
    codes: frozenset[str]
    held: frozenset[str]
    messages: tuple[str, ...]

    @property
    def admitted(self) -> bool:
        """Whether something was audited and all of it was admitted."""
        return bool(self.decisions) and set(self.decisions) == {Decision.ADMIT}


def decided(path: Path) -> Decided:
    """What `lorascan audit PATH --policy static` decides, in this process."""
    settings = settings_of(policy="static")
    reports = [audit(each.path, settings, surroundings=each.surroundings) for each in select([str(path)]).targets]
    findings = [each for report in reports for each in report.findings]
    return Decided(
        decisions=tuple(report.verdict.decision for report in reports),
        codes=frozenset(each.rule.code for each in findings),
        held=frozenset(each.rule.code for each in findings if each.consequence in _HOLDS_UP),
        messages=tuple(f"{each.rule.code} {each.message} {each.where} {each.measured}"[:160] for each in findings),
    )
