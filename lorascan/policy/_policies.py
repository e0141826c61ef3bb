"""What a policy is, and the shipped ones."""

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import Field, ValidationError

from lorascan.core.bounded import read_bounded
from lorascan.core.errors import UsageError
from lorascan.core.evidence import StageName
from lorascan.core.findings import Consequence, Finding, Severity
from lorascan.core.toml import parsed
from lorascan.settings import Strict

_STATIC = (StageName.FILE, StageName.WEIGHTS)
_ALL = tuple(StageName)
_BYTES = 2**20
_SEVERITIES = tuple(Severity)
_MADE = {Consequence.REJECT: "rejected", Consequence.REVIEW: "held for review", Consequence.REPORT: "only reported"}
NEVER_SET_ASIDE = ("LS1", "LS3")
"""Beginnings of the rules that nothing lifts: a bad container is bad whoever vouches for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which stages must have run, and what severities lead to.

    `rejects` and `reviews` are severities; `rules` says it of single rules, which goes before their severity.
    The shipped `static` only reports LS508, a known kind that the worker cannot apply and so has not tested: it loads and tests
    nothing of any adapter, and to hold those kinds for it would be to hold honest files for what is true of all.
    `review_passes` makes a review exit with 0 (researchers); `attempted` stages run where they can; `budget` is how much an
    audit searches where the caller does not say it. `sha256` and `path` are those of a policy file, "" for a shipped policy.
    """

    name: str
    required: tuple[StageName, ...]
    rejects: frozenset[Severity] = frozenset({Severity.HIGH})
    reviews: frozenset[Severity] = frozenset({Severity.MEDIUM})
    review_passes: bool = False
    attempted: tuple[StageName, ...] = ()
    rules: Mapping[str, Consequence] = field(default_factory=dict)
    sha256: str = ""
    path: str = ""
    budget: str = "default"

    @property
    def loads(self) -> bool:
        """Whether an adapter is loaded at all."""
        return StageName.LOAD in (*self.required, *self.attempted)

    def consequence(self, finding: Finding) -> Consequence:
        """What follows from a finding."""
        if finding.rule.code in self.rules:
            return self.rules[finding.rule.code]
        return self._of(finding.severity)

    def chosen(self, finding: Finding) -> str:
        """What a rule made of a finding and its severity would not: "rejected by policy house (LS503 = reject)"; else ""."""
        code, follows = finding.rule.code, self.consequence(finding)
        if follows is self._of(finding.severity):
            return ""
        return f"{_MADE[follows]} by policy {self.name} ({code} = {follows})"

    def _of(self, severity: Severity) -> Consequence:
        if severity in self.rejects:
            return Consequence.REJECT
        return Consequence.REVIEW if severity in self.reviews else Consequence.REPORT

    def failing_from(self, least: Severity) -> "Policy":
        """This policy with a review for every finding of at least this severity and for none below; what it rejects stays rejected."""
        above = frozenset(_SEVERITIES[: _SEVERITIES.index(least) + 1])
        rules = {code: each for code, each in self.rules.items() if each is not Consequence.REVIEW}
        return replace(self, reviews=above - self.rejects, rules=rules)


POLICIES = {
    each.name: each
    for each in (
        Policy(name="static", required=_STATIC, rules={"LS508": Consequence.REPORT}),
        Policy(name="ci", required=_ALL),
        Policy(
            name="strict",
            required=_ALL,
            rejects=frozenset({Severity.HIGH, Severity.MEDIUM}),
            reviews=frozenset({Severity.LOW}),
            budget="thorough",
        ),
        Policy(name="research", required=(), review_passes=True, attempted=_ALL, budget="thorough"),
    )
}


class _PolicyFile(Strict):
    """What a policy file holds; what it leaves out is that of the policy that it extends."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    extends: str = "ci"
    required: tuple[StageName, ...] | None = None
    rejects: frozenset[Severity] | None = None
    reviews: frozenset[Severity] | None = None
    rules: dict[str, Consequence] = Field(default_factory=dict)


def policy_named(text: str) -> Policy:
    """A shipped policy by its name, or the policy of a TOML file. Raises UsageError."""
    if text in POLICIES:
        return POLICIES[text]
    if text.endswith(".toml") or "/" in text:
        return _from_file(Path(text))
    near = difflib.get_close_matches(text, POLICIES, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    message = f"unknown policy {text!r}.{hint} Known are {', '.join(POLICIES)}, and a TOML file"
    raise UsageError(message)


def _from_file(path: Path) -> Policy:
    raw = read_bounded(path, _BYTES, "policy")
    try:
        told = _PolicyFile.model_validate(parsed(raw))
    except ValidationError as error:
        message = f"policy {path}: {first_problem(error, _PolicyFile)}"
        raise UsageError(message) from error
    except ValueError as error:
        message = f"policy {path} is no TOML: {error}"
        raise UsageError(message) from error
    return _checked(told, path, hashlib.sha256(raw).hexdigest())


def _checked(told: _PolicyFile, path: Path, sha256: str) -> Policy:
    """The policy that a file describes. Raises UsageError where it would admit what nothing has looked at, or a bad container."""
    if told.extends not in POLICIES or told.name in POLICIES:
        message = f"policy {path}: it extends one of {', '.join(POLICIES)}, under a name of its own"
        raise UsageError(message)
    base = POLICIES[told.extends]
    required = base.required if told.required is None else tuple(each for each in StageName if each in told.required)
    policy = Policy(
        name=told.name,
        required=required,
        rejects=base.rejects if told.rejects is None else told.rejects,
        reviews=base.reviews if told.reviews is None else told.reviews,
        review_passes=base.review_passes,
        attempted=base.attempted,
        rules={**({} if StageName.LOAD in required else base.rules), **told.rules},
        sha256=sha256,
        path=str(path),
        budget=base.budget,
    )
    if Severity.HIGH not in policy.rejects:
        message = f"policy {path}: high findings always reject; say it of a single rule under [rules]"
        raise UsageError(message)
    if told.required is not None and StageName.FILE not in told.required:
        message = f"policy {path}: the file stage is always required"
        raise UsageError(message)
    lowered = [code for code, each in told.rules.items() if code.startswith(NEVER_SET_ASIDE) and each is not Consequence.REJECT]
    if lowered:
        message = f"policy {path}: {lowered[0]} concerns the container and can only be made to reject"
        raise UsageError(message)
    return policy


def first_problem(error: ValidationError, model: type[Strict]) -> str:
    """The first problem of a settings file in words, an unknown key with the one that was probably meant."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part).replace("_", "-") for part in first["loc"])
    if first["type"] != "extra_forbidden":
        return f"{place}: {first['msg'].removeprefix('Value error, ')}"
    names = [name.replace("_", "-") for name in model.model_fields]
    near = difflib.get_close_matches(str(first["loc"][-1]).replace("_", "-"), names, n=1)
    return f"unknown key {place!r}" + (f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(names)}")
