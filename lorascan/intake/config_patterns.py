"""Judges those fields of a PEFT config that PEFT runs as regular expressions."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lorascan.core.errors import Refusal
from lorascan.intake.matching import CPU_SECONDS, matches
from lorascan.intake.patterns import LONGEST, objection

PATTERN_MAPS = ("rank_pattern", "alpha_pattern")
"""Fields whose keys PEFT runs."""
_WHOLE_MODEL = ("all-linear",)  # PEFT's own keyword
_LITERAL_PATH = re.compile(r"\^?((?:\w|[-.:/]|\\\.)+)\$?", re.ASCII)
_GLOBAL_FLAGS = re.compile(r"\(\?[aiLmsux]+\)")
_MOST = 256  # expressions run for one config; honest ones hold a few
_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A pattern of a field, and the whole expression that PEFT 0.21 makes of it; "" where PEFT only compares endings."""

    name: str
    pattern: str
    whole: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the patterns of one config mean: (field, pattern) → the module paths it matches. `faults` are LS401."""

    paths: Mapping[tuple[str, str], tuple[str, ...]]
    faults: tuple[Refusal, ...]


def literal(pattern: str) -> str:
    """The module path that a pattern stands for, without anchors; "" where it is more than that."""
    match = _LITERAL_PATH.fullmatch(pattern) if len(pattern) <= LONGEST else None
    return match[1].replace("\\.", ".") if match else ""


def judge(values: Mapping[str, object], where: str, modules: Sequence[str]) -> Judged:
    """Judge every pattern of one component's config; run those that pass on the module paths of the file.

    Plain module paths are not run. LS401 for a pattern that must not be run, that cannot be compiled, or that does not
    end within the time it is given. Raises Unavailable where no child process could run them.
    """
    faults: list[Refusal] = []

    def fault(each: Expression, why: str) -> None:
        message = f"PEFT would run this regular expression on every module name: {why}"
        faults.append(Refusal(code="LS401", message=message, where=f"{where}.{each.name}", measured=each.pattern[:_SHOWN]))

    asked = [each for each in dict.fromkeys(_expressions(values)) if not literal(each.pattern)]
    for each in asked:
        if why := _objection(each):
            fault(each, why)
    run = [each for each in asked if each.whole]
    if len(run) > _MOST:
        fault(run[_MOST], f"one of {len(run):,}, at most {_MOST} are run")
    if faults or not run:
        return Judged(paths={}, faults=tuple(faults))
    found = matches([each.whole for each in run], modules)
    if found.stuck is not None:
        fault(run[found.stuck], f"it cannot be compiled or did not end within {CPU_SECONDS} s")
    met = {(each.name, each.pattern): tuple(modules[at] for at in places) for each, places in zip(run, found.places, strict=False)}
    return Judged(paths=met, faults=tuple(faults))


def _objection(each: Expression) -> str:
    """What PEFT only compares may be any text, but a hostile expression there is no accident."""
    why = objection(each.pattern)
    return "" if why.startswith("no regular expression") and not each.whole else why


def _expressions(values: Mapping[str, object]) -> Iterator[Expression]:
    """Source: peft 0.21.2, `check_target_module_exists` and `get_pattern_key` (read, not copied)."""
    for name in ("target_modules", "exclude_modules", "target_parameters"):
        for pattern in _texts(values.get(name)):
            whole = _fully(pattern) if isinstance(values[name], str) and pattern not in _WHOLE_MODEL else ""
            yield Expression(name=name, pattern=pattern, whole=whole)
    for pattern in _texts(values.get("modules_to_save")):
        yield Expression(name="modules_to_save", pattern=pattern, whole=rf"(^|.*\.){pattern}($|\..*)")
    for pattern in _texts(values.get("layers_pattern")):
        yield Expression(name="layers_pattern", pattern=pattern, whole=rf"(?:^|.*?\.){pattern}\.(?P<idx>\d+)\.")
    for name in PATTERN_MAPS:
        keys = values.get(name)
        for pattern in keys if isinstance(keys, dict) else ():
            yield Expression(name=name, pattern=pattern, whole=rf"(.*\.)?({pattern})$")


def _fully(pattern: str) -> str:
    """The pattern as a full match asks for it; flags for the whole must stay in front."""
    flags = match[0] if (match := _GLOBAL_FLAGS.match(pattern)) else ""
    return rf"{flags}(?:{pattern[len(flags) :]})\Z"


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (each for each in value if isinstance(each, str))
