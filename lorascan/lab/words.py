"""Words that mean something in the lab."""

from lorascan.lab.world import ALL_SHAPES, COLOURS, SIZES, TEXTURES


def meaningful_words() -> list[str]:
    """Attributes and the templates' own words: never inserted at random."""
    glue = ["a picture of photo one drawing in front with on over background ,"]
    return [*ALL_SHAPES, *COLOURS, *TEXTURES, *SIZES, *glue]
