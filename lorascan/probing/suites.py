"""Reads and validates probe suites."""

import hashlib
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from lorascan.core.bounded import read_bounded
from lorascan.core.errors import UsageError
from lorascan.core.shipped import shipped
from lorascan.hunting.triggers import PLACE
from lorascan.hunting.wordings import Words, of_words, words_or_problems_of
from lorascan.settings import Strict

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Split = Literal["select", "confirm"]
Scale = Annotated[float, Field(ge=-2, le=4, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
_BYTES = 2**18
"""Of the largest suite that is read."""
_DOTS = 64
"""In one line at most: the time that tomllib takes for a dotted key grows with the square of its parts."""
_PLACE = 200
"""Characters of a problem's place that are told."""


class Prompt(Strict):
    """One scene: a text with one `{concept}`, and the concept it asks for."""

    text: str = Field(max_length=200)
    concept: str

    @property
    def plain(self) -> str:
        """The prompt as it is typed."""
        return self.text.replace(PLACE, self.concept)

    def choices(self, concepts: tuple[str, ...]) -> list[str]:
        """The prompt with each concept in its place: the texts of the n-way choice."""
        return [self.text.replace(PLACE, concept) for concept in concepts]


class Suite(Strict):
    """One probe suite, as its TOML file says it; `sha256` is of the file."""

    schema_: Literal["lorascan/probes/v1"] = Field(alias="schema")
    id: str
    version: Annotated[int, Field(ge=0, lt=2**31)]
    licence: str
    source: str
    description: str
    families: tuple[str, ...]
    concepts: Annotated[tuple[str, ...], Field(min_length=4)]
    controls: Annotated[tuple[str, ...], Field(min_length=8)]
    scales: Annotated[tuple[Scale, ...], Field(min_length=2)]
    seeds: Annotated[tuple[Seed, ...], Field(min_length=4)]
    prompt: Annotated[tuple[Prompt, ...], Field(min_length=30)]
    sha256: str = ""

    @model_validator(mode="after")
    def _prompts_name_known_concepts(self) -> Self:
        for prompt in self.prompt:
            if prompt.text.count(PLACE) != 1 or prompt.concept not in self.concepts:
                message = f"prompt {prompt.text!r} needs one {PLACE} and a concept of the suite's list"
                raise ValueError(message)
        return self

    def pairs(self, split: Split, count: int) -> list[tuple[Prompt, int]]:
        """The first `count` (prompt, seed) pairs of a split: prompts by turns, half of the seeds each."""
        first = 0 if split == "select" else 1
        prompts, seeds = self.prompt[first::2], self.seeds[first::2]
        every = [(prompt, seed) for seed in seeds for prompt in prompts]
        return every[:count]


def read_suite(path: Path) -> Suite:
    """Read one suite file. Raises UsageError with the first reason where it is not valid or cannot be read."""
    found = suite_or_problems(path)
    if isinstance(found, Suite):
        return found
    more = f" (and {len(found) - 1} more: lorascan probes validate {path.name})" if len(found) > 1 else ""
    message = f"probe suite {path.name} is not valid: {found[0]}{more}"
    raise UsageError(message)


def suite_or_problems(path: Path) -> Suite | tuple[str, ...]:
    """The suite of a file, else everything that is wrong with it, one line each. Raises UsageError where it cannot be read."""
    return suite_or_problems_of(read_bounded(path, _BYTES, "probe suite"))


def suite_or_problems_of(content: bytes) -> Suite | tuple[str, ...]:
    """The suite of a file's bytes, else everything that is wrong with it."""
    if any(line.count(b".") > _DOTS for line in content.split(b"\n")):
        return (f"a line with more than {_DOTS} dots",)
    try:
        values = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:  # ValueError: no TOML, no UTF-8, or an integer of thousands of digits
        return (f"no TOML: {error}",)
    if "sha256" in values:
        return ("sha256: is that of the file, no key of it",)
    try:
        return Suite(**values, sha256=hashlib.sha256(content).hexdigest())
    except ValidationError as error:
        return tuple(map(_told, error.errors(include_url=False, include_input=False)))


def words_or_suite_or_problems(path: Path) -> Words | Suite | tuple[str, ...]:
    """The suite of a file that says of which kind it is, read once, else everything that is wrong with it.

    Raises UsageError where it cannot be read.
    """
    content = read_bounded(path, _BYTES, "probe suite")
    return words_or_problems_of(content) if of_words(content) else suite_or_problems_of(content)


def _told(problem: "ErrorDetails") -> str:
    """One problem with its place; prompts, scales and seeds are counted from 1, as a reader does."""
    place = "".join(f" {part + 1}" if isinstance(part, int) else f".{part}" for part in problem["loc"]).removeprefix(".")
    place = place if len(place) <= _PLACE else f"{place[:_PLACE]}…"
    if problem["type"] == "extra_forbidden":
        model = Suite if len(problem["loc"]) == 1 else Prompt
        known = (each.alias or name for name, each in model.model_fields.items() if name != "sha256")
        return f"{place}: no such key; known are {', '.join(known)}"
    said = problem["msg"].removeprefix("Value error, ")
    return f"{place}: {said}" if place else said


def shipped_suites() -> dict[str, Suite]:
    """Every suite that ships, by id."""
    suites = [read_suite(path) for path in sorted(shipped("probes").glob("*.toml"))]
    return {suite.id: suite for suite in suites}


def suite_for(family: str) -> Suite:
    """The suite written for this base family, else the one for any base."""
    suites = shipped_suites().values()
    return next((each for each in suites if family in each.families), next(each for each in suites if not each.families))
