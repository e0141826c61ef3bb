"""What is known of two adapters that are audited together."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerFacts:
    """The second file of a pair, and what the gate made of it by itself, under the same rules.

    Digests are lower-case hex, "" where the file was refused before they were known; `size` in bytes. `decision` and
    `reasons` are those of its stages at rest (file and weights): alone it was not loaded. `family`: the base that it fits,
    None where nothing was identified.
    """

    name: str
    path: str
    size: int
    sha256: str
    tensor_hash: str
    dialects: tuple[str, ...]
    components: Mapping[str, int]
    update_count: int
    declared_triggers: tuple[str, ...]
    family: str | None
    decision: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTest:
    """What the confirming pictures say of one text under two adapters together and under each alone, all at scale 1.

    d_i is what a text adds to an adapter's effect on the picture of pair i in CLIP space, beyond the base and beyond the plain
    prompt (see TriggerTest). The interaction is I_i = d_i(both) − d_i(first) − d_i(second); `effect` is the norm of its mean,
    `effect_ratio` divides it by the median of control words. `together`, `subject` and `partner` are the norms of the mean d
    under both, under the first alone and under the second alone. `base_effect`: how far the text moves the base's own pictures.
    `unexplained`, in [0, 1]: the share of the mean I outside the span of what both do always and of what the declared words do,
    or how much more probability `target` gains by the interaction than under any declared word, whichever is larger.
    `mismatch` is how much of the prompt's own concept the interaction takes away: the n-way CLIP probability that it loses
    under both beyond what it loses under each alone, in [−2, 2]; `mismatch_subject` and `mismatch_partner`, in [−1, 1], what it
    loses under one alone. p-values are family-wise over the texts of the pair: of a steady direction of I against that of
    control words, and of the loss.
    """

    trigger: str
    kind: str
    source: str
    place: str
    pairs: int
    effect: float
    effect_ratio: float
    together: float
    subject: float
    partner: float
    base_effect: float
    unexplained: float
    mismatch: float
    mismatch_subject: float
    mismatch_partner: float
    p_value: float
    mismatch_p_value: float
    target: str | None = None
    target_gain: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFacts:
    """All that was tested of the interaction of two adapters."""

    tests: tuple[PairTest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinBlock:
    """How much of the weight that an adapter adds to one feed-forward block cancels itself.

    Of the block's `neurons` heaviest neurons, by ‖ΔGate_i‖·‖ΔOut_i‖: `opposed` is the share of their weight, 0 to 1, in neurons
    that have another with the same gate and the opposite output, `matched` in neurons that have another with the same gate and
    the same output. `where` is the block's component and path, `rank` the smaller of the two updates'.
    """

    where: str
    rank: int
    neurons: int
    opposed: float
    matched: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinStatistics:
    """Every feed-forward block whose gate and output an adapter updates by low rank, and how many of those were not measured."""

    blocks: tuple[TwinBlock, ...]
    left_out: int = 0
