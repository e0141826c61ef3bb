"""Reads the front matter of a model card: plain values, no YAML library."""

import re
from collections.abc import Iterator

_FENCE = "---"
_LINES = 2_000
_LENGTH = 500  # characters of one value
_KEY = re.compile(r"([A-Za-z_][\w-]{0,60}):(?:[ \t]+(.*))?")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.*)")
_NESTED = re.compile(r"[\w-]{1,60}:(?:\s|\Z)")  # a mapping inside a list
_EMPTY = ("", "~", "null", "Null", "NULL", "|", ">", "|-", ">-", "{}", "[]")
_ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n", "\\t": "\t"}


def front_matter(text: str) -> dict[str, tuple[str, ...]]:
    """Key → its values, from the block between the two `---` lines that begin a model card; {} where there is none.

    Understood: `key: value`, `key: [a, b]`, and a list of `- value` lines. Everything else of YAML (anchors, tags, nested
    maps, folded text) is left out: a card is a claim, and nothing acts on it. The first of two equal keys counts.
    """
    lines = text.removeprefix("\ufeff").splitlines()[:_LINES]
    if not lines or lines[0].rstrip() != _FENCE:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    key = ""
    for line in lines[1:]:
        if line.rstrip() == _FENCE:
            return found
        if match := _KEY.fullmatch(line.rstrip()):
            key = "" if match[1] in found else match[1]
            if key:
                found[key] = tuple(_values(match[2] or ""))
        elif key and (item := _ITEM.fullmatch(line.rstrip())) and not _NESTED.match(item[1]):
            found[key] += tuple(_values(item[1]))
        elif line.strip() and not line.startswith((" ", "\t", "-", "#")):
            key = ""
    return {}  # no closing fence: this was a rule across the page


def _values(text: str) -> Iterator[str]:
    """The value that stands there, or those of a list in brackets."""
    plain = text.strip()
    if plain.startswith("[") and plain.endswith("]"):
        for each in plain[1:-1].split(","):
            yield from _scalar(each.strip())
    else:
        yield from _scalar(plain)


def _scalar(text: str) -> Iterator[str]:
    if len(text) > 1 and text[0] == text[-1] == "'":
        value = text[1:-1].replace("''", "'")
    elif len(text) > 1 and text[0] == text[-1] == '"':
        value = re.sub(r'\\[\\"nt]', lambda match: _ESCAPES[match[0]], text[1:-1])
    else:
        value = text.partition(" #")[0].rstrip()
        if value in _EMPTY or value[:1] in ("&", "*", "!", "{", "|", ">"):
            return
    if value.strip():
        yield value.strip()[:_LENGTH]
