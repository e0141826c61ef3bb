"""What a worker says is JSON of a narrow kind, and safe to print."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascan.sandbox import strict
from lorascan.sandbox.shown import shown

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4).filter(lambda value: strict.depth(json.dumps(value).encode()) <= strict.MAX_DEPTH))
def test_what_is_written_is_read_again(value: Any) -> None:
    assert strict.parse(strict.written(value)) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_a_value_error(noise: bytes) -> None:
    try:
        assert isinstance(strict.parse(noise), dict)
    except ValueError:
        return


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"1",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 9223372036854775808}',
        b'{"a": ' + b"9" * 6000 + b"}",
        b'{"a": 1, "a": 2}',
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"a": "\xff"}',
        b'{"a": 1} {}',
        b'{"a": ' + b"[" * 17 + b"]" * 17 + b"}",
        b"[" * 65536,
        b'{"a":' * 10000,
        b"\x80\x04\x95",  # a pickle
    ],
)
def test_loose_json_is_refused(text: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of its kinds
        strict.parse(text)


def test_brackets_inside_a_string_are_no_depth() -> None:
    assert strict.depth(b'{"a": "[[[[\\"[[[", "b": [1]}') == 2


def test_a_number_that_is_not_finite_is_never_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        strict.written({"a": float("nan")})


@given(st.text())
def test_words_shown_are_one_line_without_controls_or_workflow_commands(text: Any) -> None:
    words = shown(text)

    assert not any(unicodedata.category(each)[0] == "C" for each in words)
    assert "::" not in words
    assert "##[" not in words


def test_words_shown_are_the_last_ones() -> None:
    assert shown("first\n" * 2000 + "::error::it broke\n\x1b[31m", 100).endswith(r": :error: :it broke / \u{1b}[31m")
