"""Reads from a report what every format tells."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from lorascan.core.adapter import Adapter, AdapterFacts, FileFacts, FileIdentity, LayerStatistics, Leftover, WeightStatistics
from lorascan.core.behaviour import Candidates, DosePoint, IsolationFacts, LoadFacts, ProbeFacts, TriggerTest
from lorascan.core.evidence import Stage, StageName, Status
from lorascan.core.findings import Decision, Finding, Severity
from lorascan.core.report import Report
from lorascan.reporting import PLAIN, Look

FactT = TypeVar("FactT")

SEVERITIES = tuple(Severity)
MEANING: Mapping[Decision, str] = {
    Decision.ADMIT: "may be loaded, within the scope below",
    Decision.REVIEW: "has to be looked at by a person before it is loaded",
    Decision.REJECT: "must not be loaded",
    Decision.UNDECIDED: "could not be decided: treat it as not admitted",
}
NO_ACTIVATOR = "No activator found in the searched spaces."
PAGE_REASONS = 6
"""Further reasons that a page lists below its headline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The dose-response of one trigger, by rising scale; `replaces` is what a look-alike stands in for."""

    trigger: str
    kind: str
    points: tuple[DosePoint, ...]
    replaces: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """One trigger on held-out pictures: its strongest test, all tests, and the rules that cite it."""

    trigger: str
    strongest: TriggerTest
    tests: tuple[TriggerTest, ...]
    declared: bool
    cited_by: tuple[str, ...]
    replaces: str = ""


def fact(report: Report, kind: type[FactT]) -> FactT | None:
    """The fact of this type, or None where no stage gathered it."""
    return next(iter(report.evidence.all(kind)), None)


def adapter_facts(report: Report) -> AdapterFacts | None:
    """What was read of the adapter, in numbers; None where reading did not come so far."""
    adapter = fact(report, Adapter)
    return adapter.facts if adapter else fact(report, AdapterFacts)


def leftovers(report: Report) -> tuple[Leftover, ...]:
    """The tensors that no kind of update claims."""
    adapter = fact(report, Adapter)
    return adapter.leftovers if adapter else ()


def further_reasons(report: Report) -> tuple[str, ...]:
    """The policy's other reasons that say more than the findings do."""
    told = {form for each in report.findings for form in (f"{each.rule.code} {each.message}", f"{each.rule.code}: {each.message}")}
    return tuple(each for each in report.verdict.reasons[1:] if each not in told)


def why(report: Report) -> str:
    """The verdict in one sentence: the policy's first reason, or what an empty list of reasons means."""
    if report.verdict.reasons:
        return report.verdict.reasons[0]
    if report.verdict.decision is not Decision.ADMIT:
        return f"This file {MEANING[report.verdict.decision]}."
    return NO_ACTIVATOR if searched(report) else "Static evidence only: nothing that needs a review."


def and_more(report: Report, listed: int = 0) -> str:
    """How many reasons of a verdict that is no admit stand neither in its headline nor among the `listed` below it; "" for none."""
    left = len(report.verdict.reasons) - 1 - listed
    return f" (and {left:,} more)" if left > 0 and report.verdict.decision is not Decision.ADMIT else ""


def whole_why(report: Report) -> str:
    """The verdict in one sentence, and how many reasons more there are than it and those that a page lists below it."""
    return sentence(why(report) + and_more(report, len(further_reasons(report)[:PAGE_REASONS])))


def word(report: Report) -> str:
    """The decision as people read it: an admit by the file and its weights alone says so at once."""
    return f"{report.verdict.decision} (static only)" if static_only(report) else str(report.verdict.decision)


def static_only(report: Report) -> bool:
    """Whether the file was admitted without a search for triggers."""
    return report.verdict.decision is Decision.ADMIT and not searched(report)


def meaning(report: Report) -> str:
    """What follows from the verdict, in one sentence; an admit on static evidence is no leave to load."""
    if not static_only(report):
        return f"This file {MEANING[report.verdict.decision]}."
    nothing = "Nothing new in" if any(each.suppressed for each in report.findings) else "Nothing wrong with"
    return f"{nothing} the file or its weights; what it draws was not tested."


