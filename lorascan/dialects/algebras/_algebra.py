"""What an algebra is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypedDict

from lorascan.core.errors import Refusal, Refused
from lorascan.core.tensors import TensorSpan
from lorascan.core.updates import Update
from lorascan.dialects._reasons import Reason

Shape = tuple[int, ...]
Parts = Mapping[str, TensorSpan]
"""The tensors of one module, by role."""


class Blank(TypedDict):
    """An update's place before a dialect has read it from the stem."""

    module_path: str
    component: str
    dialect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One ending of a tensor's name.

    `role` is what the tensor is to its module, `spelling` tells the writers of one role apart, `keep` is the part of
    `text` that stays in the stem, `reason` is why the tensor is left over where its algebra makes no update of it.
    """

    text: str
    role: str
    spelling: str = "lycoris"
    keep: str = ""
    reason: Reason = Reason.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Algebra:
    """One way of storing ΔW.

    `build(stem, parts)` makes every update that the parts hold, none where they hold no tensor of its roles; it raises
    Refused LS605 where parts are missing or do not fit. `wrap(update, parts)` turns another algebra's update into its
    own, or gives it back. `example` maps the endings of one module to shapes that make one update.
    """

    name: str
    endings: tuple[Ending, ...]
    build: Callable[[str, Parts], tuple[Update, ...]]
    example: Mapping[str, Shape]
    wrap: Callable[[Update, Parts], Update] = lambda update, _: update


def blank(stem: str) -> Blank:
    """The place of an update that no dialect has read yet."""
    return Blank(module_path=stem, component="unknown", dialect="unnamed")


def fault(stem: str, message: str, *, measured: int | None = None, threshold: int | None = None) -> Refused:
    """LS605: parts that are missing or do not fit together."""
    return Refused(Refusal(code="LS605", message=message, where=stem, measured=measured, threshold=threshold))


def demand(stem: str, parts: Parts, *roles: str) -> tuple[TensorSpan, ...]:
    """The tensors of these roles, each of at least one entry. Raises Refused LS605."""
    missing = [role for role in roles if role not in parts]
    if missing:
        raise fault(stem, f"the factor {missing[0]} is missing")
    for role in roles:
        if 0 in parts[role].shape:
            raise fault(stem, f"rank or dimension 0: {role} {parts[role].shape}", measured=0, threshold=1)
    return tuple(parts[role] for role in roles)


def tables(stem: str, *spans: TensorSpan) -> None:
    """Raises Refused LS605 unless every tensor has 2 to 5 dimensions."""
    for span in spans:
        if not 2 <= len(span.shape) <= 5:
            raise fault(stem, f"factors must have 2 to 5 dimensions: {span.name} {span.shape}")


def equal(stem: str, text: str, first: int, second: int) -> None:
    """Raises Refused LS605 unless the two dimensions are one."""
    if first != second:
        raise fault(stem, f"the factors do not fit together: {text}", measured=first, threshold=second)
