"""The corpus against the static gate: nothing hostile is admitted, nothing honest is held up."""

import resource
import time
from pathlib import Path

import pytest

from lorascan.core.findings import Decision
from tests.hostile import coverage
from tests.hostile.case import laid_down
from tests.hostile.cases import corpus, honest, hostile
from tests.hostile.gate import decided
from tests.hostile.sound import sound

SECONDS, KILOBYTES = 5.0, 500_000
REMARKS = {name: case for name, case in corpus().items() if case.admitted}


@pytest.fixture(scope="module", autouse=True)
def warmed(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is imported and built once counts for no case."""
    path = tmp_path_factory.mktemp("warm") / "a.safetensors"
    path.write_bytes(sound())
    decided(path)


@pytest.mark.parametrize("name", hostile())
def test_a_hostile_case_is_not_admitted_and_its_rule_says_why(name: str, tmp_path: Path) -> None:
    path = laid_down(hostile()[name], tmp_path)
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    found = decided(path)

    assert not found.admitted, found.messages
    assert found.codes & set(hostile()[name].rules), found.messages
    assert time.process_time() - began < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < KILOBYTES


@pytest.mark.parametrize("name", honest())
def test_an_honest_case_is_admitted_and_nothing_holds_it_up(name: str, tmp_path: Path) -> None:
    path = laid_down(honest()[name], tmp_path)
    began = time.process_time()

    found = decided(path)

    assert not found.held, found.messages
    assert set(found.decisions) == {Decision.ADMIT}, found.messages
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("name", REMARKS)
def test_a_remark_is_made_and_holds_nothing_up(name: str, tmp_path: Path) -> None:
    found = decided(laid_down(REMARKS[name], tmp_path))

    assert found.admitted, found.messages
    assert found.codes & set(REMARKS[name].rules)


def test_the_corpus_is_as_large_as_it_must_be() -> None:
    assert len(hostile()) >= 120
    assert len(honest()) >= 60


def test_the_coverage_page_says_what_the_corpus_holds() -> None:
    """Write it anew with `python -m tests.hostile.coverage`."""
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page()
