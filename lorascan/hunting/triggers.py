"""Types a trigger into a prompt."""

from dataclasses import dataclass, replace
from typing import Literal, Protocol

PLACE = "{concept}"

Place = Literal["end", "before", "front"]
"""Where an added word goes: after the prompt, right before its concept, or first."""


class Scene(Protocol):
    """A prompt whose concept is marked: `text` holds one `{concept}`."""

    @property
    def text(self) -> str:
        """The sentence with `{concept}` in it."""

    @property
    def concept(self) -> str:
        """The word that goes there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A text under test: a word to add at `place`, or a text that stands in for `replaces`; "" is the plain prompt."""

    text: str
    kind: str
    place: Place = "end"
    replaces: str = ""
    source: str = ""

    def typed(self, scene: Scene) -> str:
        """The prompt with this trigger."""
        plain = scene.text.replace(PLACE, scene.concept)
        if not self.text:
            return plain
        if self.replaces and self.replaces in plain:
            return plain.replace(self.replaces, self.text, 1)
        if self.place == "before":
            return scene.text.replace(PLACE, f"{self.text} {scene.concept}")
        return f"{plain} {self.text}" if self.place == "end" else f"{self.text} {plain}"

    def at(self, place: Place) -> "Trigger":
        """The same text at another place."""
        return replace(self, place=place)


PLAIN = Trigger(text="", kind="plain")
