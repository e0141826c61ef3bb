"""The whole product of the gate: what was found × policy × waiver × --fail-on × format, each by the command itself."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from lorascan import cli
from lorascan.commands import _running
from lorascan.core.adapter import Claims
from lorascan.core.evidence import Evidence, Stage, StageName, Status
from lorascan.core.findings import Finding, Rule, Severity
from lorascan.core.report import Report
from lorascan.policy import POLICIES, Rulebook, judge
from lorascan.reporting import formats
from tests.cli.in_process import Called, caller
from tests.reporting.builders import file_facts

ADMITS, REJECTS, UNDECIDED, NO_INPUT, REVIEW = 0, 1, 3, 4, 5
WORST_FIRST = (REJECTS, UNDECIDED, REVIEW, NO_INPUT, ADMITS)
DECISIONS = {ADMITS: ("admit", "review"), REJECTS: ("reject",), UNDECIDED: ("undecided",), REVIEW: ("review",)}
STATIC = (StageName.FILE, StageName.WEIGHTS)
ORDER = (Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One file: the rule that fires on it, how bad, and the stages that did not run to their end."""

    code: str = ""
    severity: Severity = Severity.INFO
    failed: tuple[StageName, ...] = ()
    not_run: tuple[StageName, ...] = ()


CASES = {
    "sound": Case(),
    "told": Case(code="LS608", severity=Severity.LOW),
    "odd": Case(code="LS608", severity=Severity.MEDIUM),
    "bad": Case(code="LS801", severity=Severity.HIGH),
    "broken": Case(code="LS103", severity=Severity.HIGH),
    "crashed": Case(failed=(StageName.WEIGHTS,), not_run=(StageName.LOAD, StageName.HUNT, StageName.PROBE)),
    "crashed-late": Case(failed=(StageName.PROBE,)),
    "crashed-and-odd": Case(code="LS608", severity=Severity.MEDIUM, failed=(StageName.PROBE,)),
    "crashed-and-bad": Case(code="LS801", severity=Severity.HIGH, failed=(StageName.HUNT,), not_run=(StageName.PROBE,)),
    "still": Case(not_run=(StageName.LOAD, StageName.HUNT, StageName.PROBE)),
}
CRASHED = tuple(name for name, each in CASES.items() if each.failed)
WAIVERS = ("none", "valid", "expired", "unused")
FAIL_ON = (None, *map(str, ORDER))
PRINTED = tuple(name for name, each in formats().items() if each.pack is None)


def expected(case: Case, policy: str, waiver: str, fail_on: str | None) -> int:
    """The exit code by the words of the contract, worked out without the program's own judgement."""
    waived = waiver == "valid" and not case.code.startswith(("LS1", "LS3"))
    severity = case.severity if case.code and not waived else None
    rejecting = {Severity.HIGH, Severity.MEDIUM} if policy == "strict" else {Severity.HIGH}
    reviewing = {Severity.LOW} if policy == "strict" else {Severity.MEDIUM}
    if fail_on is not None:
        reviewing = set(ORDER[: ORDER.index(Severity(fail_on)) + 1])
    required = {"static": STATIC, "ci": tuple(StageName), "strict": tuple(StageName), "research": ()}[policy]
    if severity in rejecting:
        return REJECTS
    if case.failed or set(case.not_run) & set(required):
        return UNDECIDED
    if severity in reviewing:
        return ADMITS if policy == "research" else REVIEW
    return ADMITS


def reported(path: Path, *_: object, rules: Rulebook, command: str, **__: Any) -> Report:
    """In place of the audit: what the case says was found, judged by the rules that the command made."""
    case = CASES[path.stem]
    status = dict.fromkeys(case.failed, Status.FAILED) | dict.fromkeys(case.not_run, Status.NOT_RUN)
    stages = tuple(Stage(name=each, status=status.get(each, Status.RAN), seconds=0.1) for each in StageName)
    evidence = Evidence(facts=(file_facts(path.name, Claims()),), stages=stages)
    rule = Rule(code=case.code, name="of-the-case", summary="What the case is about.", severity=case.severity)
    found = [Finding(rule=rule, message="it is there", severity=case.severity, where="a.b")] if case.code else []
    weighed, verdict, gate = judge(evidence, found, (), rules)
    environment = {"lorascan": "0.1.0", "created": "2026-01-02T03:04:05Z"}
    return Report(
        name=path.name,
        evidence=evidence,
        findings=weighed,
        verdict=verdict,
        policy=rules.policy.name,
        environment=environment,
        command=command,
        gate=gate,
    )


def config(waiver: str) -> str:
    """A repository's config with one waiver a file."""
    every = []
    for name, case in CASES.items():
        code = "LS607" if waiver == "unused" or not case.code else case.code
        if waiver == "none" or code.startswith("LS1"):  # a waiver of the container is refused as a whole: see below
            continue
        expires = "2020-01-01" if waiver == "expired" else "2999-12-31"
        sha256 = file_facts(f"{name}.safetensors", Claims()).sha256
        every.append(f'[[waiver]]\nrule = "{code}"\nsha256 = "{sha256}"\nexpires = {expires}\nreason = "ours"\nby = "me"\n')
    return "".join(every)


