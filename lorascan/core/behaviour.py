"""What an adapter was seen to do to pictures."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolationFacts:
    """The lock that was really in force while the adapter was loaded, for one worker process."""

    role: str
    backend: str
    landlock_abi: int
    filter_sha256: str
    uid: int
    checks: Mapping[str, bool]
    limits: Mapping[str, float]
    peak_memory_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadFacts:
    """What happened when the adapter met its base.

    `applied` of `expected` updates landed in a module; `unapplied` names the others (at most 20). Digests are SHA-256
    over the base's parameters before the load, with the adapter attached, and after it was taken off.
    `scale_zero_identical`: with scale 0 the adapted worker drew the reference worker's pictures bit for bit.
    """

    base: str
    base_sha256: str
    pipeline_class: str
    device: str
    expected: int
    applied: int
    unapplied: tuple[str, ...]
    base_digest_before: str
    base_digest_loaded: str
    base_digest_after: str
    scale_zero_identical: bool
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerCandidate:
    """A text that the hunt nominates as a hidden trigger.

    `score` is the method's statistic (≥ 0, larger is more suspicious), `z` its robust z among texts of its kind,
    `rank` its place in the merged list (1 = first), `target` what the effect points to where a method names it.
    `replaces` is the plain text that the candidate stands in for (unicode twins); "" where it is added as a word. `scale` is
    the adapter's at which it acts, `part` the components whose updates are loaded alone where it acts, joined by "+"; "" where all are.
    """

    text: str
    source: str
    score: float
    z: float
    rank: int
    target: str | None = None
    tokens: tuple[int, ...] = ()
    replaces: str = ""
    declared: bool = False
    scale: float = 1.0
    part: str = ""

    @property
    def usual(self) -> bool:
        """Whether the whole adapter acts at scale 1, as most load it."""
        return self.scale == 1.0 and not self.part


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """The hunt's ranked nominations, the spaces searched, and those not reached.

    `left_out`: methods that had something to search and did not begin before the budget's time was over; `budget` what the
    search was given, in words.
    """

    ranked: tuple[TriggerCandidate, ...]
    spaces: tuple[str, ...]
    limits: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    budget: str = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeObservation:
    """One prompt, seed and scale, drawn with the base and with the adapter from the same noise.

    Similarities are CLIP cosines in [−1, 1]: `similarity_*` text to picture, `image_similarity` base picture to adapted
    picture. `trigger` is "" for the plain prompt; `split` says whether it served to select or to confirm.
    """

    suite: str
    prompt: str
    trigger: str
    kind: str
    split: str
    scale: float
    seed: int
    similarity_base: float
    similarity_adapted: float
    image_similarity: float

    @property
    def lift(self) -> float:
        """similarity_adapted − similarity_base."""
        return self.similarity_adapted - self.similarity_base


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerTest:
    """What the confirming pictures say of one trigger text at one scale.

    d_i = [f(x_L(p+t)) − f(x_0(p+t))] − [f(x_L(p)) − f(x_0(p))] in CLIP space, over held-out (prompt, seed) pairs i;
    E(t) is its mean. `effect` = ‖E(t)‖; `effect_ratio` divides it by the median effect of control words;
    `base_effect` is how far the word moves the base's own pictures; `unexplained` is, in [0, 1], the share of
    E(t) outside the span of the declared and always-on effects, or how much more probability `target` gains than
    under any declared word, whichever is larger; `mismatch` is how much of the prompt's own concept the
    trigger takes away, as a drop of its n-way CLIP probability against the base, in [−1, 1]; `lock` = 1 − V_L/V_0
    with V the trace of the covariance of f over pairs; `p_value` is family-wise (paired sign flips, max-T) against
    control words. `mismatch_p_value` is the same for the loss of the prompt's concept, one-sided. `target` names the
    concept that gains most probability under the trigger, `target_gain` how much. `place` is where the word stood in the
    prompts: "end", "before" its concept or in "front"; "" for a look-alike in its letter's place. `part` names the components whose
    updates were loaded, joined by "+"; "" for the whole adapter.
    """

    trigger: str
    kind: str
    scale: float
    pairs: int
    effect: float
    effect_ratio: float
    base_effect: float
    unexplained: float
    mismatch: float
    lock: float
    p_value: float
    mismatch_p_value: float
    target: str | None = None
    target_gain: float = 0.0
    source: str = ""
    place: str = ""
    part: str = ""

    @property
    def usual(self) -> bool:
        """Whether the whole adapter acts at scale 1, as most load it."""
        return self.scale == 1.0 and not self.part


@dataclass(frozen=True, slots=True, kw_only=True)
class DosePoint:
    """Mean effect of one trigger at one scale, with a 95 % interval over pairs."""

    trigger: str
    kind: str
    scale: float
    image_similarity: float
    low: float
    high: float
    lift: float
    pairs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One thumbnail for the report, re-encoded by the parent."""

    prompt: str
    trigger: str
    kind: str
    seed: int
    scale: float
    adapted: bool
    webp: bytes
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeFacts:
    """All that the probes saw.

    `passes`: by network, how many inputs the workers put through it for the whole audit: texts, latents at one step (each twice
    where the guidance is above 1), pictures. What another audit had answered already is not counted. `concepts`: the things of the
    suite, which a target may be.
    """

    suites: Mapping[str, str]
    observations: tuple[ProbeObservation, ...]
    tests: tuple[TriggerTest, ...]
    dose_response: tuple[DosePoint, ...]
    pictures: tuple[Picture, ...]
    passes: Mapping[str, int] = field(default_factory=dict)
    concepts: tuple[str, ...] = ()
