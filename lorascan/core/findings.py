"""Rules, findings, verdicts."""

import hashlib
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


class Consequence(StrEnum):
    """What a policy makes of one finding."""

    REJECT = "reject"
    REVIEW = "review"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """Why a finding does not count: `kind` is "waiver", "baseline" or "allow list"; `expires` an ISO date or ""."""

    kind: str
    reason: str = ""
    by: str = ""
    expires: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule that fired: where, what was measured, and the threshold it was held against.

    `message`, `where` and `in_words` may quote the adapter: they are hostile text until a writer has escaped them. `in_words` says
    what was measured and its limit where the bare figures would not tell a reader; "" where they do. A detector leaves
    `consequence` and `suppressed` alone: the policy fills them in, and a suppressed finding stays visible.
    """

    rule: Rule
    message: str
    severity: Severity
    confidence: Confidence = Confidence.HIGH
    where: str = ""
    measured: Scalar = None
    threshold: Scalar = None
    in_words: str = ""
    consequence: Consequence | None = None
    suppressed: Suppression | None = None


def fingerprint(code: str, sha256: str, where: str) -> str:
    """SHA-256 in hex over rule, file and place: the same finding in the same file, whatever lorascan's version calls it."""
    return hashlib.sha256(f"{code}\x00{sha256}\x00{where}".encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision, why, and what it does not cover."""

    decision: Decision
    reasons: tuple[str, ...]
    not_assessed: tuple[str, ...]
    limits: tuple[str, ...]
    scope: dict[str, Scalar | list[Scalar]]
