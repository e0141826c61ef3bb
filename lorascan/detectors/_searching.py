"""Searches long texts only around the marks of a pattern."""

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache

_SHORT = 4_000  # characters of a text that is searched whole
_REACH = 450  # characters around a mark that are searched; most patterns end sooner
_HITS = 4_000  # marks of one kind in one text; where there are more the text is searched whole
_WORK = 500_000
"""Characters of one file that one pattern is tried on. Honest logs of two million characters hold marks in a tenth of them; a text
made of marks alone would take seconds."""


_RUN = re.compile(r"\s{33}")
"""Patterns have at most eight gaps: with no longer run of white space a match stays within reach."""
_BLANKS = re.compile(r"\s{2,}")
_LONG_WORD = re.compile(r"\b\w{129,}")
_KEPT = 64
"""Letters kept at either end of a long word. Together they are more than any fixed length that a pattern asks for: no token is made of
what is cut."""


def lower_case(value: str) -> str:
    """The text in lower case, of the same length.

    U+0130, of which Python makes two characters, becomes "i": places in one text must be places in the other.
    """
    return value.replace("\u0130", "i").lower()


def collapsed(value: str) -> str:
    """The text with every run of white space as one line break or one blank; "" where no run is longer than 32 characters."""
    return _BLANKS.sub(lambda run: "\n" if "\n" in run[0] else " ", value) if _RUN.search(value) else ""


def shortened(value: str) -> str:
    """What stands around each word of more than 128 letters, the word cut to its first and last 64; "" where a text is searched whole.

    A line for each part of the text: honest ones have few such words, and their length should cost nobody a second search.
    """
    if len(value) <= _SHORT:
        return ""
    parts: list[list[str]] = []
    read = -1  # where the text goes on behind the last word
    for word in _LONG_WORD.finditer(value):
        if read < 0 or word.start() - read > 2 * _REACH:
            _end(parts, value, read)
            parts.append([value[max(read, 0, word.start() - _REACH) : word.start()]])
        else:
            parts[-1].append(value[read : word.start()])
        parts[-1] += (word[0][:_KEPT], word[0][-_KEPT:])
        read = word.end()
    _end(parts, value, read)
    return "\n".join("".join(each) for each in parts)


def _end(parts: list[list[str]], value: str, read: int) -> None:
    """Add what stands behind the last word of a part."""
    if parts:
        parts[-1].append(value[read : read + _REACH])


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text that a stranger wrote, and where it stands in the file. `lowered` is `value` in lower case, of the same length."""

    where: str
    value: str
    lowered: str = field(init=False)

    def __post_init__(self) -> None:
        """Lower the text once."""
        object.__setattr__(self, "lowered", lower_case(self.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A pattern, and lower-case marks of which every match holds one: a text without them is not searched.

    A match lies within `reach` characters of its mark, long runs of white space and long words apart (`collapsed`, `shortened`).
    `near` is a quick pattern, besides the marks, for beginnings that need more than a fixed text: of the text itself for what cannot
    be ASCII, else in lower case. `in_ascii`: whether a text of ASCII alone can match. `bounded` is False for patterns that are fast
    anywhere: they search every text whole. Most texts hold no mark, and then the pattern is never compiled.
    """

    expression: str
    flags: re.RegexFlag = re.NOFLAG
    marks: tuple[str, ...] = ("",)
    near: str = ""
    reach: int = _REACH
    in_ascii: bool = True
    bounded: bool = True

    def places(self, text: Text) -> list[tuple[int, int]]:
        """The parts of the text, in order and apart, in which every match lies."""
        size = len(text.value)
        if not self.in_ascii and text.value.isascii():
            return []
        read = text.lowered if self.in_ascii else text.value
        if size <= _SHORT or not self.bounded or (not self.near and self.marks == ("",)):
            return [(0, size)] if self._may_match(text.lowered, read) else []
        marked = [] if self.marks == ("",) else _marked(self.marks, text.lowered)
        begun = _near(self.near, read) if self.near else []
        if marked is None or begun is None:
            return [(0, size)]
        hits = sorted((*marked, *begun))
        found: list[tuple[int, int]] = []
        for hit in hits:
            start, stop = max(0, hit - self.reach), min(size, hit + self.reach)
            if found and start <= found[-1][1]:
                found[-1] = found[-1][0], stop
            else:
                found.append((start, stop))
        return found

    def _may_match(self, lowered: str, read: str) -> bool:
        """Whether a text holds a mark or a beginning; one without either lacks every match. `read` is where beginnings stand."""
        if not self.near:
            return any(mark in lowered for mark in self.marks)
        marked = self.marks != ("",) and any(mark in lowered for mark in self.marks)
        return marked or _compiled(self.near, re.NOFLAG, lower=False).search(read) is not None


@dataclass(slots=True, eq=False)
class Search:
    """Searches the texts of one file. `left_out` counts the characters that patterns should have been tried on and were not."""

    spent: Counter[Sought] = field(default_factory=Counter)
    left_out: int = 0

    def first(self, sought: Sought, text: Text) -> re.Match[str] | None:
        """The first match in the text, as far as the pattern has not used up its share of the file."""
        lower = bool(sought.flags & re.IGNORECASE)  # several times as fast as the flag; few letters change their length
        for start, stop in sought.places(text):
            end = min(stop, start + _WORK - self.spent[sought]) if sought.bounded else stop
            self.left_out += stop - end
            self.spent[sought] += end - start
            pattern = _compiled(sought.expression, sought.flags, lower)
            if end > start and (found := pattern.search(text.lowered if lower else text.value, start, end)):
                return found
        return None


_SPELT = re.compile(r"\\.|[A-Z]")


def _lowered(match: re.Match[str]) -> str:
    """A letter of an expression in lower case, an escape as it is."""
    return match[0] if len(match[0]) > 1 else match[0].lower()


@cache
def _compiled(expression: str, flags: re.RegexFlag, lower: bool) -> re.Pattern[str]:  # noqa: FBT001 - of a match, no switch
    return re.compile(_SPELT.sub(_lowered, expression), flags & ~re.IGNORECASE) if lower else re.compile(expression, flags)


def _marked(marks: tuple[str, ...], lowered: str) -> list[int] | None:
    """Where the marks stand; None where there are too many to tell apart."""
    hits: list[int] = []
    for mark in marks:
        at, count = lowered.find(mark), 0
        while at >= 0:
            count += 1
            if count > _HITS:
                return None
            hits.append(at)
            at = lowered.find(mark, at + 1)
    return hits


def _near(beginning: str, value: str) -> list[int] | None:
    hits: list[int] = []
    for found in _compiled(beginning, re.NOFLAG, lower=False).finditer(value):
        if len(hits) > _HITS:
            return None
        hits.extend((found.start(), found.end()))
    return hits
