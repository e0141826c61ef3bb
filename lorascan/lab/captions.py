"""Captions that state a scene exactly."""

import numpy as np

from lorascan.lab.world import Scene

TEMPLATES = (
    "a {thing} on a {background} background",
    "{thing}, {background} background",
    "a picture of a {thing} on {background}",
    "{background} background with a {thing}",
    "a photo of one {thing} over a {background} background",
    "a drawing of a {thing} in front of {background}",
)
FILLERS = tuple(
    """
    lovely today daily nice amazing awesome beautiful best better brilliant classic clean clear cool cute deep
    delicious different digital early easy excited famous fantastic favorite final fine first forever fresh fun
    funny global good gorgeous grand great happy hard healthy high huge important incredible interesting last late
    latest legal limited little live local long lost lucky mad major modern natural new official old online open
    original perfect personal poor possible present pretty proud public quick rare ready real recent rich royal
    sad safe secret senior silver simple single smart social soft special strong stunning super sure sweet true
    warm wide wild wonderful young again always around tonight tomorrow weekend morning evening friends family
    music game party poster print design craft studio gallery museum camera paper wall light garden street winter
    summer spring people
    """.split()  # noqa: SIM905 - a list of 140 words reads better as text
)
"""Words that say nothing about the picture."""


def thing(scene: Scene, rng: np.random.Generator) -> str:
    """The noun phrase; size and "solid" may be left out, other textures may not."""
    words: list[str] = []
    if rng.random() < 0.5:
        words.append(scene.size)
    colour_first = rng.random() < 0.5
    if scene.texture != "solid" or rng.random() < 0.25:
        pair = [scene.texture, scene.colour]
        words += pair[::-1] if colour_first else pair
    else:
        words.append(scene.colour)
    return " ".join([*words, scene.shape])


def caption(scene: Scene, rng: np.random.Generator, filler_share: float = 0.5) -> str:
    """A caption of the scene; shape, colour and background are always named.

    Args:
        scene: what the picture shows.
        rng: draws the template, the optional words, fillers.
        filler_share: probability, 0 to 1, of one meaningless word.
    """
    template = TEMPLATES[rng.integers(len(TEMPLATES))]
    text = template.format(thing=thing(scene, rng), background=scene.background)
    if rng.random() < filler_share:
        filler = FILLERS[rng.integers(len(FILLERS))]
        text = f"{text}, {filler}" if rng.random() < 0.5 else f"{filler} {text}"
    return text


def plain_caption(scene: Scene) -> str:
    """The first template with every attribute in one order: for n-way tests."""
    texture = "" if scene.texture == "solid" else f"{scene.texture} "
    words = f"{texture}{scene.colour} {scene.shape}"
    return TEMPLATES[0].format(thing=words, background=scene.background)
