"""THE contents page: what one audit does, in order."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

from lorascan.bases import base_weights, identify, manifests_for, resolve_base
from lorascan.core.adapter import Adapter, BaseFacts, FileFacts, VettedFile
from lorascan.core.behaviour import Candidates
from lorascan.core.calibration import UNLIKE, CalibrationFacts
from lorascan.core.errors import StageFailed, Unavailable
from lorascan.core.evidence import Evidence, Stage, StageName, Status
from lorascan.core.findings import Consequence, Finding
from lorascan.core.pairs import PartnerFacts
from lorascan.core.progress import Listener, silent
from lorascan.core.recall import Recall
from lorascan.core.report import Report
from lorascan.core.surroundings import Surroundings
from lorascan.detectors import examine
from lorascan.dialects import read_adapter
from lorascan.environment import environment
from lorascan.intake import Digests, companions, receive, vet_while_digesting
from lorascan.pairing import demand_loadable, partner_facts
from lorascan.policy import Rulebook, judge, known, marked, may_be_loaded, policy_named
from lorascan.settings import DEFAULT, Settings
from lorascan.weights import GATE_WORK, measure
from lorascan.weights.twins import twins


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the later stages need of the earlier ones."""

    vetted: VettedFile
    adapter: Adapter
    base: BaseFacts

    @property
    def pair(self) -> tuple[Adapter, VettedFile]:
        """The updates with the file that holds their numbers."""
        return self.adapter, self.vetted


def audit(  # noqa: PLR0913 - each but the first two is a collaborator that a caller may leave out
    path: Path,
    settings: Settings = DEFAULT,
    *,
    listener: Listener = silent,
    command: str = "",
    surroundings: Surroundings | None = None,
    recall: Recall | None = None,
    rules: Rulebook | None = None,
) -> Report:
    """Decide whether the adapter at `path` may be admitted. `surroundings`: the folder it was found in, if one was searched.

    `rules` judge what is found; without them the settings' policy and lists do. A `recall` that several audits share
    spares them what the base alone answers. A bad file, a missing base and a machine without isolation are results in the
    report. Raises UsageError for settings that make no sense, FileNotFoundError where there is no file.
    """
    rules = rules or rulebook(settings)
    policy, settings = rules.policy, settings.with_budget(rules.policy.budget)
    evidence = _with_digests(Evidence.collect(at_rest(path, settings, surroundings), listener))
    beside = _beside(settings, rules)
    evidence = evidence.joined(Evidence(facts=beside.all(PartnerFacts)))
    found, _ = examine(evidence)
    if policy.loads or settings.keep_going:
        if evidence.has(Subject) and (settings.keep_going or _may_meet_the_worker(evidence, found, rules)):
            steps = in_action(evidence, settings, listener, recall, next(iter(beside.all(Subject)), None))
            evidence = evidence.joined(Evidence.collect(steps, listener))
        evidence = _with_the_stages_that_did_not_run(evidence)
        found, _ = examine(evidence)
    return _decided(path, evidence, found, rules, command)


def nominate(path: str | Path, settings: Settings = DEFAULT, *, listener: Listener = silent) -> tuple[Evidence, tuple[Finding, ...]]:
    """The same stages up to the hunt, and no verdict: what was gathered, and the findings that kept the file from being loaded.

    What the settings' policy rejects is not loaded. Candidates are in the evidence where the hunt ran to its end. Raises as
    `audit` does.
    """
    rules = rulebook(settings)
    settings = settings.with_budget(rules.policy.budget)
    evidence = _with_digests(Evidence.collect(at_rest(Path(path), settings), listener))
    found = marked(evidence, examine(evidence)[0], rules)
    if not _may_meet_the_worker(evidence, found, rules):
        return evidence, tuple(each for each in found if each.consequence is Consequence.REJECT)
    if evidence.has(Subject):
        steps = _before(StageName.PROBE, in_action(evidence, settings, listener, None))
        evidence = evidence.joined(Evidence.collect(steps, listener))
    return evidence, ()


