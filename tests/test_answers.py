"""What a base answered is kept for later audits, and only read back where it would be answered alike."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lorascan import answers as module
from lorascan.answers import Answers
from lorascan.core.recall import Recall
from tests.test_cache import STRANGE

KEY, OTHER = b"k" * 32, b"o" * 32
BLOBS = (b"first", b"", b"third\n" * 3)


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    """An empty shelf."""
    return Answers(tmp_path / "answers")


def _only_file(found: Answers) -> Path:
    (path,) = found.folder.glob("*/*")
    return path


def test_an_answer_is_read_back_by_another_process(answers: Answers) -> None:
    Recall(shelf=answers).keep(KEY, BLOBS)

    assert Recall(shelf=Answers(answers.folder)).get(KEY) == BLOBS
    assert Recall(shelf=answers).get(OTHER) is None


def test_an_answer_is_for_its_owner_alone(answers: Answers) -> None:
    answers.keep(KEY, BLOBS)

    assert _only_file(answers).stat().st_mode & 0o777 == 0o600
    assert answers.folder.stat().st_mode & 0o777 == 0o700


def test_what_another_processor_or_version_answered_is_not_read(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    answers.keep(KEY, BLOBS)
    monkeypatch.setattr(module, "computed_here", lambda: "another")

    assert answers.get(KEY) is None


def _cut(content: bytes) -> bytes:
    return content[:-1]


def _changed(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


def _emptied(_: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("spoilt", [_cut, _changed, _emptied])
def test_a_spoilt_answer_is_asked_again(answers: Answers, spoilt: Callable[[bytes], bytes]) -> None:
    answers.keep(KEY, BLOBS)
    path = _only_file(answers)
    path.write_bytes(spoilt(path.read_bytes()))

    assert answers.get(KEY) is None
    answers.keep(KEY, BLOBS)
    assert answers.get(KEY) == BLOBS


@pytest.mark.parametrize("kind", [kind for kind in STRANGE if kind != "link to an entry"])
@pytest.mark.timeout(20)
def test_what_is_no_file_of_an_answers_size_is_no_answer(answers: Answers, kind: str) -> None:
    answers.keep(KEY, BLOBS)
    path = _only_file(answers)
    path.unlink()
    STRANGE[kind](path)

    assert answers.get(KEY) is None


def test_a_place_that_takes_nothing_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("a file where the folder should be", encoding="utf-8")
    found = Answers(tmp_path / "answers")
    found.keep(KEY, BLOBS)

    assert found.get(KEY) is None


def test_the_longest_unused_goes_first_where_all_are_too_large(answers: Answers) -> None:
    answers.keep(KEY, (b"x" * 1000,))
    first = _only_file(answers)
    answers.keep(OTHER, (b"y" * 1000,))
    for turn, path in enumerate(sorted(answers.folder.glob("*/*"), key=lambda each: each == first)):
        os.utime(path, (turn, turn))

    assert answers.get(OTHER) is not None
    assert answers.prune(most_bytes=1500) == 1
    assert answers.get(OTHER) is not None
    assert answers.get(KEY) is None
    assert len(answers.sizes()) == 1
