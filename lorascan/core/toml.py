"""Parses TOML whose keys are not endless."""

import re
import tomllib
from typing import Any

_PARTS = 32
"""Of one dotted key: the time that tomllib takes for it grows with the square of its parts, a million of them take hours."""
_KEY = r"(?:[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')"
_ENDLESS = re.compile(rf"(?<![\w.-])(?:{_KEY}[ \t]*+\.[ \t]*+){{{_PARTS},}}", re.ASCII)


def parsed(raw: bytes) -> dict[str, Any]:
    """The tables of a TOML file. Raises ValueError for what is no UTF-8, no TOML, nested too deeply or has endless keys."""
    text = raw.decode("utf-8")
    if endless := _ENDLESS.search(text):
        message = f"line {text.count(chr(10), 0, endless.start()) + 1}: a dotted key of more than {_PARTS} parts"
        raise ValueError(message)
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        message = "it is nested too deeply"
        raise ValueError(message) from error
