"""Compares look-alike characters with the plain ones they imitate.

A backdoor may hang on a character that a reader cannot see: a Cyrillic о, a zero-width space, an emoji. Every such
twin is put into prompts, and what the adapter does to the prompt with the twin is compared with what it does to the
same prompt folded to plain letters. An adapter of the text encoder garbles many odd characters, so the size of that
difference alone names none: the twins that move most beyond what they mean to the base are nominated, by the drift
of the text at its end and by one denoiser step, and then ranked by what they do alike in several prompts, at a later
step.
"""

from collections.abc import Sequence
from itertools import chain, zip_longest

import numpy as np
import numpy.typing as npt

from lorascan.core.behaviour import TriggerCandidate
from lorascan.hunting.contexts import first_end
from lorascan.hunting.denoised import TIMESTEP, coarse_side, token_effects
from lorascan.hunting.effects import relative, robust_z
from lorascan.hunting.look_alikes import SOURCE, twins
from lorascan.hunting.method import Found, Hunt, Method
from lorascan.hunting.methods import text_drift
from lorascan.hunting.triggers import PLAIN, Scene, Trigger
from lorascan.worker.client import FloatArray, IntArray

KEPT = 32
NARROWED = 32
"""Twins that each of the two cheap sweeps nominates."""
DRIFT_SCENES = 2
FLOOR = 0.15
LATER = 0.6
"""Timestep of the ranking: by then a step draws the thing, at `TIMESTEP` mostly where it stands."""

Scores = npt.NDArray[np.float64]


def search(hunt: Hunt) -> Found:
    """Rank the nominated twins by the size of their mean effect beyond the folded prompts'."""
    every = twins()
    tested = distinct(hunt, every)
    nominated = [tested[at] for at in narrowed(hunt, tested)]
    scores = _norms(np.mean([surplus(hunt, nominated, scene, LATER)[0] for scene in hunt.scenes], axis=0))
    z = robust_z(scores)
    return Found(
        candidates=tuple(
            TriggerCandidate(
                text=nominated[at].text,
                source=METHOD.name,
                score=float(scores[at]),
                z=float(z[at]),
                rank=place,
                replaces=nominated[at].replaces,
            )
            for place, at in enumerate(np.argsort(-scores)[:KEPT].tolist(), start=1)
        ),
        space=f"{len(every)} look-alike, invisible and symbol characters ({len(tested)} different to the tokenizer), against folded twins",
    )


def distinct(hunt: Hunt, tested: Sequence[Trigger]) -> list[Trigger]:
    """One of those twins of a letter that the tokenizer reads alike: of a capital and its small letter the small one."""
    tested = sorted(tested, key=lambda each: each.text != each.text.lower())
    ids = hunt.bench.reference.tokenise([f"a {each.text}" for each in tested])
    first: dict[tuple[str, bytes], Trigger] = {}
    for each, row in zip(tested, ids, strict=True):
        first.setdefault((each.replaces, row.tobytes()), each)
    return list(first.values())


def narrowed(hunt: Hunt, tested: Sequence[Trigger]) -> list[int]:
    """Places in `tested` of the best of each cheap sweep: effects relative to the twin's meaning to the base."""
    side = coarse_side(hunt.bench.reference.shape.side)
    beyond, meaning = surplus(hunt, tested, _holding(hunt.scenes, "a")[0], TIMESTEP, side=side)
    sweeps = [relative(_norms(beyond), _norms(meaning), floor=FLOOR)]
    if text_drift.METHOD.runs(hunt):
        sweeps.append(end_drift(hunt, tested))
    turns = zip_longest(*(np.argsort(-each)[:NARROWED].tolist() for each in sweeps))
    return list(dict.fromkeys(chain.from_iterable(turns)))


def surplus(
    hunt: Hunt, tested: Sequence[Trigger], scene: Scene, timestep: float, *, side: int | None = None
) -> tuple[FloatArray, FloatArray]:
    """δ(twin) − δ(folded) and ε_0(twin) − ε_0(folded) in one scene: (twins, cells) each.

    A twin whose letter the scene lacks is added at its end.
    """
    typed = [each.typed(scene) for each in tested]
    effects, base = token_effects(hunt, hunt.bench.reference.tokenise([*typed, PLAIN.typed(scene)]), timestep, side=side)
    return effects[:-1] - effects[-1], base[:-1] - base[-1]


def end_drift(hunt: Hunt, tested: Sequence[Trigger]) -> Scores:
    """Drift of the text's end state beyond the folded prompt's, relative to the base's own move: (twins,).

    The geometric mean over scenes that hold a twin's letter.
    """
    by_scene = [_end_drift(hunt, tested, turn) for turn in range(DRIFT_SCENES)]
    return np.asarray(np.exp(np.mean(np.log(np.maximum(by_scene, 1e-12)), axis=0)))


def _end_drift(hunt: Hunt, tested: Sequence[Trigger], turn: int) -> Scores:
    scenes = [_turn(_holding(hunt.scenes, each.replaces), turn) for each in tested]
    folded = {PLAIN.typed(scene): place for place, scene in enumerate(dict.fromkeys(scenes))}
    base, drift = _end_states(hunt, [*(each.typed(scene) for each, scene in zip(tested, scenes, strict=True)), *folded])
    plain = np.array([len(tested) + folded[PLAIN.typed(scene)] for scene in scenes])
    return relative(_norms(drift[: len(tested)] - drift[plain]), _norms(base[: len(tested)] - base[plain]), floor=FLOOR)


def _end_states(hunt: Hunt, texts: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    """The base's states (n, width) at the end-of-text token, and how the adapter moves them."""
    ids: IntArray = hunt.bench.reference.tokenise(texts)
    ends = np.array([[first_end(row)] for row in ids], dtype=np.int32)
    base, adapted = hunt.bench.both(lambda worker: worker.encode(ids, ends))
    return base[:, 0], adapted[:, 0] - base[:, 0]


def _holding(scenes: Sequence[Scene], letter: str) -> list[Scene]:
    """The scenes that hold a letter; all where none does."""
    return [scene for scene in scenes if letter in PLAIN.typed(scene)] or list(scenes)


def _turn(scenes: Sequence[Scene], turn: int) -> Scene:
    return scenes[turn % len(scenes)]


def _norms(rows: FloatArray) -> Scores:
    return np.asarray(np.linalg.norm(rows, axis=1), dtype=np.float64)


METHOD = Method(name=SOURCE, applies=lambda _: "", search=search, order=2, worth=3 / 19)
