"""Compares look-alike characters with the plain ones they imitate.

A backdoor may hang on a character that a reader cannot see: a Cyrillic о, a zero-width space, an emoji. Every such
twin is put into prompts and the denoiser effect δ of the prompt with the twin is compared with δ of the same prompt
folded to plain letters. The base's own surprise at an odd character drops out of δ; for an honest adapter little
remains.
"""

import numpy as np
import numpy.typing as npt

from lorascan.core.behaviour import TriggerCandidate
from lorascan.hunting.effects import orthonormal, robust_z
from lorascan.hunting.method import Found, Hunt, Method
from lorascan.hunting.methods.denoiser_divergence import token_effects
from lorascan.hunting.triggers import PLAIN, Scene, Trigger

KEPT = 16

CONFUSABLES = {
    "a": "аαɑａ", "b": "Ьｂ", "c": "сϲｃ", "d": "ԁｄ", "e": "еҽｅ", "f": "ｆ", "g": "ɡց", "h": "һｈ", "i": "іıι", "j": "јｊ",
    "k": "κк", "l": "ӏⅼ", "m": "ｍⅿ", "n": "ոｎ", "o": "оοօｏ", "p": "рρ", "q": "ԛ", "r": "гｒ", "s": "ѕｓ", "t": "τｔ", "u": "υսᴜ",
    "v": "νѵ", "w": "ѡԝ", "x": "хⅹ", "y": "уү", "z": "ᴢｚ", "A": "АΑ", "B": "ВΒ", "E": "ЕΕ", "H": "НΗ", "K": "КΚ", "M": "МΜ", "O": "ОΟ",
    "P": "РΡ", "T": "ТΤ", "X": "ХΧ",
}  # fmt: skip
"""Letters and characters that render alike: a selection from Unicode's confusables (UTS 39), the ones reported in attacks first."""
INVISIBLE = (
    "\u200b",
    "\u200c",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u180e",
    "\u202e",
    "\u2066",
    "\u00a0",
    "\u3000",
    "\ufe0f",
)
"""Characters with no ink of their own: zero-width, bidi controls, odd spaces."""
SYMBOLS = (
    "😀",
    "😂",
    "❤️",
    "🔥",
    "✨",
    "🎨",
    "👍",
    "🌸",
    "⭐",
    "💀",
    "™",
    "©",
    "★",
    "♥",
    "№",
    "…",
    "ß",
    "ø",
    "ł",
    "ñ",
    "é",
)
"""Emoji and letters with marks, the ones seen as triggers in published text-encoder attacks and their like."""


def twins() -> tuple[Trigger, ...]:
    """Every twin as a trigger: confusables in place of their letter, the others added."""
    letters = [
        Trigger(text=twin, kind="candidate", replaces=letter, source="unicode twin")
        for letter, look_alikes in CONFUSABLES.items()
        for twin in look_alikes
    ]
    return (*letters, *(Trigger(text=each, kind="candidate", source="unicode twin") for each in (*INVISIBLE, *SYMBOLS)))


def search(hunt: Hunt) -> Found:
    """Rank the twins by what their effect has beyond the folded prompt's and the twins' common effect."""
    tested = twins()
    scores = twin_scores(hunt, tested)
    z = robust_z(scores)
    order = np.argsort(-scores)[:KEPT]
    return Found(
        candidates=tuple(
            TriggerCandidate(
                text=tested[at].text,
                source=METHOD.name,
                score=float(scores[at]),
                z=float(z[at]),
                rank=place,
                replaces=tested[at].replaces,
            )
            for place, at in enumerate(order, start=1)
        ),
        space=f"{len(tested)} look-alike, invisible and symbol characters, each against its folded twin",
    )


def twin_scores(hunt: Hunt, tested: tuple[Trigger, ...]) -> npt.NDArray[np.float64]:
    """Median over carrier prompts of ‖δ(twin) − δ(folded) − common‖, relative to the base's output: (twins,)."""
    worker = hunt.bench.reference
    rows = []
    for place in range(_CARRIERS):
        scenes = [_carrier(hunt.scenes, each, place) for each in tested]
        typed = [each.typed(scene) for each, scene in zip(tested, scenes, strict=True)]
        carriers = [PLAIN.typed(scene) for scene in scenes]
        folded = list(dict.fromkeys(carriers))
        effects, base = token_effects(hunt, worker.tokenise([*typed, *folded]))
        plain = {text: effects[len(typed) + at] for at, text in enumerate(folded)}
        remainder = effects[: len(typed)] - np.stack([plain[carrier] for carrier in carriers])
        common = orthonormal(remainder.mean(axis=0)[None, :])
        left = remainder - (remainder @ common.T) @ common
        rows.append(np.linalg.norm(left, axis=1) / np.linalg.norm(base, axis=1).mean())
    return np.median(np.stack(rows), axis=0).astype(np.float64)


_CARRIERS = 3


def _carrier(scenes: tuple[Scene, ...], twin: Trigger, place: int) -> Scene:
    """A search scene that holds the letter a twin replaces, the place-th of them; any scene where none does."""
    holding = [scene for scene in scenes if twin.replaces in PLAIN.typed(scene)] or list(scenes)
    return holding[place % len(holding)]


METHOD = Method(name="unicode twin", applies=lambda _: "", search=search, order=2)
