"""The word suites that ship, and what is refused."""

from pathlib import Path

import pytest

from lorascan.core.errors import UsageError
from lorascan.core.shipped import shipped
from lorascan.hunting.look_alikes import INVISIBLE, SYMBOLS
from lorascan.hunting.wordings import read_words, shipped_words, slots, words_for, words_or_problems
from lorascan.lab.captions import FILLERS
from lorascan.lab.draws import LISTS
from lorascan.lab.world import COLOURS, SHAPES, SIZES


def test_the_captions_of_the_lab_are_in_its_world() -> None:
    lists = shipped_words()["captions-lab"].lists

    assert set(lists["shape"]) == set(SHAPES)
    assert set(lists["colour"]) == set(lists["background"]) == set(COLOURS)
    assert set(lists["size"]) == set(SIZES)
    assert set(lists["everyday"]) == set(FILLERS)


def test_no_list_of_phrases_holds_the_words_of_the_labs_own_phrases() -> None:
    """Else the lab would measure what we knew beforehand."""
    known = {word for lists in LISTS.values() for phrase in lists.phrases for word in phrase.split()} - {"car"}
    suite = shipped_words()["concept-pairs"]

    assert not known & {word for words in suite.lists.values() for word in words}


def test_every_template_can_be_filled_and_every_control_phrase_has_its_length() -> None:
    for suite in shipped_words().values():
        assert all(set(slots(template)) <= set(suite.lists) | {"word"} for template in suite.templates), suite.id
    lengths = {name: {len(phrase.split()) for phrase in phrases} for name, phrases in shipped_words()["controls"].lists.items()}
    assert (lengths["two"], lengths["three"]) == ({2}, {3})
    assert min(lengths["more"]) > 3


def test_the_characters_without_ink_have_none_and_no_character_is_in_two_lists() -> None:
    assert all(not each.isalnum() for each in INVISIBLE)
    assert not set(INVISIBLE) & set(SYMBOLS)


def test_a_family_has_its_own_words_else_those_for_any_base() -> None:
    own, other = words_for("captions", "lab"), words_for("captions", "sdxl")
    assert own is not None
    assert other is not None
    assert (own.id, other.id) == ("captions-lab", "captions")
    assert words_for("safety", "lab") is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('schema = "lorascan/words/v1"', 'schema = "lorascan/words/v9"', "schema"),
        ('purpose = "captions"', 'purpose = "mischief"', "purpose"),
        ("{shape} on", "{form} on", "no such list"),
        ('"circle", "square"', '"circle", "circle"', "twice"),
        ("version = 1", "version = 1\nsurprise = true", "surprise"),
        ("version = 1", "version = ", "no TOML"),
        ("version = 1", 'version = 1\nsha256 = "00"', "sha256"),
    ],
)
def test_words_that_are_not_valid_are_a_usage_error(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = shipped("probes", "words", "captions-lab.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")

    problems = words_or_problems(path)
    assert isinstance(problems, tuple)
    assert said in problems[0]
    with pytest.raises(UsageError, match=r"mine\.toml"):
        read_words(path)
