"""TOML is parsed in a time that is bounded by its size."""

import time
import tomllib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascan.core.toml import parsed

ENDLESS = {
    "a key": ".".join(["a"] * 400_000) + " = 1",
    "a table": "[" + ".".join(["a"] * 400_000) + "]",
    "a table in an array": "[[" + ".".join(["a"] * 400_000) + "]]",
    "quoted parts": ".".join(['"a"'] * 200_000) + " = 1",
    "quoted parts with dots": ".".join(["'a.b'"] * 100_000) + " = 1",
    "blanks around the dots": " . ".join(["a"] * 200_000) + " = 1",
    "tabs around the dots": "\t.\t".join(["a"] * 200_000) + " = 1",
    "an inline table": "a = {" + ".".join(["a"] * 400_000) + " = 1}",
    "behind honest lines": "policy = 'ci'\n" * 100 + ".".join(["a"] * 400_000) + " = 1",
    "numbers": ".".join(["1"] * 400_000) + " = 1",
}
SECONDS = 5.0


@pytest.mark.parametrize("name", ENDLESS)
def test_an_endless_key_is_refused_at_once_and_named(name: str) -> None:
    began = time.process_time()

    with pytest.raises(ValueError, match="a dotted key of more than 32 parts"):
        parsed(ENDLESS[name].encode())

    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(".".join(f"a{line}" for _ in range(31)) + " = 1" for line in range(8_000)),
        "\n".join(" . ".join(f"a{line}" for _ in range(31)) + " = 1" for line in range(6_000)),
        " " * 10**6,
        "a" * 10**6,
        '"' * 10**6,
        "'a" * 500_000,
        "a " * 500_000,
        "a = " + "[" * 10**6,
        "a = '''" + "." * 10**6 + "'''",
    ],
    ids=["keys as long as allowed", "with blanks", "blanks", "one word", "quotes", "open quotes", "words", "brackets", "dots in a text"],
)
def test_no_text_of_a_megabyte_takes_long(text: str) -> None:
    began = time.process_time()

    with suppress(ValueError):
        parsed(text[: 2**20].encode())

    assert time.process_time() - began < SECONDS


def test_nesting_without_end_is_an_error_with_a_reason() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        parsed(b"a = " + b"[" * 100_000)


@pytest.mark.parametrize(
    "text",
    [
        'dependencies = ["a>1.2.3", ' + '"b==1.2.3.4", "c<2.0.1", ' * 60 + "]",
        'reason = "wait' + "." * 300 + '"',
        'path = "' + "../" * 100 + 'x.toml"',
        "[tool.lorascan]\npolicy = 'ci'",
        ".".join(["a"] * 32) + " = 1",
    ],
    ids=["versions in one line", "an ellipsis", "a path", "a table of a tool", "the longest key"],
)
def test_honest_lines_full_of_dots_are_read(text: str) -> None:
    assert parsed(text.encode()) == tomllib.loads(text)


@given(st.dictionaries(st.text("ab_-", min_size=1), st.one_of(st.integers(0, 9), st.booleans())))
def test_what_is_no_endless_key_is_read_as_tomllib_reads_it(values: dict[str, int]) -> None:
    text = "".join(f"{name} = {str(value).lower()}\n" for name, value in values.items())

    assert parsed(text.encode()) == tomllib.loads(text)
