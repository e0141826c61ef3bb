"""The ways an audit can stop that are results, not bugs."""

from dataclasses import dataclass


class LorascanError(Exception):
    """Anything that lorascan raises on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a file was refused: a rule's code, where in the file, and what was measured there."""

    code: str
    message: str
    where: str = ""
    measured: float | int | str | None = None
    threshold: float | int | str | None = None


class Refused(LorascanError):
    """The file is bad. Carries every refusal found before reading had to stop."""

    def __init__(self, *refusals: Refusal) -> None:
        """Keep the refusals, the decisive one first."""
        super().__init__("; ".join(f"{each.code} {each.message}" for each in refusals))
        self.refusals = refusals


class StageFailed(LorascanError):
    """The audit itself failed at this file: a worker died, lied or ran out of time (LS9xx). Never an admit."""

    def __init__(self, refusal: Refusal) -> None:
        """Keep what happened, as the finding it becomes."""
        super().__init__(f"{refusal.code} {refusal.message}")
        self.refusal = refusal


class Unavailable(LorascanError):
    """This machine or this call lacks something that a stage needs."""

    def __init__(self, what: str, remedy: str) -> None:
        """Say what is missing and what the user can do about it."""
        super().__init__(f"{what}: {remedy}")
        self.what = what
        self.remedy = remedy


class UsageError(LorascanError):
    """The call itself is wrong: an unknown base, a bad option, a bad settings file."""
