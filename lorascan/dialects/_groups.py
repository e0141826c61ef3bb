"""Gathers the tensors of a file by module, and makes their updates."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from lorascan.core.adapter import Leftover, TensorSpan
from lorascan.core.errors import Refusal, Refused
from lorascan.core.updates import Update
from lorascan.core.whole_updates import DoraUpdate
from lorascan.dialects._endings import ALPHA, split
from lorascan.dialects._reasons import Reason
from lorascan.dialects.algebras import Ending, algebras


@dataclass(slots=True, kw_only=True)
class Group:
    """Every tensor of one stem, by role; `twice` are the roles that more than one tensor has."""

    stem: str
    parts: dict[str, TensorSpan] = field(default_factory=dict)
    endings: dict[str, Ending] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)

    @property
    def spelling(self) -> str:
        """How the writer spells the parts of an update: that of the first ending, α apart."""
        return next((each.spelling for role, each in self.endings.items() if role != ALPHA), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The updates of one group, not placed yet, and the tensors that belong to none."""

    group: Group
    updates: tuple[Update, ...]
    leftovers: tuple[Leftover, ...]


def gather(spans: Iterable[TensorSpan]) -> tuple[list[Group], list[Refusal]]:
    """The groups in the order of their first tensor, and a refusal for every tensor that belongs to another adapter."""
    groups: dict[str, Group] = {}
    refusals: list[Refusal] = []
    for span in spans:
        part = split(span.name)
        if part.foreign:
            message = f"the key names an adapter called {part.foreign!r}: loading it rewrites that adapter"
            refusals.append(Refusal(code="LS507", message=message, where=span.name))
            continue
        group = groups.setdefault(part.stem, Group(stem=part.stem))
        role = part.ending.role
        if role in group.parts:
            group.twice.append(role)
        group.parts[role] = span
        group.endings[role] = part.ending
    return list(groups.values()), refusals


def read_group(group: Group, rank_limit: int) -> Read:
    """The updates of a group. Raises Refused: LS402 rank above the limit, LS505 two tensors of one role, LS605 misfits."""
    if group.twice:
        message = "two updates of one module: which one is applied depends on the loader"
        raise Refused(Refusal(code="LS505", message=message, where=group.stem, measured=2, threshold=1))
    members = algebras().values()
    updates: tuple[Update, ...] = tuple(each for algebra in members for each in algebra.build(group.stem, group.parts))
    for algebra in members:
        updates = tuple(algebra.wrap(each, group.parts) for each in updates)
    for update in updates:
        if update.rank > rank_limit and update.scaled:
            message = f"rank {update.rank} is above the limit"
            raise Refused(Refusal(code="LS402", message=message, where=group.stem, measured=update.rank, threshold=rank_limit))
    return Read(group=group, updates=updates, leftovers=tuple(_leftovers(group, updates)))


def _leftovers(group: Group, updates: tuple[Update, ...]) -> Iterable[Leftover]:
    consumed = {span.name for update in updates for span in update.spans}
    for role, span in group.parts.items():
        if span.name in consumed or (role == ALPHA and any(takes_alpha(each) for each in updates)):
            continue
        reason = group.endings[role].reason
        if role == ALPHA and updates:
            reason = Reason.UNREAD_ALPHA
        yield Leftover(span=span, reason=reason)


def takes_alpha(update: Update) -> bool:
    """Whether an α tensor beside the update is part of it: it scales it, is set to no effect (LoKr), or bounds it (OFT)."""
    inner = update.direction if isinstance(update, DoraUpdate) else update
    return inner.scaled or inner.kind in {"lokr", "oft"}
