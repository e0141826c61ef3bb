"""Waivers: findings that a named person lets pass until a date."""

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from lorascan.core.findings import Finding, Suppression
from lorascan.policy._policies import NEVER_SET_ASIDE
from lorascan.settings import Strict

_Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Waiver(Strict):
    """One rule of one file, let pass: every field is required. It holds to the end of the day `expires`."""

    rule: str = Field(pattern=r"^LS\d{3}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    expires: date
    reason: _Words
    by: _Words

    @field_validator("rule")
    @classmethod
    def _can_be_waived(cls, rule: str) -> str:
        if rule.startswith(NEVER_SET_ASIDE):
            message = f"{rule} concerns the container (LS1xx, LS3xx) and cannot be waived"
            raise ValueError(message)
        return rule

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return today > self.expires

    def covers(self, finding: Finding, sha256: str) -> bool:
        """Whether it is about this finding of this file."""
        return self.rule == finding.rule.code and self.sha256 == sha256

    @property
    def suppression(self) -> Suppression:
        """What stands beside the finding."""
        return Suppression(kind="waiver", reason=self.reason, by=self.by, expires=self.expires.isoformat())

    def __str__(self) -> str:
        """Rule, file and last day."""
        return f"waiver of {self.rule} for {self.sha256[:12]}… until {self.expires}"