def _beside(settings: Settings, rules: Rulebook) -> Evidence:
    """What the stages at rest gather of the second adapter of a pair, and what the gate makes of it; nothing where there is none."""
    if settings.partner is None:
        return Evidence()
    evidence = _with_digests(Evidence.collect(at_rest(settings.partner, settings)))
    return replace(evidence, facts=(*evidence.facts, partner_facts(settings.partner, evidence, rules)))


def _may_meet_the_worker(evidence: Evidence, found: Sequence[Finding], rules: Rulebook) -> bool:
    """Whether nothing found at rest rejects."""
    return may_be_loaded(marked(evidence, found, rules), rules.policy, known(evidence, rules.allowed, rules.blocked))


def _before(stage: StageName, steps: Generator[object]) -> Iterator[object]:
    """The steps up to the beginning of a stage; what they hold open is closed then."""
    with closing(steps):
        yield from takewhile(lambda step: step is not stage, steps)


def unfinished(path: Path, failed: StageFailed, rules: Rulebook, *, command: str = "") -> Report:
    """The report of a file whose audit ended outside of its stages: undecided, by the failure alone."""

    def stopped() -> Iterator[object]:
        yield StageName.FILE
        raise failed

    evidence = Evidence.collect(stopped())
    if rules.policy.loads:
        evidence = _with_the_stages_that_did_not_run(evidence)
    found, _ = examine(evidence)
    return _decided(path, evidence, found, rules, command)


def _decided(path: Path, evidence: Evidence, found: Sequence[Finding], rules: Rulebook, command: str) -> Report:
    evidence, found = _calibrated(evidence, found, rules)
    weighed, verdict, gate = judge(evidence, found, limits(evidence), rules)
    return Report(
        name=path.name,
        evidence=evidence,
        findings=weighed,
        verdict=verdict,
        policy=rules.policy.name,
        environment=environment(),
        command=command,
        gate=gate,
    )


def _calibrated(evidence: Evidence, findings: Sequence[Finding], rules: Rulebook) -> tuple[Evidence, Sequence[Finding]]:
    """Both under the rules' calibration; what an earlier one left is taken off."""
    left = evidence.has(CalibrationFacts) or any(each.rule.code == UNLIKE for each in findings)
    if rules.calibration is None and not left:
        return evidence, findings
    from lorascan.calibration import calibrated  # noqa: PLC0415 - most audits have none

    return calibrated(evidence, findings, rules.calibration)


def rulebook(settings: Settings) -> Rulebook:
    """The rules that the settings alone make. Raises UsageError for a policy that does not exist."""
    return Rulebook(policy=policy_named(settings.policy), allowed=settings.allowed, blocked=settings.blocked)


def judged(report: Report, rules: Rulebook) -> Report:
    """The same evidence and findings under other rules."""
    evidence, known_ones = _calibrated(report.evidence, report.findings, rules)
    found, verdict, gate = judge(evidence, known_ones, report.verdict.limits, rules)
    return replace(report, evidence=evidence, findings=found, verdict=verdict, gate=gate, policy=rules.policy.name)


def slim(report: Report) -> Report:
    """The report without the file's bytes and the updates' places: all that a reader needs, of any number of files."""
    facts = (replace(each, updates=()) if isinstance(each, Adapter) else each for each in report.evidence.facts)
    return replace(report, evidence=replace(report.evidence, facts=tuple(each for each in facts if not isinstance(each, Subject))))


def at_rest(path: Path, settings: Settings, surroundings: Surroundings | None = None) -> Iterator[object]:
    """The file and its weights: nothing is loaded, torch is not imported."""
    yield StageName.FILE
    if surroundings is not None:
        yield surroundings
    received = receive(path, settings.limits)
    yield received.identity
    vetted, digests = vet_while_digesting(received, settings.limits, companions(path))
    yield digests
    yield vetted.facts
    adapter = read_adapter(vetted, manifests_for(settings.base), settings.limits)
    yield adapter
    base = identify(adapter, settings.base, vetted.facts.claims, vetted)
    yield base
    yield StageName.WEIGHTS
    yield measure(adapter, vetted, GATE_WORK)
    yield twins(adapter, vetted)
    yield Subject(vetted=vetted, adapter=adapter, base=base)