@cache
def command() -> Callable[..., object]:
    """The command line as typer makes it anew for each call, which takes longer than a call."""
    return typer.main.get_command(cli.application())


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Called:
    """In a repository with every case as a file, the audit itself replaced by what the case says."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LORASCAN_CACHE", "false")
    monkeypatch.setattr(_running, "audit", reported)
    made = command()
    monkeypatch.setattr(cli, "application", lambda _: made)
    Path("adapters").mkdir()
    for name in CASES:
        Path(f"adapters/{name}.safetensors").write_bytes(name.encode())
    return caller(monkeypatch, capsys)


Told = Callable[..., Iterator[tuple[str, Case, int, int, str]]]


@pytest.fixture
def told(call: Called) -> Told:
    """Each case audited alone: name, case, the expected code, the code, stdout."""

    def each(policy: str, waiver: str, fail_on: str | None, *options: str) -> Iterator[tuple[str, Case, int, int, str]]:
        Path("lorascan.toml").write_text(config(waiver), encoding="utf-8")
        failing = ("--fail-on", fail_on) if fail_on else ()
        for name, case in CASES.items():
            code, out, _ = call("audit", f"adapters/{name}.safetensors", "--policy", policy, *failing, *options)
            yield name, case, expected(case, policy, waiver, fail_on), code, out

    return each


PRODUCT = list(itertools.product(POLICIES, WAIVERS))


@pytest.mark.parametrize(("policy", "waiver"), PRODUCT)
def test_every_finding_under_every_policy_waiver_and_fail_on_has_the_contract_s_code(told: Told, policy: str, waiver: str) -> None:
    for fail_on in FAIL_ON:
        for name, case, wanted, code, out in told(policy, waiver, fail_on, "-f", "json"):
            verdict = json.loads(out)["verdict"]
            assert code == wanted, (name, fail_on, verdict)
            assert verdict["decision"] in DECISIONS[wanted]
            if case.failed:
                assert code in (REJECTS, UNDECIDED), "a crash never admits"
            found = json.loads(out)["findings"]
            assert len(found) == bool(case.code), "what is waived stays visible"


@pytest.mark.parametrize(("policy", "waiver"), PRODUCT)
def test_report_only_exits_0_and_decides_the_same(told: Told, policy: str, waiver: str) -> None:
    for fail_on in FAIL_ON:
        for _, _, wanted, code, out in told(policy, waiver, fail_on, "--exit-zero", "-f", "json"):
            assert code == 0
            assert json.loads(out)["verdict"]["decision"] in DECISIONS[wanted]


@pytest.mark.parametrize("output_format", PRINTED)
@pytest.mark.parametrize("policy", POLICIES)
def test_no_format_on_stdout_changes_the_code(told: Told, policy: str, output_format: str) -> None:
    for waiver in WAIVERS:
        for name, _, wanted, code, out in told(policy, waiver, None, "-f", output_format):
            assert code == wanted, (name, waiver)
            assert out


@pytest.mark.parametrize("policy", POLICIES)
def test_no_report_in_a_file_changes_the_code(told: Told, policy: str) -> None:
    outputs = [option for name in formats() if name != "github" for option in ("-o", f"{name}=out.{name}")]

    for waiver in WAIVERS:
        for name, _, wanted, code, _ in told(policy, waiver, None, *outputs):
            assert code == wanted, (name, waiver)


@pytest.mark.parametrize("policy", POLICIES)
def test_of_several_files_the_worst_wins_in_any_order_and_no_sibling_hides_a_reject(call: Called, policy: str) -> None:
    alone: Mapping[str, int] = {name: expected(case, policy, "none", None) for name, case in CASES.items()} | {"gone": NO_INPUT}

    for pair in itertools.permutations(alone, 2):
        code, _, _ = call("audit", *(f"adapters/{each}.safetensors" for each in pair), "--policy", policy, "-f", "csv")
        assert code == next(each for each in WORST_FIRST if each in (alone[pair[0]], alone[pair[1]])), pair


@pytest.mark.parametrize("output_format", PRINTED)
def test_no_format_of_many_files_hides_the_reject_among_them(call: Called, output_format: str) -> None:
    for policy in POLICIES:
        assert call("audit", "adapters", "--policy", policy, "-f", output_format)[0] == REJECTS
    for crashed in CRASHED:
        code, _, _ = call(
            "audit", "adapters/sound.safetensors", f"adapters/{crashed}.safetensors", "--policy", "research", "-f", output_format
        )
        assert code in (REJECTS, UNDECIDED), "a crash never admits"


def test_a_waiver_of_the_container_is_refused_before_anything_is_audited(call: Called) -> None:
    Path("lorascan.toml").write_text(config("valid").replace("LS801", "LS103", 1), encoding="utf-8")

    for output_format in PRINTED:
        code, out, _ = call("audit", "adapters/broken.safetensors", "--policy", "static", "-f", output_format)
        assert (code, out) == (2, "")


def test_the_matrix_covers_every_decision_and_every_shipped_policy() -> None:
    codes = {policy: {expected(case, policy, "none", None) for case in CASES.values()} for policy in POLICIES}

    assert codes == {
        "static": {ADMITS, REVIEW, REJECTS, UNDECIDED},
        "ci": {ADMITS, REVIEW, REJECTS, UNDECIDED},
        "strict": {ADMITS, REVIEW, REJECTS, UNDECIDED},
        "research": {ADMITS, REJECTS, UNDECIDED},
    }
