"""What is known of a user's own honest adapters."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Benign:
    """One adapter that the user vouches for: SHA-256 of its bytes, score (0 at least), and what kind it is."""

    sha256: str
    score: float
    text_encoder: bool
    declared: bool

    @property
    def group(self) -> str:
        """Adapters of one group are compared with each other first."""
        return group_of(text_encoder=self.text_encoder, declared=self.declared)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The scores of honest adapters on one base at one budget; `sha256` is of the content, `path` as it was given."""

    sha256: str
    path: str
    family: str
    base_sha256: str
    budget: str
    adapters: tuple[Benign, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationFacts:
    """Where one adapter's score stands among those of a calibration, by its SHA-256.

    `p_value` is (1 + #{honest ≥ score})/(n + 1) over the `n` honest adapters of `group`, the adapter itself left out; `level` is what
    it is compared with, None where n is too small for any. `reason` says why nothing was compared, "" where it was.
    """

    sha256: str
    score: float = 0.0
    group: str = ""
    n: int = 0
    p_value: float | None = None
    level: float | None = None
    reason: str = ""


def group_of(*, text_encoder: bool, declared: bool) -> str:
    """The name of a group."""
    touched = "text encoder touched" if text_encoder else "denoiser only"
    return f"{touched}, {'words declared' if declared else 'no word declared'}"


UNLIKE = "LS810"
"""The rule that compares."""
EVERY = "all"
"""The group of all adapters, where an adapter's own is too small."""