def not_asked(report: Report) -> str:
    """The stages that did not run and that the policy does not ask for, where it misses none; else what that means."""
    left = [str(each.name) for each in stages(report) if each.status is not Status.RAN]
    if not left:
        return "nothing that the policy requires"
    return f"{', '.join(left)}: the policy does not ask for {'it' if len(left) == 1 else 'them'}"


def sentence(text: str) -> str:
    """The text with a capital letter at its beginning, a full stop at its end."""
    ended = text if text.endswith((".", "!", "?")) else f"{text}."
    return ended[:1].upper() + ended[1:]


def placed(where: str) -> str:
    """Where a finding is, as part of a sentence: a place in the file, or how the thing was found."""
    return where if where.startswith("found by ") else f"at {where}"


def searched(report: Report) -> bool:
    """Whether a hunt for triggers ran to its end."""
    return report.evidence.ran(StageName.HUNT)


def findings(report: Report, look: Look = PLAIN) -> tuple[Finding, ...]:
    """The findings that the look shows, worst first, those that were set aside last."""
    shown = SEVERITIES[: SEVERITIES.index(look.least) + 1]
    found = (each for each in report.findings if each.severity in shown)
    return tuple(sorted(found, key=lambda each: (each.suppressed is not None, SEVERITIES.index(each.severity), each.rule.code)))


def hidden(report: Report, look: Look) -> int:
    """How many findings the look leaves out."""
    return len(report.findings) - len(findings(report, look))


def gate_lines(report: Report) -> tuple[tuple[str, str], ...]:
    """How the caller's own rules met this file, as label and value; nothing where there were none."""
    gate = report.gate
    told = [
        ("fail on", f"{gate.fail_on} and above" if gate.fail_on else ""),
        ("policy file", f"{gate.policy} SHA-256 {gate.policy_sha256}".strip() if gate.policy_sha256 else ""),
        ("config", gate.config),
        ("list", f"the SHA-256 is {gate.listed}" if gate.listed else ""),
        ("baseline", f"{gate.baseline} SHA-256 {gate.baseline_sha256}".strip() if gate.baseline_sha256 else ""),
        *(("counts", f"{code} is on the container: no baseline, list or waiver sets it aside") for code in gate.standing),
        *(("used", each) for each in gate.waivers),
        *(("expired", each) for each in gate.expired),
        *(("not needed", each) for each in gate.unused),
        ("cache", "the evidence is that of an earlier audit of the same bytes" if report.cached else ""),
    ]
    return tuple((label, value) for label, value in told if value)


def severity_counts(report: Report) -> tuple[tuple[Severity, int], ...]:
    """How many findings of each severity, worst first, without empty ones."""
    counts = ((each, sum(one.severity is each for one in report.findings)) for each in SEVERITIES)
    return tuple((each, amount) for each, amount in counts if amount)


def stages(report: Report) -> tuple[Stage, ...]:
    """Every stage of an audit in order; one that never began is "not run" with its reason."""
    begun = {each.name: each for each in report.evidence.stages}
    return tuple(begun.get(name) or Stage(name=name, status=Status.NOT_RUN, reason=_never_began(report, name)) for name in StageName)


def _never_began(report: Report, stage: StageName) -> str:
    if report.policy == "static" and stage not in (StageName.FILE, StageName.WEIGHTS):
        return "the static policy does not ask for it"
    rejected = report.evidence.refusals or report.verdict.decision is Decision.REJECT
    return "the file was rejected before this stage" if rejected else ""


def digest_of(report: Report) -> str:
    """SHA-256 of the audited bytes, or "" where the file could not be read."""
    known = identity(report)
    return known.sha256 if known else ""


def identity(report: Report) -> FileFacts | FileIdentity | None:
    """Which bytes were audited: all that was read of them, or, of a refused file, what was known before it was parsed."""
    return fact(report, FileFacts) or fact(report, FileIdentity)


