"""Makes one subject of two adapters that are loaded together."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from lorascan.core.adapter import Adapter, AdapterFacts, BaseFacts, FileFacts, FileIdentity
from lorascan.core.errors import Unavailable
from lorascan.core.evidence import Evidence, StageName
from lorascan.core.findings import Decision
from lorascan.core.pairs import PartnerFacts
from lorascan.detectors import examine
from lorascan.policy import Rulebook, judge

KeyT = TypeVar("KeyT")
_AT_REST = (StageName.FILE, StageName.WEIGHTS)


def partner_facts(path: Path, evidence: Evidence, rules: Rulebook) -> PartnerFacts:
    """What the stages at rest gathered of the second file, and how these rules judge it by them."""
    found, _ = examine(evidence)
    at_rest = replace(rules, policy=replace(rules.policy, required=_AT_REST, attempted=()))
    _, verdict, _ = judge(evidence, found, (), at_rest)
    received: tuple[FileFacts | FileIdentity, ...] = (*evidence.all(FileFacts), *evidence.all(FileIdentity))
    known = next(iter(received), None)
    read = next((each.facts for each in evidence.all(Adapter)), None)
    return PartnerFacts(
        name=path.name,
        path=str(path),
        size=known.size if known else 0,
        sha256=known.sha256 if known else "",
        tensor_hash=next((each.tensor_hash for each in evidence.all(FileFacts)), ""),
        dialects=read.dialects if read else (),
        components=dict(read.components) if read else {},
        update_count=read.update_count if read else 0,
        declared_triggers=_declared(evidence),
        family=next((each.family for each in evidence.all(BaseFacts)), None),
        decision=str(verdict.decision),
        reasons=verdict.reasons,
    )


def _declared(evidence: Evidence) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for each in evidence.all(FileFacts) for word in each.claims.triggers))


def demand_loadable(partner: PartnerFacts, family: str | None) -> None:
    """Raise Unavailable where the second file cannot be loaded beside an adapter of this base family."""
    if partner.decision == Decision.UNDECIDED:
        raise Unavailable(f"nothing was decided of the partner: {'; '.join(partner.reasons)}", "audit it alone first")
    if not partner.update_count:
        raise Unavailable("the partner holds no updates that can be loaded", "audit it alone first")
    if partner.family != family:
        fits = partner.family or "no base that is known"
        raise Unavailable(f"the partner fits {fits}, the adapter fits {family or 'no base that is known'}", "audit adapters of one base")


def joined(first: Adapter, second: Adapter) -> Adapter:
    """One adapter with the updates of both, for what asks which parts of the base are touched."""
    mine, other = first.facts, second.facts
    facts = AdapterFacts(
        dialects=tuple(dict.fromkeys((*mine.dialects, *other.dialects))),
        components=_added(mine.components, other.components),
        ranks=_added(mine.ranks, other.ranks),
        scalings=_added(mine.scalings, other.scalings),
        update_count=mine.update_count + other.update_count,
        leftover_count=mine.leftover_count + other.leftover_count,
        declared_triggers=tuple(dict.fromkeys((*mine.declared_triggers, *other.declared_triggers))),
    )
    return Adapter(updates=(*first.updates, *second.updates), leftovers=(*first.leftovers, *second.leftovers), facts=facts)


def _added(one: Mapping[KeyT, int], two: Mapping[KeyT, int]) -> dict[KeyT, int]:
    return {key: one.get(key, 0) + two.get(key, 0) for key in (*one, *two)}
