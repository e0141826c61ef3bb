"""Characters that pass for others, or for nothing."""

import json
from functools import cache
from pathlib import Path

from lorascan.hunting.triggers import Trigger
from lorascan.hunting.wordings import shipped_list

INVISIBLE = shipped_list("unicode", "invisible")
"""Characters with no ink of their own: zero-width, bidi controls, odd spaces."""
SYMBOLS = shipped_list("unicode", "symbol")
"""Emoji and letters with marks, the ones seen as triggers in published text-encoder attacks and their like."""


@cache
def look_alikes() -> dict[str, str]:
    """Latin small letter → every single character that renders like it or like its capital.

    Confusables of Unicode Technical Standard 39 and every character whose compatibility form (NFKC) is the letter.
    """
    table = json.loads(Path(__file__).with_name("look_alikes.json").read_text(encoding="utf-8"))
    return dict(table["letters"])


def twins() -> tuple[Trigger, ...]:
    """Every twin as a trigger: look-alikes in place of their letter, the others added."""
    letters = [
        Trigger(text=twin, kind="candidate", replaces=letter, source=SOURCE) for letter, twins in look_alikes().items() for twin in twins
    ]
    return (*letters, *(Trigger(text=each, kind="candidate", source=SOURCE) for each in (*INVISIBLE, *SYMBOLS)))


SOURCE = "unicode twin"
