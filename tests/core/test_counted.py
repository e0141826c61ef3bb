"""Amounts stand with their noun in the right number."""

import pytest

from lorascan.core.text import counted


@pytest.mark.parametrize(("amount", "told"), [(0, "0 bytes"), (1, "1 byte"), (2000, "2,000 bytes")])
def test_an_amount_takes_its_noun_in_the_right_number(amount: int, told: str) -> None:
    assert counted(amount, "byte") == told
