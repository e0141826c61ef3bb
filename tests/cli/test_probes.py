"""`lorascan probes`: what a user sees of suites, and of what is wrong with one of their own."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from lorascan.core.shipped import shipped
from lorascan.hunting.wordings import shipped_words
from lorascan.probing.suites import shipped_suites
from tests.cli.in_process import Called, caller

SHIPPED = sorted(shipped("probes").glob("*.toml"))
WORDS = sorted(shipped("probes", "words").glob("*.toml"))


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Called:
    return caller(monkeypatch, capsys)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    text = shipped("probes", "lab-shapes.toml").read_text(encoding="utf-8")
    path.write_text(text.replace('id = "lab-shapes"', 'id = "own\\u001b[2J"'), encoding="utf-8")
    return path


def test_every_suite_that_ships_is_listed_with_the_digest_that_reports_cite(call: Called) -> None:
    code, out, _ = call("probes", "list", "-f", "json")

    told = {each["id"]: each for each in json.loads(out)}
    assert code == 0
    assert {each["sha256"] for each in told.values()} == {hashlib.sha256(path.read_bytes()).hexdigest() for path in (*SHIPPED, *WORDS)}
    assert told["lab-shapes"]["licence"] == "Apache-2.0"
    assert len(call("probes", "list")[1].splitlines()) == len(SHIPPED) + len(WORDS)


def test_the_suites_of_a_folder_are_listed_beside_them(call: Called, own: Path) -> None:
    code, out, _ = call("probes", "list", own.parent)

    assert (code, len(out.splitlines())) == (0, len(SHIPPED) + 1 + len(WORDS))
    assert "own.toml" in out
    assert "\x1b" not in out
    assert call("probes", "list", own)[0] == 2


def test_a_suite_is_shown_with_its_prompts_scales_licence_and_digest(call: Called, own: Path) -> None:
    _, out, _ = call("probes", "show", "lab-shapes")
    for part in ("Apache-2.0", "0.0, 0.25, 0.5", "a red circle on a pink background", hashlib.sha256(SHIPPED[1].read_bytes()).hexdigest()):
        assert part in out

    code, out, _ = call("probes", "show", own, "-f", "json")
    assert (code, len(json.loads(out)["prompts"])) == (0, 36)
    assert "\x1b" not in call("probes", "show", own)[1]


@pytest.mark.parametrize("path", WORDS, ids=lambda path: path.stem)
def test_a_word_suite_is_valid_and_shown_whole_with_its_digest(call: Called, path: Path) -> None:
    code, out, said = call("probes", "validate", path)
    assert (code, said) == (0, "")

    _, shown, _ = call("probes", "show", path.stem)
    _, told, _ = call("probes", "show", path.stem, "-f", "json")
    for text in (out, shown, json.loads(told)["sha256"]):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in text
    assert all(character.isprintable() or character == "\n" for character in shown)


def test_a_suite_that_is_not_there_is_a_usage_error_that_says_which_are(call: Called) -> None:
    code, out, said = call("probes", "show", "lab-shape")

    assert (code, out) == (2, "")
    assert "Did you mean 'lab-shapes'" in said
    assert all(each in said for each in (*shipped_suites(), *shipped_words())), "whatever can be shown"
    assert call("probes", "show", "none/there.toml")[0] == 2


def test_what_ships_is_valid_by_its_name(call: Called) -> None:
    digests = [(name, suite.sha256) for name, suite in shipped_suites().items()]
    digests += [(name, words.sha256) for name, words in shipped_words().items()]
    for name, sha256 in digests:
        code, out, said = call("probes", "validate", name)
        assert (code, said) == (0, "")
        assert sha256 in out
    assert call("probes", "validate", "lab-shape")[0] == 2


def test_a_valid_suite_of_one_s_own_passes(call: Called, own: Path) -> None:
    code, out, said = call("probes", "validate", own)

    assert (code, said) == (0, "")
    assert hashlib.sha256(own.read_bytes()).hexdigest() in out


WRONG = {
    "a key that is none": ("version = 1", "version = 1\nversoin = 2", "versoin: no such key; known are schema, id,"),
    "a number that is none": ("version = 1", 'version = "one"', "version: "),
    "a key of a prompt that is none": ('concept = "square"', 'concpt = "square"', "prompt 2.concpt: no such key; known are text, concept"),
    "a concept that the list lacks": ('concept = "square"', 'concept = "sqare"', "and a concept of the suite's list"),
    "a prompt without a place": ("a red {concept} on", "a red circle on", "needs one {concept}"),
    "too few seeds": ("seeds = [11, 23, 37, 53]", "seeds = [11]", "seeds: "),
    "a digest of its own": ("version = 1", 'version = 1\nsha256 = "00"', "sha256: is that of the file"),
    "no TOML": ("version = 1", "version = ", "no TOML: "),
    "a number of 5,000 digits": ("version = 1", "version = " + "9" * 5000, "no TOML: "),
    "a version of 4,000 digits": ("version = 1", "version = " + "9" * 4000, "version: "),
    "a scale that is no number": ("scales = [0.0,", "scales = [nan,", "scales 1: "),
    "a scale without end": ("scales = [0.0,", "scales = [inf,", "scales 1: "),
    "a scale that nobody applies": ("scales = [0.0,", "scales = [1e308,", "scales 1: "),
    "a scale below -2": ("scales = [0.0,", "scales = [-2.01,", "scales 1: "),
    "a seed below 0": ("seeds = [11,", "seeds = [-1,", "seeds 1: "),
    "a seed above 63 bits": ("seeds = [11,", "seeds = [9223372036854775808,", "seeds 1: "),
    "a key of 100,000 parts": ("version = 1", "version = 1\n" + "a." * 100_000 + "a = 1", "a line with more than 64 dots"),
    "a file that is too large": ("version = 1", "version = 1\n" + "#" * 2**18, "more than 262,144 bytes"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_place(call: Called, own: Path, name: str) -> None:
    before, after, expected = WRONG[name]
    text = own.read_text(encoding="utf-8")
    assert before in text
    own.write_text(text.replace(before, after, 1), encoding="utf-8")

    code, out, said = call("probes", "validate", own)

    assert (code, out) == (2, "")
    assert f"own.toml: {expected}" in said or expected in said
    assert "https://" not in said
    assert len(said) < 1000
    assert call("probes", "show", own)[0] == 2


def test_a_suite_that_a_shell_hands_over_in_a_pipe_is_read_once(call: Called) -> None:
    reading, writing = os.pipe()
    try:
        with os.fdopen(writing, "wb") as stream:
            stream.write(SHIPPED[0].read_bytes())
        code, out, said = call("probes", "validate", f"/dev/fd/{reading}")
    finally:
        os.close(reading)

    assert (code, said) == (0, "")
    assert hashlib.sha256(SHIPPED[0].read_bytes()).hexdigest() in out


def test_scales_below_zero_and_seeds_of_63_bits_are_valid(call: Called, own: Path) -> None:
    text = own.read_text(encoding="utf-8").replace("scales = [0.0,", "scales = [-2.0, -0.5, 4.0,", 1)
    own.write_text(text.replace("seeds = [11,", "seeds = [0, 9223372036854775807,", 1), encoding="utf-8")

    assert call("probes", "validate", own)[0] == 0


def test_of_thousands_of_problems_twenty_are_told_and_the_others_counted(call: Called, own: Path) -> None:
    stray = "".join(f"{'k' * 20}{number} = 1\n" for number in range(5000))
    own.write_text(stray + own.read_text(encoding="utf-8"), encoding="utf-8")

    code, _, said = call("probes", "validate", own)

    assert (code, len(said.splitlines())) == (2, 21)
    assert said.splitlines()[-1].endswith("and 4,980 more")


def test_the_place_of_a_problem_is_cut_where_its_key_is_endless(call: Called, own: Path) -> None:
    own.write_text("k" * 100_000 + " = 1\n" + own.read_text(encoding="utf-8"), encoding="utf-8")

    code, _, said = call("probes", "validate", own)

    assert code == 2
    assert "k…: no such key" in said
    assert len(said) < 1000


def test_every_file_is_judged_and_the_sound_ones_are_told_too(call: Called, own: Path) -> None:
    own.write_bytes(b"\xff")

    code, out, said = call("probes", "validate", own, "none/there.toml", SHIPPED[0])

    assert code == 2
    assert "valid" in out
    assert len(said.splitlines()) == 2
