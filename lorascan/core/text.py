"""Makes foreign text safe to print."""

import unicodedata

_KEEP_CATEGORIES = frozenset("LMNPSZ")
_HIDDEN = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x3164, 0xFFA0, 0x00AD, 0x2028, 0x2029}
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0000, 0xE1000))
)
MAX_SHOWN = 120


def visible(text: str, limit: int = MAX_SHOWN) -> str:
    """The text with every control, format, bidi, zero-width and surrogate character written as an escape.

    Longer texts are cut to `limit` characters with a count of what is missing. The result holds one line, no
    terminal escape and nothing that reorders or hides its neighbours; markup is not escaped here.
    """
    shown = "".join(_visible_character(each) for each in text[:limit])
    hidden = len(text) - limit
    return f"{shown}… ({hidden} more)" if hidden > 0 else shown


def counted(amount: int, noun: str) -> str:
    """An amount with its noun in the right number: "1 byte", "2,000 bytes"."""
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


def code_points(text: str) -> str:
    """The characters outside ASCII that `visible` leaves as they are, each once, as U+03B1: a reader may take them for others.

    At most four, then an ellipsis; "" where there are none.
    """
    found = dict.fromkeys(each for each in text if not each.isascii() and _visible_character(each) == each)
    shown = ", ".join(f"U+{ord(each):04X}" for each in list(found)[:4])
    return f"{shown}, …" if len(found) > 4 else shown


def _visible_character(character: str) -> str:
    code = ord(character)
    category = unicodedata.category(character)
    if category[0] in _KEEP_CATEGORIES and code not in _HIDDEN and category not in ("Zl", "Zp"):
        return character
    return f"\\u{{{code:x}}}"
