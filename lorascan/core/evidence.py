"""The facts gathered so far, by type."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from time import perf_counter
from typing import Any, TypeVar

from lorascan.core.errors import LorascanError, Refusal, Refused, StageFailed, Unavailable
from lorascan.core.progress import Listener, silent

FactT = TypeVar("FactT")


class StageName(StrEnum):
    """The stages of an audit, in their order. A generator of facts names each stage as it begins it."""

    FILE = "file"
    WEIGHTS = "weights"
    LOAD = "load"
    HUNT = "hunt"
    PROBE = "probe"


class Status(StrEnum):
    """How a stage ended."""

    RAN = "ran"
    REFUSED = "refused"
    FAILED = "failed"
    NOT_RUN = "not run"


class NotGathered(LorascanError):
    """A fact was asked for that no stage has gathered."""

    def __init__(self, fact: type) -> None:
        """Name the missing fact."""
        super().__init__(fact.__name__)
        self.fact = fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of an audit and how it ended; `seconds` are wall time."""

    name: StageName
    status: Status
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Facts by type, the refusals of the file, the failures of the audit itself, and the stages in the order they ran."""

    facts: tuple[Any, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    failures: tuple[Refusal, ...] = ()
    stages: tuple[Stage, ...] = ()

    @classmethod
    def collect(cls, steps: Iterable[object], listener: Listener = silent) -> "Evidence":
        """Run a generator of stage names and facts to its end, or to the result that stops it.

        A `Refused`, `StageFailed` or `Unavailable` ends the current stage and keeps every fact yielded before it.
        """
        evidence, began = cls(), perf_counter()
        current: StageName | None = None

        def ended(status: Status, reason: str = "") -> tuple[Stage, ...]:
            if current is None:
                return evidence.stages
            stage = Stage(name=current, status=status, seconds=perf_counter() - began, reason=reason)
            return (*evidence.stages, stage)

        try:
            for step in steps:
                listener(step)
                if isinstance(step, StageName):
                    evidence = replace(evidence, stages=ended(Status.RAN))
                    current, began = step, perf_counter()
                else:
                    evidence = replace(evidence, facts=(*evidence.facts, step))
        except Refused as refused:
            return replace(evidence, refusals=refused.refusals, stages=ended(Status.REFUSED, str(refused)))
        except StageFailed as failed:
            return replace(evidence, failures=(failed.refusal,), stages=ended(Status.FAILED, str(failed)))
        except Unavailable as missing:
            return replace(evidence, stages=ended(Status.NOT_RUN, str(missing)))
        return replace(evidence, stages=ended(Status.RAN))

    def joined(self, later: "Evidence") -> "Evidence":
        """This evidence followed by what later stages gathered."""
        return Evidence(
            facts=self.facts + later.facts,
            refusals=self.refusals + later.refusals,
            failures=self.failures + later.failures,
            stages=self.stages + later.stages,
        )

    def __getitem__(self, fact: type[FactT]) -> FactT:
        """The one fact of this type. Raises NotGathered."""
        for each in self.facts:
            if isinstance(each, fact):
                return each
        raise NotGathered(fact)

    def all(self, fact: type[FactT]) -> tuple[FactT, ...]:
        """Every fact of this type, none included."""
        return tuple(each for each in self.facts if isinstance(each, fact))

    def has(self, fact: type) -> bool:
        """Whether a fact of this type was gathered."""
        return any(isinstance(each, fact) for each in self.facts)

    def ran(self, stage: StageName) -> bool:
        """Whether the stage ran to its end."""
        return any(each.name is stage and each.status is Status.RAN for each in self.stages)
