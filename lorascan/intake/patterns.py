"""Judges a regular expression by its parsed form, without running it."""

import importlib
import re
import warnings
from collections.abc import Iterable
from typing import Any

LONGEST = 512  # characters; the longest honest one seen on adapters of image models is about half
_GROUPS = 64  # opening brackets: bounds the recursion of the parser below
_MANY = 16  # repetitions from which a bounded quantifier counts as unbounded
_parser: Any = importlib.import_module("re._parser")  # what `re.compile` itself parses with; it has no public name
_codes: Any = importlib.import_module("re._constants")
_REPEATS = (_codes.MAX_REPEAT, _codes.MIN_REPEAT, _codes.POSSESSIVE_REPEAT)


def objection(pattern: str) -> str:
    """Why this pattern must not be run on anything, or "".

    Too long, no regular expression, a back-reference, or a quantifier without a small bound around another one or around
    alternatives: those are what makes a backtracking matcher take time that grows exponentially with the text. What passes
    may still be polynomial: `matching` runs it where it can be killed.
    """
    if len(pattern) > LONGEST:
        return f"{len(pattern):,} characters long, at most {LONGEST} are read"
    if pattern.count("(") > _GROUPS:
        return f"more than {_GROUPS} groups"
    try:
        with warnings.catch_warnings(action="ignore"):  # of a meaning that may change in a later Python
            parsed = _parser.parse(pattern)
    except (re.error, OverflowError, ValueError, RecursionError) as error:
        return f"no regular expression: {str(error)[:80]}"
    return _judge(parsed, repeated=False)


def _judge(items: Iterable[tuple[Any, Any]], *, repeated: bool) -> str:
    """The first objection in a parsed sequence; `repeated` says that a quantifier without a small bound is around it."""
    for code, argument in items:
        if code in (_codes.GROUPREF, _codes.GROUPREF_EXISTS):
            return "a back-reference: its time can grow exponentially"
        if code is _codes.BRANCH and repeated:
            return "alternatives inside a repetition: where they overlap its time grows exponentially"
        many = code in _REPEATS and int(argument[1]) >= _MANY
        if many and repeated:
            return "a repetition inside a repetition: its time can grow exponentially"
        for inner in _inside(code, argument):
            if found := _judge(inner, repeated=repeated or many):
                return found
    return ""


def _inside(code: Any, argument: Any) -> Iterable[Any]:  # noqa: ANN401 - re's own opcodes
    """The parsed sequences that an item holds."""
    if code is _codes.BRANCH:
        return tuple(argument[1])
    if code in _REPEATS:
        return (argument[2],)
    if code is _codes.SUBPATTERN:
        return (argument[3],)
    if code in (_codes.ASSERT, _codes.ASSERT_NOT):
        return (argument[1],)
    return (argument,) if code is _codes.ATOMIC_GROUP else ()
