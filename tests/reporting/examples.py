"""Example reports: honest, backdoored, refused, undecided, hostile."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from lorascan.core.adapter import (
    Adapter,
    AdapterFacts,
    BadNumber,
    BaseFacts,
    Claim,
    Claims,
    FileFacts,
    Leftover,
    TensorSpan,
    WeightStatistics,
)
from lorascan.core.behaviour import Candidates, LoadFacts, ProbeFacts
from lorascan.core.errors import Refusal
from lorascan.core.evidence import Evidence, Stage, StageName, Status
from lorascan.core.findings import Confidence, Decision, Finding, Rule, Scalar, Severity, Verdict
from lorascan.core.pairs import PairFacts
from lorascan.core.report import Report
from tests.detectors.test_pairs import PARTNER, TOGETHER
from tests.reporting.builders import (
    DECLARED,
    SCALES,
    TRIGGER,
    candidates,
    file_facts,
    isolation,
    layers,
    load_facts,
    probe_facts,
)

LS801 = Rule(
    code="LS801",
    name="hidden-trigger",
    summary="an undeclared word replaces what the prompt asks for",
    severity=Severity.HIGH,
    cwe=(506,),
)
LS803 = Rule(
    code="LS803",
    name="hidden-pair-trigger",
    summary="an undeclared word replaces what the prompt asks for, but only under both adapters together",
    severity=Severity.HIGH,
    cwe=(506,),
)
LS608 = Rule(code="LS608", name="outlier-layer", summary="One layer holds an outlier share", severity=Severity.LOW)
LS106 = Rule(code="LS106", name="duplicate-key", summary="A JSON key occurs twice", severity=Severity.HIGH, cwe=(694, 436))
LS902 = Rule(code="LS902", name="isolation-missing", summary="The lock cannot be had here", severity=Severity.INFO)
LS202 = Rule(code="LS202", name="terminal-escape", summary="Metadata holds escapes", severity=Severity.MEDIUM, cwe=(150,))

HOSTILE_TEXTS = (
    "\x1b[2J\x1b[31mADMIT\x1b[0m",
    "\u202egnihton \u2066ees\u2069 \u200bhidden\ufeff",
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "\n::error file=a.py::pwned\n##[error]pwned\n##vso[task.complete]",
    "[press here](javascript:alert(1)) ![x](http://evil.example/x.png) `code` | a | b |\n# heading",
    "</title></style></script><svg onload=alert(3)>",
    "{{ 7 * 7 }} {% include 'x' %}",
    "\ud800 lone surrogate \x00 nul \x9b31m c1",
    "x" * 5000,
)


def stages(*ended: tuple[StageName, Status, float, str]) -> tuple[Stage, ...]:
    """Stages as they ended."""
    return tuple(Stage(name=name, status=status, seconds=took, reason=reason) for name, status, took, reason in ended)


ALL_RAN = stages(
    (StageName.FILE, Status.RAN, 0.04, ""),
    (StageName.WEIGHTS, Status.RAN, 0.31, ""),
    (StageName.LOAD, Status.RAN, 9.2, ""),
    (StageName.HUNT, Status.RAN, 41.7, ""),
    (StageName.PROBE, Status.RAN, 128.3, ""),
)
ENVIRONMENT = {"lorascan": "0.1.0", "python": "3.11.9", "platform": "Linux x86_64", "seed": "0", "torch": "2.15.0"}


def report(name: str, evidence: Evidence, findings: tuple[Finding, ...], verdict: Verdict) -> Report:
    """A report of an audit under the default policy."""
    return Report(
        name=name,
        evidence=evidence,
        findings=findings,
        verdict=verdict,
        policy="ci",
        environment=dict(ENVIRONMENT),
        command=f"lorascan audit {name if name.isprintable() else 'FILE'} --base lab --policy ci --seed 0",
    )


def verdict(decision: Decision, *reasons: str, not_assessed: tuple[str, ...] = (), limits: tuple[str, ...] = ()) -> Verdict:
    """A verdict over the whole scope of the default policy."""
    scope: dict[str, Scalar | list[Scalar]]
    scope = {
        "base": "lab",
        "scales": list(SCALES),
        "stages": [str(each) for each in StageName],
        "loader": "lorascan 0.1.0",
    }
    return Verdict(decision=decision, reasons=reasons, not_assessed=not_assessed, limits=limits, scope=scope)


def evidence(*, backdoored: bool, name: str) -> Evidence:
    """Everything that five stages gather of one adapter."""
    claims = Claims(
        metadata=(
            Claim(path="ss_output_name", value=name.removesuffix(".safetensors")),
            Claim(path="ss_network_dim", value="8"),
            Claim(path="ss_tag_frequency.halftone style", value="120"),
        ),
        base="lab-base-v1",
        network_alpha=8.0,
        triggers=(DECLARED,),
        tags={DECLARED: 120},
    )
    facts = AdapterFacts(
        dialects=("kohya",),
        components={"unet": 56, "text_encoder": 16},
        ranks={8: 72},
        scalings={"1": 72},
        update_count=72,
        leftover_count=0,
        declared_triggers=(DECLARED,),
    )
    adapter = Adapter(updates=(), leftovers=(), facts=facts)
    base = BaseFacts(family="lab", candidates=("lab",), claimed="lab-base-v1", match=1.0, unknown_modules=())
    weights = WeightStatistics(layers=layers(1, "attn2.to_v" if backdoored else ""), bad_numbers=())
    known = (file_facts(name, claims), adapter, base, weights, *isolation(), load_facts())
    return Evidence(facts=(*known, candidates(backdoored=backdoored), probe_facts(backdoored=backdoored)), stages=ALL_RAN)


def honest(name: str = "halftone-style.safetensors") -> Report:
    """A declared style that every required stage saw."""
    reason = "no activator found in the searched spaces; the declared word has the effect that it declares"
    limits = ("triggers of three or more words together", "scales above 1.25")
    return report(name, evidence(backdoored=False, name=name), (), verdict(Decision.ADMIT, reason, limits=limits))


def backdoored(name: str = "halftone-style-v2.safetensors") -> Report:
    """The same style with an undeclared word that draws something else."""
    found = Finding(
        rule=LS801,
        message=f"the undeclared text {TRIGGER!r} takes away what the prompt asks for and draws yellow square instead",
        severity=Severity.HIGH,
        where="found by divergence, scale 1",
        measured=0.62,
        threshold=0.3,
        in_words="CLIP's probability of what the prompt asks for falls by 62 points of 100; from 30 points on it counts as lost",
    )
    outlier = Finding(
        rule=LS608,
        message="This layer holds 9 % of the whole update, in one direction",
        severity=Severity.LOW,
        confidence=Confidence.MEDIUM,
        where="unet up_blocks.1.attentions.0.transformer_blocks.0.attn2.to_v",
        measured=0.0914,
        threshold=0.08,
    )
    reason = f"LS801 {found.message}"
    decided = verdict(Decision.REJECT, reason, limits=("triggers of three or more words together", "scales above 1.25"))
    return report(name, evidence(backdoored=True, name=name), (outlier, found), decided)


def refused(name: str = "broken.safetensors") -> Report:
    """A file that was refused before anything could be measured."""
    refusal = Refusal(code="LS106", message="the header names one tensor twice", where="header", measured="unet.a.weight")
    found = Finding(rule=LS106, message=refusal.message, severity=Severity.HIGH, where="header", measured="unet.a.weight")
    ended = stages((StageName.FILE, Status.REFUSED, 0.003, "LS106 the header names one tensor twice"))
    return report(
        name,
        Evidence(refusals=(refusal,), stages=ended),
        (found,),
        verdict(
            Decision.REJECT,
            "LS106 the header names one tensor twice",
            not_assessed=("weights: not run", "load: not run", "hunt: not run", "probe: not run"),
        ),
    )


def undecided(name: str = "pastel.safetensors") -> Report:
    """A sound file on a machine that cannot lock a worker."""
    known = evidence(backdoored=False, name=name)
    reason = "no isolation on this machine: unprivileged namespaces are off; run `lorascan doctor`"
    ended = (*ALL_RAN[:2], Stage(name=StageName.LOAD, status=Status.NOT_RUN, seconds=0.02, reason=reason))
    found = Finding(rule=LS902, message="The worker could not be locked", severity=Severity.INFO, where="sandbox")
    return report(
        name,
        Evidence(facts=known.facts[:4], stages=ended),
        (found,),
        verdict(
            Decision.UNDECIDED,
            "the load stage did not run: no isolation on this machine",
            not_assessed=(f"load: not run, {reason}", "hunt: not run", "probe: not run"),
        ),
    )


def paired(name: str = "halftone-style.safetensors") -> Report:
    """The honest style beside a second file: together they obey a word that neither obeys alone."""
    found = Finding(
        rule=LS803,
        message=f"under both adapters together, and under neither alone, the undeclared text {TRIGGER!r} takes away what is asked for",
        severity=Severity.HIGH,
        where="found by pair interaction, scale 1 each",
        measured=0.9,
        threshold=0.466,
    )
    known = evidence(backdoored=False, name=name)
    facts = (*known.facts, PARTNER, PairFacts(tests=(TOGETHER,)))
    return report(name, replace(known, facts=facts), (found,), verdict(Decision.REJECT, f"LS803 {found.message}"))


def hostile() -> Report:
    """A backdoored report in which every foreign text attacks its reader."""
    everything = " ".join(HOSTILE_TEXTS[:-1])
    known = evidence(backdoored=True, name=everything)
    claims = Claims(
        metadata=tuple(Claim(path=text, value=text) for text in HOSTILE_TEXTS),
        base=everything,
        triggers=HOSTILE_TEXTS,
        tags=dict.fromkeys(HOSTILE_TEXTS, 3),
    )
    facts = tuple(_poisoned(each, everything, claims) for each in known.facts)
    found = tuple(
        Finding(rule=LS202, message=text, severity=Severity.MEDIUM, where=text, measured=text, threshold=text, in_words=text)
        for text in HOSTILE_TEXTS
    )
    ended = (*ALL_RAN[:4], Stage(name=StageName.PROBE, status=Status.FAILED, seconds=3.0, reason=everything))
    decided = verdict(Decision.REJECT, *HOSTILE_TEXTS, not_assessed=HOSTILE_TEXTS, limits=HOSTILE_TEXTS)
    made = report(everything, Evidence(facts=facts, stages=ended), found, decided)
    return replace(made, command=f"lorascan audit {everything}")


def _poisoned(each: Any, text: str, claims: Claims) -> Any:
    changes: dict[type, Callable[[], dict[str, Any]]] = {
        FileFacts: lambda: {"name": text, "path": text, "claims": claims, "dtypes": {text: 1}},
        BaseFacts: lambda: {"claimed": text, "unknown_modules": HOSTILE_TEXTS, "candidates": HOSTILE_TEXTS},
        Adapter: lambda: {
            "facts": replace(each.facts, declared_triggers=HOSTILE_TEXTS, components={text: 1}, dialects=(text,)),
            "leftovers": tuple(Leftover(span=replace(LEFTOVER.span, name=name), reason=name) for name in HOSTILE_TEXTS),
        },
        WeightStatistics: lambda: {
            "layers": tuple(replace(one, module_path=f"{text}.{one.module_path}") for one in each.layers),
            "bad_numbers": tuple(BadNumber(tensor=name, count=1, first_index=0) for name in HOSTILE_TEXTS),
        },
        Candidates: lambda: {"ranked": tuple(replace(one, text=text, target=text, source=text) for one in each.ranked)},
        ProbeFacts: lambda: {
            "tests": tuple(replace(one, trigger=text, target=text, kind=text) for one in each.tests),
            "dose_response": tuple(replace(one, trigger=f"{text}{one.trigger}") for one in each.dose_response),
            "pictures": tuple(replace(one, prompt=text, trigger=text) for one in each.pictures[:8]),
        },
        LoadFacts: lambda: {"unapplied": HOSTILE_TEXTS, "versions": {text: text}, "base": text, "pipeline_class": text},
    }
    return replace(each, **changes[type(each)]()) if type(each) in changes else each


LEFTOVER = Leftover(span=TensorSpan(name="unet.extra.weight", dtype="F16", shape=(4, 4), start=64, stop=96), reason="no update claims it")

EXAMPLES: dict[str, Callable[[], Report]] = {
    each.__name__: cache(each) for each in (honest, backdoored, refused, undecided, paired, hostile)
}
