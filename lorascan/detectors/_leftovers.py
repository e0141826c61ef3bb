"""Turns tensors that are not applied into findings."""

from collections.abc import Iterable, Iterator, Mapping

from lorascan.core.adapter import Adapter, Leftover
from lorascan.core.findings import Finding, Rule, Severity
from lorascan.core.updates import Update
from lorascan.dialects import Reason


def leftover_findings(adapter: Adapter, rule: Rule, severities: Mapping[Reason, Severity]) -> Iterator[Finding]:
    """One finding for each reason of the mapping that a leftover has: its first tensor, and how many there are."""
    by_reason: dict[str, list[Leftover]] = {}
    for leftover in adapter.leftovers:
        by_reason.setdefault(leftover.reason, []).append(leftover)
    for reason, severity in severities.items():
        found = by_reason.get(reason, [])
        if found:
            yield Finding(
                rule=rule,
                message=f"{reason}: {counted(len(found), 'tensor')}",
                severity=severity,
                where=found[0].span.name,
                measured=len(found),
                threshold=0,
            )


def kind_findings(updates: Iterable[Update], rule: Rule, kinds: Mapping[str, str]) -> Iterator[Finding]:
    """One finding for each kind of update, by name: its first tensor, how many there are; `kinds` gives the words of each."""
    held = tuple(updates)
    for kind, words in kinds.items():
        found = [each for each in held if each.name == kind]
        if found:
            yield Finding(
                rule=rule,
                message=f"{words}: {counted(len(found), 'update')}",
                severity=Severity.MEDIUM,
                where=found[0].tensors[0].name,
                measured=len(found),
                threshold=0,
            )


def counted(count: int, noun: str) -> str:
    """The number with its noun, such as 1 tensor or 2,000 tensors."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
