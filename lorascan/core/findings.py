"""Rules, findings, verdicts."""

from dataclasses import dataclass
from enum import StrEnum

Scalar = float | int | str | None


class Severity(StrEnum):
    """How bad a finding is if it is right; the policy decides what follows from it."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class Confidence(StrEnum):
    """How sure the detector is that the finding is right."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Decision(StrEnum):
    """What the policy made of the findings."""

    ADMIT = "admit"
    REVIEW = "review"
    REJECT = "reject"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that is checked. `cwe` holds CWE numbers, `code` is never reused."""

    code: str
    name: str
    summary: str
    severity: Severity
    cwe: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule that fired: where, what was measured, and the threshold it was held against.

    `message` and `where` may quote the adapter: they are hostile text until a writer has escaped them.
    """

    rule: Rule
    message: str
    severity: Severity
    confidence: Confidence = Confidence.HIGH
    where: str = ""
    measured: Scalar = None
    threshold: Scalar = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision, why, and what it does not cover."""

    decision: Decision
    reasons: tuple[str, ...]
    not_assessed: tuple[str, ...]
    limits: tuple[str, ...]
    scope: dict[str, Scalar | list[Scalar]]
