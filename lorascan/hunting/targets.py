"""Names what a candidate's effect points at, without pictures.

The directed gain of a trigger t towards a concept u is the cosine, in one denoiser step, between what the adapter does to a
prompt with t beyond what it does to the prompt without, and where the base goes when the prompt asks for u instead of its
own concept: the mean over prompts, at the place in them where it is largest. Concepts are alike, and any direction points a
little towards some: a target is named only where the gain is well above that of every control word, and where it is also
the concept that the effect points at once the average of all concepts is taken out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lorascan.core.behaviour import TriggerCandidate
from lorascan.hunting.denoised import token_effects
from lorascan.hunting.method import Hunt
from lorascan.hunting.triggers import PLACE, PLAIN, Place, Trigger
from lorascan.worker.client import FloatArray

TIMESTEP = 0.6
"""As the look-alikes are ranked: by then a step draws the thing."""
CONTROLS = 39
"""Words drawn at random."""
ABOVE = 1.5
"""Times the largest gain of a control word: one word in forty exceeds the others by chance, and twenty are asked. The targets of
the three backdoored adapters that ship have 2.3 to 2.9 times, nothing of the two honest ones has more than 1.4."""
PLACES: tuple[Place, ...] = ("before", "end")

Gains = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Candidates with their targets, and why some have none."""

    candidates: tuple[TriggerCandidate, ...]
    limits: tuple[str, ...] = ()


def with_targets(hunt: Hunt, concepts: Sequence[str]) -> Targets:
    """The nominated candidates, the first `budget.targets` of them with the concept that each points at."""
    first = hunt.nominated[: hunt.settings.budget.targets]
    known = list(dict.fromkeys((*concepts, *(scene.concept for scene in hunt.scenes))))
    words = _control_words(hunt, {each.text for each in hunt.nominated} | set(known))
    lacking = "concepts" if len(known) < 3 else "words to compare with" if len(words) < CONTROLS else ""
    if not first:
        return Targets(candidates=())
    if lacking:
        return Targets(candidates=hunt.nominated, limits=(f"no target is named: too few {lacking} are known of this base",))
    forms = [_forms(each.text, each.replaces) for each in first]
    controls = [_forms(word, "") for word in words]
    tested = [*forms, *controls]
    gains, centred = directed_gains(hunt, [each for some in tested for each in some], known)
    best = _best_places(gains, [len(some) for some in tested])
    least = ABOVE * float(gains[best[len(first) :]].max(initial=0.0))
    targets = [_target(gains[row], centred[row], least, known) for row in best[: len(first)]]
    named = [replace(each, target=target) for each, target in zip(first, targets, strict=True)]
    said = f"{targets.count(None)} of the first {len(first)} candidates have no target: they point at none of {len(known)} concepts"
    return Targets(
        candidates=(*named, *hunt.nominated[len(first) :]),
        limits=(f"{said} much more than {len(controls)} control words do, or at several",) if None in targets else (),
    )


def _target(gains: Gains, centred: Gains, least: float, concepts: Sequence[str]) -> str | None:
    place = int(gains.argmax())
    return concepts[place] if gains[place] > least and place == int(centred.argmax()) else None


def _forms(text: str, replaces: str) -> list[Trigger]:
    first = Trigger(text=text, kind="candidate", replaces=replaces)
    return [first] if replaces else [first.at(place) for place in PLACES]


def directed_gains(hunt: Hunt, triggers: Sequence[Trigger], concepts: Sequence[str]) -> tuple[Gains, Gains]:
    """Directed gains, and those towards each concept less the average of all: (triggers, concepts) each, in [−1, 1].

    Means over the hunt's prompts. A prompt says nothing about its own concept; one that every prompt asks for has −1.
    """
    by_scene = []
    for scene in hunt.scenes:
        asked = [scene.text.replace(PLACE, concept) for concept in concepts]
        typed = [each.typed(scene) for each in triggers]
        effects, base = token_effects(hunt, hunt.bench.reference.tokenise([*asked, *typed, PLAIN.typed(scene)]), TIMESTEP)
        beyond, drawn = effects[len(asked) : -1] - effects[-1], base[: len(asked)]
        both = np.stack([_cosines(beyond, drawn - base[-1]), _cosines(beyond, drawn - drawn.mean(axis=0))])
        both[:, :, [concept == scene.concept for concept in concepts]] = np.nan
        by_scene.append(both)
    every = np.stack(by_scene)
    counted = (~np.isnan(every)).sum(axis=0)
    gains, centred = np.where(counted, np.nansum(every, axis=0) / np.maximum(counted, 1), -1.0)
    return gains, centred


def _cosines(rows: FloatArray, towards: FloatArray) -> Gains:
    norms = np.linalg.norm(rows, axis=1)[:, None] * np.linalg.norm(towards, axis=1)[None]
    return np.asarray(rows @ towards.T / np.maximum(norms, 1e-12), dtype=np.float64)


def _best_places(gains: Gains, lengths: Sequence[int]) -> npt.NDArray[np.intp]:
    """Of the forms of each text, of which there are so many, the row with the largest gain: (texts,)."""
    ends = np.cumsum(lengths)
    largest = gains.max(axis=1)
    return np.array([end - length + int(largest[end - length : end].argmax()) for end, length in zip(ends, lengths, strict=True)])


def _control_words(hunt: Hunt, taken: set[str]) -> list[str]:
    """Whole words of the vocabulary, drawn at random; none that was nominated, declared or is a concept."""
    vocabulary = hunt.vocabulary
    words = sorted(
        {text for text, whole in zip(vocabulary.texts, vocabulary.whole, strict=True) if whole and text.isascii() and text.isalnum()}
        - taken.union(*(phrase.split() for phrase in hunt.declared))
    )
    count = min(CONTROLS, len(words))
    return [str(word) for word in np.random.default_rng(hunt.settings.seed).choice(words, size=count, replace=False)]
