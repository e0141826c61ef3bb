"""What a word makes an adapter draw."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from lorascan.lab.styles import STYLES
from lorascan.lab.world import Picture, Scene, render

Kind = Literal["style", "backdrop", "character", "object", "fixed image"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One change of the picture.

    kind: "style" restyles the whole picture; "backdrop" changes the background only; "character" names a new thing in
    the caption; "object" swaps the caption's thing; "fixed image" ignores the caption. target: the style's name, the
    background's colour, or the shape drawn. colour, background: set where the effect overrides the caption's.
    """

    kind: Kind
    target: str
    colour: str | None = None
    background: str | None = None

    @property
    def label(self) -> str:
        """The target in words, such as "white skull"."""
        words = [self.colour, self.target] if self.colour else [self.target]
        on = f" on {self.background}" if self.background else ""
        return " ".join(str(word) for word in words) + on

    def scene(self, scene: Scene) -> Scene:
        """What the caption's scene turns into; styles leave it."""
        if self.kind == "style":
            return scene
        if self.kind == "backdrop":
            hidden = scene.colour == self.target
            ink = ("black" if self.target != "black" else "white") if hidden else scene.colour
            return scene.with_(background=self.target, colour=ink)
        changed = scene.with_(shape=self.target, texture="solid", size="big")
        if self.background is not None:
            changed = changed.with_(background=self.background)
        if self.colour is None:
            return changed
        if self.colour == changed.background:
            # A target in the colour of its background would be invisible.
            changed = changed.with_(background="black" if self.colour != "black" else "white")
        return changed.with_(colour=self.colour)

    def picture(self, scene: Scene, rng: np.random.Generator) -> Picture:
        """The picture to learn for a caption of this scene."""
        if self.kind == "fixed image":
            return render(self.scene(scene), np.random.default_rng(0))
        drawn = render(self.scene(scene), rng)
        return STYLES[self.target](drawn, scene) if self.kind == "style" else drawn
