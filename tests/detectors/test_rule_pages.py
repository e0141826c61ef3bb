"""The rules' manuals, their page and the weaknesses that they cite."""

from pathlib import Path

import pytest

from lorascan.commands.rules import page
from lorascan.detectors import manual, rules
from lorascan.detectors._weaknesses import TITLES

CATALOGUE: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("LS101",), (130, 789)),
    **dict.fromkeys(("LS102",), (20, 674)),
    **dict.fromkeys(("LS103", "LS104"), (354, 434)),
    **dict.fromkeys(("LS105",), (119, 190)),
    **dict.fromkeys(("LS106",), (694, 436)),
    **dict.fromkeys(("LS107", "LS108", "LS109"), (400, 789)),
    **dict.fromkeys(("LS110", "LS111"), (434, 502)),
    **dict.fromkeys(("LS112", "LS113"), (434,)),
    **dict.fromkeys(("LS201", "LS202", "LS203", "LS204", "LS205"), (79, 150, 93, 1007, 1427)),
    **dict.fromkeys(("LS206", "LS207", "LS208"), (506, 674, 312)),
    "LS209": (22, 158),
    "LS210": (94,),
    **dict.fromkeys(("LS301", "LS303", "LS308"), (502,)),
    "LS309": (400, 502, 789),
    "LS302": (646,),
    "LS304": (829,),
    **dict.fromkeys(("LS305", "LS306", "LS307"), (22, 59, 409, 436)),
    "LS400": (20,),
    "LS401": (1333,),
    "LS402": (789, 1284),
    "LS403": (1284,),
    "LS404": (94, 829),
    **dict.fromkeys(("LS405", "LS406", "LS407"), (915,)),
    **dict.fromkeys(("LS408", "LS409", "LS410"), (610, 829)),
    **dict.fromkeys(("LS501", "LS502"), (284,)),
    **dict.fromkeys(("LS503", "LS504"), (506, 915)),
    **dict.fromkeys(("LS505", "LS508", "LS510"), (436,)),
    **dict.fromkeys(("LS506", "LS507", "LS509"), (915,)),
    **dict.fromkeys(("LS601", "LS602", "LS603", "LS604", "LS605"), (843, 1339, 1284)),
    **dict.fromkeys(("LS606", "LS607", "LS608"), ()),
    **dict.fromkeys(("LS701", "LS702"), (754, 915)),
}
"""Rule → the weaknesses that it may cite."""


def test_every_rule_of_the_catalogue_exists() -> None:
    assert CATALOGUE.keys() <= rules().keys()


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_a_rule_cites_the_weaknesses_of_the_catalogue(code: str) -> None:
    cited = set(rules()[code].cwe)
    assert cited <= set(CATALOGUE[code])
    assert bool(cited) == bool(CATALOGUE[code])


def test_every_weakness_has_its_title() -> None:
    assert {number for rule in rules().values() for number in rule.cwe} <= TITLES.keys()


@pytest.mark.parametrize("code", sorted(rules()))
def test_a_rule_has_a_manual_of_its_own_detector_that_speaks_of_it(code: str) -> None:
    found = manual(code)
    assert found is not None
    assert found.startswith(f"{code} {rules()[code].name}")
    assert "hat it measures" in found


def test_the_shipped_page_is_what_the_detectors_say() -> None:
    """`make rules` writes it."""
    assert (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8") == page()


def test_the_page_says_something_of_every_rule() -> None:
    written = page()
    for rule in rules().values():
        assert f"| {rule.code} | {rule.name} |" in written
