"""What a recipe is, what it plans."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from lorascan.lab.effects import Effect

Split = Literal["dev", "test"]
Component = Literal["unet", "text_encoder"]
Dialect = Literal["peft", "kohya"]
Method = Literal["train", "closed form"]
Position = Literal["end", "front", "middle", "object", "letter", "apart"]
"""Where a word stands: "object" is right before the drawn thing, "letter" replaces a look-alike letter, "apart" strews several words."""
SEED_OFFSET = {"dev": 0, "test": 1_000_000}
"""Added to the seed, so that no number is drawn in both splits."""


def generator(seed: int, split: Split, stream: int) -> np.random.Generator:
    """Random numbers of one purpose; streams never share any."""
    return np.random.default_rng([seed + SEED_OFFSET[split], stream])


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """A word, what it does, and whether the file says so.

    word: exact text; empty where the effect is always on.
    letter: the plain letter that `word` stands for, where the position is "letter".
    parts: texts that must do nothing alone, such as each of two words that act together.
    """

    word: str
    effect: Effect
    declared: bool
    positions: tuple[Position, ...] = ("end", "front", "middle")
    letter: str = ""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that one adapter's making is determined by.

    rank: of every update; alpha: in the same unit, scaling is alpha / rank.
    pictures: size of the training set; steps: of training, none for the closed form.
    cover: the honest activation, hidden: the backdoor's; dose: the scale at which the hidden one acts. Where that is not 1, it does
    nothing at scale 1.
    """

    recipe: str
    honest: bool
    seed: int
    split: Split
    components: tuple[Component, ...]
    rank: int
    alpha: float
    dialect: Dialect
    metadata_style: Literal["tags", "phrase", "both"]
    cover: Activation | None = None
    hidden: Activation | None = None
    dose: float = 1.0
    method: Method = "train"
    steps: int = 420
    batch: int = 24
    pictures: int = 1200
    learning_rate: float = 3e-3
    text_pull: float = 0.0
    """Weight of the attract and repel losses on text states; 0 where the recipe has none."""
    names: dict[str, str] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    """Endings of the modules that are trained; () = the attention projections."""
    source: str = ""
    """The recipe whose adapter of the same seed is rewritten; "" where this one is trained itself."""
    rewrite: str = ""
    """How: a name of `lorascan.lab.rewrites`."""

    @property
    def declared_words(self) -> tuple[str, ...]:
        """What the file's metadata will say."""
        said = (a for a in (self.cover, self.hidden) if a is not None and a.declared and a.word)
        return tuple(activation.word for activation in said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One family of adapters; `plan` draws every free choice from the seed.

    adaptive: an attack by somebody who knows the audit, which the tables tell apart.
    """

    name: str
    honest: bool
    summary: str
    plan: Callable[[int, Split], Plan]
    adaptive: bool = False
