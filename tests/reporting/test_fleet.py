"""Several adapters on one page: the worst first, nothing that acts, never more than a mail takes."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from lorascan.core.behaviour import ProbeFacts
from lorascan.core.findings import Decision, Severity
from lorascan.core.report import Report
from lorascan.reporting import Look, _fleet, render, render_all
from lorascan.reporting._page import MOST_BYTES
from tests.reporting.examples import backdoored, honest, hostile, refused, undecided
from tests.reporting.test_html import Page


def reviewed(name: str = "odd.safetensors") -> Report:
    report = undecided(name)
    return replace(report, verdict=replace(report.verdict, decision=Decision.REVIEW, reasons=("a person has to look",), not_assessed=()))


MIXED = (honest(), undecided(), reviewed(), backdoored(), refused(), honest("anime.safetensors"))


def rows(page: str) -> list[tuple[str, str]]:
    """Decision and anchor of each row, in order."""
    return re.findall(r'<tr data-decision="(\w+)"(?: data-evidence="static")? data-of="(\w+)">', page)


def test_the_worst_stand_first_and_each_row_leads_to_its_block() -> None:
    page = render_all(MIXED, "html")

    assert [each for each, _ in rows(page)] == ["reject", "reject", "undecided", "review", "admit", "admit"]
    for _, anchor in rows(page):
        assert f'href="#{anchor}"' in page
        assert f'id="{anchor}" data-decision=' in page
    assert page.index("halftone-style-v2.safetensors") < page.index("pastel.safetensors") < page.index("anime.safetensors")


def test_the_first_screen_says_how_many_why_and_what_to_do() -> None:
    page = render_all(MIXED, "html")
    head = page[page.index("<header") : page.index("</header>")]

    assert "2 of 6 rejected" in head
    assert 'aria-label="2 rejected, 1 undecided, 1 to review, 2 admitted"' in head
    assert re.search(r"broken.safetensors</b>, <b [^>]*>halftone-style-v2.safetensors</b>: must not be loaded", head)
    assert "Keep them out" in head
    assert "LS801" in head
    assert "LS106" in head
    assert "LS608" not in head, "a low finding speaks against none"
    assert "probe did not run on 2 adapters" in head


def test_one_admitted_adapter_never_colours_the_page_of_a_rejected_one() -> None:
    assert '<body class="fleet" data-decision="reject">' in render_all([honest(), honest("b"), backdoored()], "html")
    assert '<body class="fleet" data-decision="undecided">' in render_all([honest(), reviewed(), undecided()], "html")
    assert "All 2 admitted" in render_all([honest(), honest("b")], "html")


def static(name: str = "still") -> Report:
    whole = honest(name).evidence
    return replace(honest(name), evidence=replace(whole, facts=whole.facts[:4], stages=whole.stages[:2]), policy="static")


def test_an_admit_on_static_evidence_never_looks_like_a_whole_one() -> None:
    page = render_all([backdoored(), static(), static("b"), honest()], "html")

    assert 'aria-label="1 rejected, 2 admitted (static only), 1 admitted"' in page
    assert re.findall(r'<rect data-decision="(\w+)"(?: data-evidence="(static)")? x="\d+" width="(\d)"', page) == [
        ("reject", "", "1"),
        ("admit", "static", "2"),
        ("admit", "", "1"),
    ]
    assert page.count('<span class="level" data-decision="admit" data-evidence="static">2 admitted (static only)</span>') == 1
    assert page.count('<span class="level" data-decision="admit">1 admitted</span>') == 1
    assert page.count('<tr data-decision="admit" data-evidence="static"') == 2
    assert page.count("on the file and its weights alone, nothing was loaded or drawn") == 1
    assert re.findall(r'id="show-(\w+)"', page) == ["reject", "static", "admit"]


def test_the_headline_tells_static_admits_where_there_are_no_others() -> None:
    assert "All 2 admitted (static only)" in render_all([static(), static("b")], "html")
    assert "All 2 admitted<" in render_all([static(), honest()], "html")
    assert "static" not in render_all([honest(), honest("b")], "html").split("<header")[1].split("</header>")[0]


def test_a_folder_with_one_adapter_gets_its_whole_page() -> None:
    assert render_all([backdoored()], "html") == render(backdoored(), "html")


@pytest.fixture(scope="module")
def attacked() -> Page:
    return Page(render_all([hostile(), backdoored(), hostile()], "html"))


def test_nothing_foreign_acts_on_the_index(attacked: Page) -> None:
    sound = Page(render_all(MIXED, "html"))

    assert {tag for tag, _ in attacked.tags} <= {tag for tag, _ in sound.tags}
    assert len(attacked.all("script")) == len(attacked.all("style")) == 1
    for tag, attributes in attacked.tags:
        assert tag not in ("iframe", "object", "embed", "form", "base", "video", "audio", "source")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert (attributes.get("src") or "data:image/webp;base64,").startswith("data:image/webp;base64,")
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))


def test_every_place_has_one_name_and_every_link_leads_to_one(attacked: Page) -> None:
    named = [attributes["id"] for _, attributes in attacked.tags if attributes.get("id")]

    assert len(named) == len(set(named))
    assert {(each["href"] or "")[1:] for each in attacked.all("a")} <= set(named)
    assert {label for _, attributes in attacked.tags if (label := attributes.get("aria-labelledby"))} <= set(named)


class Nesting(HTMLParser):
    """Whether every tag that opens is closed in its turn."""

    ALONE = ("meta", "link", "img", "input")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.ALONE:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ("path", "rect", "circle", "use"), tag

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag


@pytest.mark.parametrize("reports", [MIXED, (hostile(), hostile())], ids=["mixed", "hostile"])
def test_every_tag_of_the_index_is_closed_in_its_turn(reports: tuple[Report, ...]) -> None:
    reader = Nesting()

    reader.feed(render_all(reports, "html"))

    assert reader.open == []


def test_pictures_of_what_a_finding_cites_are_shown_blurred_and_the_others_are_not() -> None:
    page = render_all([honest(), backdoored()], "html")

    assert page.count('<img src="data:image/webp') == 8
    assert page.count('id="reveal"') == 1
    assert 'id="reveal"' not in render_all([honest(), refused()], "html")


def test_an_index_stays_within_its_size_and_says_what_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 130_000
    monkeypatch.setattr(_fleet, "MOST_BYTES", most)
    monkeypatch.setattr(_fleet, "_MOST_ROW_BYTES", 20_000)
    many = [replace(undecided(), name=f"{place:05}.safetensors") for place in range(60)]

    page = render_all([*many, backdoored()], "html")

    assert len(page.encode()) < most
    assert rows(page)[0][0] == "reject"
    told = re.search(r"The first (\d+) of 61 are told in full below", page)
    assert told
    assert 0 < page.count('<section class="one"') == int(told[1]) < len(rows(page)) < 61
    assert f"{61 - len(rows(page))} more have no room on this page" in page
    assert len(re.findall(r'<a href="#a\d', page)) == int(told[1]), "a row without a block is no link"


def test_pictures_never_push_a_page_over_its_size() -> None:
    report = backdoored()
    probe = report.evidence[ProbeFacts]
    heavy = tuple(replace(each, webp=each.webp + b"\0" * 150_000) for each in probe.pictures)
    facts = tuple(replace(each, pictures=heavy) if each is probe else each for each in report.evidence.facts)
    one = replace(report, evidence=replace(report.evidence, facts=facts))

    page = render_all([one] * 8, "html")

    assert page.count('<section class="one"') < 8
    assert len(page.encode()) < MOST_BYTES
    assert len(rows(page)) == 8


def test_what_a_reader_does_not_want_to_see_is_left_out_and_said() -> None:
    least = Look(least=Severity.MEDIUM)

    assert "LS608" in render(backdoored(), "html")
    shown = render(backdoored(), "html", least)
    assert "LS608" not in shown
    assert "1 finding below medium is not shown" in shown
    assert "LS608" not in render_all([backdoored(), honest()], "html", least)