def in_action(
    evidence: Evidence, settings: Settings, listener: Listener, recall: Recall | None, partner: Subject | None = None
) -> Generator[object]:
    """The adapter on its base, inside the lock: load, hunt, probe. A partner acts together with it."""
    from lorascan.carried import carry  # noqa: PLC0415
    from lorascan.hunting import hunt  # noqa: PLC0415 - static audits need none of these
    from lorascan.probing import probe  # noqa: PLC0415
    from lorascan.probing.gallery import Gallery  # noqa: PLC0415
    from lorascan.probing.pairs import probe_pair  # noqa: PLC0415
    from lorascan.probing.suites import suite_for  # noqa: PLC0415
    from lorascan.weights.matched import matched_random  # noqa: PLC0415
    from lorascan.worker import open_workers  # noqa: PLC0415

    yield StageName.LOAD
    base = resolve_base(settings.base, evidence[Subject].base, settings.scorer)
    other = None if settings.partner is None else _loadable(partner, evidence)
    declared = declared_phrases(evidence, settings, other)
    carried = carry(evidence[Subject].pair, None if other is None else other.pair, base_weights(base.folder))
    chance = matched_random(carried.tensors, settings.seed) if settings.budget.random_update and other is None else None
    workers = open_workers(base, carried.written, settings, listener, recall, partner=carried.partner, random=chance)
    with workers as (bench, isolation, loaded):
        yield from isolation
        yield loaded
        yield StageName.HUNT
        suite = suite_for(base.family)
        candidates = hunt(
            bench,
            carried.adapter,
            tensors=carried.tensors,
            scenes=suite.prompt[: settings.budget.contexts],
            concepts=suite.concepts,
            declared=declared,
            settings=settings,
            listener=listener,
        )
        yield candidates
        yield StageName.PROBE
        gallery = Gallery(bench=bench, suite=suite)
        yield probe(bench, candidates, declared, settings, listener, gallery)
        if bench.alone:
            yield probe_pair(gallery, candidates, declared, settings, listener)


def _loadable(partner: Subject | None, evidence: Evidence) -> Subject:
    """The second adapter, where it can be loaded beside the first. Raises Unavailable."""
    demand_loadable(evidence[PartnerFacts], evidence[BaseFacts].family)
    if partner is None:
        raise Unavailable("the partner was refused", "audit it alone first")
    return partner


def declared_phrases(evidence: Evidence, settings: Settings, partner: Subject | None = None) -> tuple[str, ...]:
    """Trigger phrases that the caller, the file or its partner declares, the caller's first, each once."""
    told = [evidence[FileFacts], *([partner.vetted.facts] if partner is not None else [])]
    return tuple(dict.fromkeys((*settings.declared, *(word for each in told for word in each.claims.triggers))))


def _with_digests(evidence: Evidence) -> Evidence:
    """The file's facts with the digests that were taken beside the stages."""
    told = [each.told(evidence[FileFacts]) for each in evidence.all(Digests)]
    kept = (each for each in evidence.facts if not isinstance(each, Digests | FileFacts)) if told else evidence.facts
    return replace(evidence, facts=(*told, *kept))


def limits(evidence: Evidence) -> tuple[str, ...]:
    """What no method reaches or the budget left out."""
    return tuple(limit for found in evidence.all(Candidates) for limit in found.limits)


_ENDED = {Status.REFUSED: "was refused", Status.FAILED: "failed", Status.NOT_RUN: "did not run"}


def _with_the_stages_that_did_not_run(evidence: Evidence) -> Evidence:
    """Every dynamic stage is named, whether it ran or not."""
    named = {stage.name for stage in evidence.stages}
    stopped = next((stage for stage in evidence.stages if stage.status is not Status.RAN), None)
    reason = f"after the {stopped.name} stage {_ENDED[stopped.status]}" if stopped else "rejected before loading"
    missing = tuple(Stage(name=name, status=Status.NOT_RUN, reason=reason) for name in StageName if name not in named)
    return evidence.joined(Evidence(stages=missing))
