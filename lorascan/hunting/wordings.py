"""Reads the word suites that the searches write their texts with."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from lorascan.core.bounded import read_bounded
from lorascan.core.errors import UsageError
from lorascan.core.shipped import shipped
from lorascan.settings import Strict

Purpose = Literal["captions", "composition", "controls", "concept pairs", "declared", "safety", "unicode"]
"""What the words serve for: whole captions, several things in one sentence, texts that change nothing, everyday phrases, how declared
words are typed, what must not be drawn unasked, characters."""
SCHEMA = "lorascan/words/v1"
_BYTES = 2**18
_DOTS = 64
"""In one line at most: the time that tomllib takes for a dotted key grows with the square of its parts."""
_SLOT = re.compile(r"\{([a-z]+)\}")
_SAYS_SO = re.compile(rb'^schema *= *"lorascan/words/', re.MULTILINE)
_GIVEN = frozenset({"word"})
"""Slots that a search fills itself."""

Text = Annotated[str, Field(min_length=1, max_length=200)]


class Words(Strict):
    """One word suite, as its TOML file says it; `sha256` is of the file.

    `templates` hold `{slot}`s, each named as one of the `lists`; they are replaced as plain text, and nothing is executed.
    """

    schema_: Literal["lorascan/words/v1"] = Field(alias="schema")
    id: str
    version: Annotated[int, Field(ge=0, lt=2**31)]
    licence: str
    source: str
    description: str
    purpose: Purpose
    families: tuple[str, ...]
    templates: tuple[Text, ...] = ()
    lists: Annotated[Mapping[str, Annotated[tuple[Text, ...], Field(min_length=2)]], Field(min_length=1)]
    sha256: str = ""

    @model_validator(mode="after")
    def _slots_are_lists(self) -> Self:
        for template in self.templates:
            for slot in slots(template):
                if slot not in self.lists and slot not in _GIVEN:
                    message = f"template {template!r} has a slot {slot!r} and there is no such list"
                    raise ValueError(message)
        for name, words in self.lists.items():
            if len(set(words)) < len(words):
                message = f"list {name!r} holds a word twice"
                raise ValueError(message)
        return self


def slots(template: str) -> tuple[str, ...]:
    """The names of a template's slots, in order."""
    return tuple(_SLOT.findall(template))


def words_or_problems(path: Path) -> Words | tuple[str, ...]:
    """The word suite of a file, else everything that is wrong with it, one line each. Raises UsageError where it cannot be read."""
    return words_or_problems_of(read_bounded(path, _BYTES, "word suite"))


def words_or_problems_of(content: bytes) -> Words | tuple[str, ...]:
    """The word suite of a file's bytes, else everything that is wrong with it."""
    if any(line.count(b".") > _DOTS for line in content.split(b"\n")):
        return (f"a line with more than {_DOTS} dots",)
    try:
        values = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        return (f"no TOML: {error}",)
    if "sha256" in values:
        return ("sha256: is that of the file, no key of it",)
    try:
        return Words(**values, sha256=hashlib.sha256(content).hexdigest())
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return tuple(f"{'.'.join(map(str, each['loc']))}: {each['msg'].removeprefix('Value error, ')}".removeprefix(": ") for each in found)


def of_words(content: bytes) -> bool:
    """Whether a file's bytes say that it is a word suite."""
    return _SAYS_SO.search(content) is not None


def read_words(path: Path) -> Words:
    """Read one word suite. Raises UsageError with the first reason where it is not valid or cannot be read."""
    found = words_or_problems(path)
    if isinstance(found, Words):
        return found
    message = f"word suite {path.name} is not valid: {found[0]}"
    raise UsageError(message)


@cache
def shipped_words() -> Mapping[str, Words]:
    """Every word suite that ships, by id."""
    suites = [read_words(path) for path in sorted(shipped("probes", "words").glob("*.toml"))]
    return {suite.id: suite for suite in suites}


def words_for(purpose: Purpose, family: str) -> Words | None:
    """The word suite of that purpose written for this base family, else the one for any base, if there is one."""
    suites = [each for each in shipped_words().values() if each.purpose == purpose]
    own = next((each for each in suites if family in each.families), None)
    return own or next((each for each in suites if not each.families), None)


def shipped_list(identity: str, name: str) -> tuple[str, ...]:
    """One list of a word suite that ships."""
    return shipped_words()[identity].lists[name]