def created(report: Report) -> str:
    """When the audit ended, if the environment says so; else SOURCE_DATE_EPOCH or now, in UTC, as ISO 8601."""
    told = report.environment.get("created")
    if told:
        return told
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def repeatable() -> bool:
    """Whether SOURCE_DATE_EPOCH asks that two runs give the same bytes: times, peaks and the cache are then left out."""
    return os.environ.get("SOURCE_DATE_EPOCH", "").isdecimal()


def tool_version(report: Report) -> str:
    """The version of lorascan that made the report, or ""."""
    return report.environment.get("lorascan", "")


def heaviest(report: Report, most: int) -> tuple[LayerStatistics, ...]:
    """The layers with the largest Frobenius norm."""
    weights = fact(report, WeightStatistics)
    layers = weights.layers if weights else ()
    return tuple(sorted(layers, key=lambda each: -each.frobenius)[:most])


def declared_words(report: Report) -> frozenset[str]:
    """The candidates that the file or the user declared, and those it claims."""
    facts, hunted = fact(report, FileFacts), fact(report, Candidates)
    claimed = facts.claims.triggers if facts else ()
    return frozenset(claimed) | {each.text for each in (hunted.ranked if hunted else ()) if each.declared}


def tested(report: Report) -> tuple[Tested, ...]:
    """The tested triggers: those that a finding cites first, then by strength."""
    probe = fact(report, ProbeFacts)
    by_trigger: dict[str, list[TriggerTest]] = {}
    for each in probe.tests if probe else ():
        by_trigger.setdefault(each.trigger, []).append(each)
    declared, stood_in = declared_words(report), stand_ins(report)
    rows = [
        Tested(
            trigger=trigger,
            strongest=max(tests, key=lambda one: one.effect_ratio),
            tests=tuple(sorted(tests, key=lambda one: one.scale)),
            declared=trigger in declared or any(one.kind == "declared" for one in tests),
            cited_by=_cited(report, trigger),
            replaces=stood_in.get(trigger, ""),
        )
        for trigger, tests in by_trigger.items()
    ]
    return tuple(sorted(rows, key=lambda row: (not row.cited_by, -row.strongest.effect_ratio)))


def _cited(report: Report, trigger: str) -> tuple[str, ...]:
    forms = (trigger, repr(trigger), f'"{trigger}"', f"'{trigger}'", f"“{trigger}”")
    codes = {
        each.rule.code
        for each in report.findings
        if each.rule.code.startswith("LS8")
        and trigger
        and (each.where in forms or any(form in each.message or form in each.where for form in forms[1:]))
    }
    return tuple(sorted(codes))


def stand_ins(report: Report) -> Mapping[str, str]:
    """What each nominated look-alike stands in for."""
    hunted = fact(report, Candidates)
    return {each.text: each.replaces for each in (hunted.ranked if hunted else ()) if each.replaces}


def curves(report: Report) -> tuple[Curve, ...]:
    """The dose-response of each trigger, in the order of the tests, the rest as they come."""
    probe = fact(report, ProbeFacts)
    grouped: dict[tuple[str, str], list[DosePoint]] = {}
    for each in probe.dose_response if probe else ():
        grouped.setdefault((each.trigger, each.kind), []).append(each)
    stood_in = stand_ins(report)
    order = {row.trigger: place for place, row in enumerate(tested(report))}
    found = [
        Curve(trigger=trigger, kind=kind, points=tuple(sorted(points, key=lambda one: one.scale)), replaces=stood_in.get(trigger, ""))
        for (trigger, kind), points in grouped.items()
    ]
    return tuple(sorted(found, key=lambda curve: order.get(curve.trigger, len(order))))


def isolation_summary(facts: IsolationFacts) -> str:
    """One line on the lock of one worker."""
    passed = sum(facts.checks.values())
    bounded = ", memory bounded by a control group" if "memory.max" in facts.limits else ""
    return f"{facts.backend}, {passed} of {len(facts.checks)} checks held{bounded}"


def base_kept(load: LoadFacts) -> str:
    """What loading did to the base's own parameters."""
    if load.base_digest_loaded != load.base_digest_before:
        return "CHANGED while the adapter was loaded"
    if load.base_digest_after != load.base_digest_before:
        return "CHANGED after the adapter was unloaded"
    return "unchanged while loaded, unchanged after unloading"
