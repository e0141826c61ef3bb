"""Gathers the tensors of a file by module."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from lorascan.core.adapter import Leftover, TensorSpan
from lorascan.core.errors import Refusal
from lorascan.dialects._reasons import UNREAD_DIALECTS, Reason
from lorascan.dialects._suffixes import Part, Role, split

_UNPAIRED = UNREAD_DIALECTS - {Reason.DORA}
"""Kinds of update that stand in place of a plain pair; DoRA stands beside it."""


@dataclass(slots=True, kw_only=True)
class Group:
    """Every tensor of one stem, by role."""

    stem: str
    downs: list[tuple[TensorSpan, Part]] = field(default_factory=list)
    ups: list[tuple[TensorSpan, Part]] = field(default_factory=list)
    alphas: list[TensorSpan] = field(default_factory=list)
    extras: list[tuple[TensorSpan, Part]] = field(default_factory=list)

    @property
    def is_pair(self) -> bool:
        """Whether the group's factors form a plain low-rank pair, whole or broken."""
        tucker = any(part.reason is Reason.TUCKER for _, part in self.extras)
        return bool(self.downs or self.ups) and not tucker


def gather(spans: Iterable[TensorSpan]) -> tuple[list[Group], list[Refusal]]:
    """The groups in the order of their first tensor, and a refusal for every tensor that belongs to another adapter."""
    groups: dict[str, Group] = {}
    refusals: list[Refusal] = []
    for span in spans:
        part = split(span.name)
        group = groups.setdefault(part.stem, Group(stem=part.stem))
        match part.role:
            case Role.DOWN:
                group.downs.append((span, part))
            case Role.UP:
                group.ups.append((span, part))
            case Role.ALPHA:
                group.alphas.append(span)
            case Role.EXTRA:
                group.extras.append((span, part))
            case Role.FOREIGN:
                message = f"the key names an adapter called {part.spelling!r}: loading it rewrites that adapter"
                refusals.append(Refusal(code="LS507", message=message, where=span.name))
    return list(groups.values()), refusals


def leftovers(group: Group) -> list[Leftover]:
    """The tensors of a group that are no part of a plain pair."""
    left = [Leftover(span=span, reason=part.reason) for span, part in group.extras]
    if group.is_pair:
        return left
    left += [Leftover(span=span, reason=Reason.TUCKER) for span, _ in (*group.downs, *group.ups)]
    unread = bool(left) and any(each.reason in _UNPAIRED for each in left)
    reason = Reason.UNREAD_ALPHA if unread else Reason.ALPHA_ONLY
    return left + [Leftover(span=span, reason=reason) for span in group.alphas]


def faults(group: Group, rank_limit: int) -> list[Refusal]:
    """What is wrong with the factors of a pair; nothing for a sound one."""
    counts = len(group.downs), len(group.ups), len(group.alphas)
    if counts[0] > 1 or counts[1] > 1 or counts[2] > 1:
        message = "two updates of one module: which one is applied depends on the loader"
        return [Refusal(code="LS505", message=message, where=group.stem, measured=max(counts), threshold=1)]
    if counts[0] != counts[1]:
        missing = "up (B)" if counts[0] else "down (A)"
        return [Refusal(code="LS605", message=f"the {missing} factor is missing", where=group.stem)]
    return _shape_faults(group.stem, group.downs[0][0].shape, group.ups[0][0].shape, rank_limit)


def _shape_faults(stem: str, down: tuple[int, ...], up: tuple[int, ...], rank_limit: int) -> list[Refusal]:
    text = f"down {down}, up {up}"
    if not (2 <= len(down) <= 5 and 2 <= len(up) <= 5):
        return [Refusal(code="LS605", message=f"factors must have 2 to 5 dimensions: {text}", where=stem)]
    if math.prod(down) == 0 or math.prod(up) == 0:
        return [Refusal(code="LS605", message=f"rank or dimension 0: {text}", where=stem, measured=0, threshold=1)]
    if up[1] != down[0] or math.prod(up[2:]) != 1:
        message = f"the factors do not fit together: {text}"
        return [Refusal(code="LS605", message=message, where=stem, measured=up[1], threshold=down[0])]
    if down[0] > rank_limit:
        message = f"rank {down[0]} is above the limit"
        return [Refusal(code="LS402", message=message, where=stem, measured=down[0], threshold=rank_limit)]
    return []
