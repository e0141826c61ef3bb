"""How facts are gathered and how a stage ends."""

from collections.abc import Callable, Iterator

import pytest

from lorascan.core.errors import Refusal, Refused, StageFailed, Unavailable
from lorascan.core.evidence import Evidence, NotGathered, StageName, Status


def stopped_by(error: Exception) -> Callable[[], Iterator[object]]:
    def steps() -> Iterator[object]:
        yield StageName.FILE
        yield "a fact"
        yield StageName.WEIGHTS
        raise error

    return steps


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refused(Refusal(code="LS102", message="no JSON")), Status.REFUSED),
        (StageFailed(Refusal(code="LS902", message="died")), Status.FAILED),
        (Unavailable("no base", "give one"), Status.NOT_RUN),
    ],
)
def test_a_stop_keeps_every_fact_before_it_and_names_its_stage(error: Exception, status: Status) -> None:
    evidence = Evidence.collect(stopped_by(error)())
    assert evidence[str] == "a fact"
    assert [(stage.name, stage.status) for stage in evidence.stages] == [
        (StageName.FILE, Status.RAN),
        (StageName.WEIGHTS, status),
    ]
    assert evidence.stages[-1].reason == str(error)


def test_a_bug_is_a_traceback_and_not_a_result() -> None:
    with pytest.raises(ZeroDivisionError):
        Evidence.collect(stopped_by(ZeroDivisionError())())


def test_the_listener_hears_every_stage_and_fact_in_order() -> None:
    heard: list[object] = []
    Evidence.collect(iter([StageName.FILE, 1, StageName.WEIGHTS, 2.0]), heard.append)
    assert heard == [StageName.FILE, 1, StageName.WEIGHTS, 2.0]


def test_a_fact_that_nobody_gathered_raises_instead_of_being_none() -> None:
    with pytest.raises(NotGathered):
        Evidence()[int]


def test_refusals_and_stages_of_later_evidence_are_appended() -> None:
    first = Evidence.collect(iter([StageName.FILE, 1]))
    second = Evidence.collect(stopped_by(Refused(Refusal(code="LS602", message="NaN")))())
    joined = first.joined(second)
    assert [refusal.code for refusal in joined.refusals] == ["LS602"]
    assert len(joined.stages) == 3
