"""The page holds everything, and nothing that acts."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from lorascan.core.behaviour import Picture, ProbeFacts
from lorascan.core.report import Report
from lorascan.reporting import render
from lorascan.reporting._gallery import MOST_PICTURES, gallery
from lorascan.reporting._layers import block_and_projection, short
from tests.reporting.examples import EXAMPLES, backdoored, honest, hostile, undecided


class Page(HTMLParser):
    """Tags with their attributes, the content of scripts and styles, ids, visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in ("script", "style"):
            self.inline.append((self.tags[-1][0], data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module", params=sorted(EXAMPLES))
def page(request: pytest.FixtureRequest) -> Page:
    return Page(render(EXAMPLES[request.param](), "html"))


def test_only_what_the_policy_names_by_digest_can_run_or_style(page: Page) -> None:
    policy = next(each["content"] for each in page.all("meta") if each.get("http-equiv") == "Content-Security-Policy") or ""
    executed = [text for (tag, text) in page.inline if not (tag == "script" and text.startswith("{"))]

    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for text in executed:
        if text.strip():
            assert f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy


def test_no_tag_acts_by_itself(page: Page) -> None:
    for tag, attributes in page.tags:
        assert tag not in ("iframe", "object", "embed", "form", "base", "video", "audio", "source")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert (attributes.get("src") or "data:image/webp;base64,").startswith("data:image/webp;base64,")
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))


def test_no_foreign_text_becomes_a_tag() -> None:
    sound, attacked = Page(render(backdoored(), "html")), Page(render(hostile(), "html"))

    assert {tag for tag, _ in attacked.tags} <= {tag for tag, _ in sound.tags}
    assert len(attacked.all("script")) == len(sound.all("script")) == 3


def test_every_link_leads_to_a_place_on_the_page(page: Page) -> None:
    places = {attributes.get("id") for _, attributes in page.tags}

    for link in page.all("a"):
        assert (link["href"] or "")[1:] in places


def test_every_figure_and_table_has_a_name(page: Page) -> None:
    assert all(each.get("alt") is not None for each in page.all("img"))
    assert len(page.all("table")) - len([each for each in page.all("table") if each.get("class") == "shots"]) == len(page.all("caption"))
    assert len(page.all("figcaption")) >= len(page.all("figure"))
    assert page.all("main")
    assert len(page.all("h1")) == 1


def with_pictures(report: Report, amount: int, octets: int) -> Report:
    probe = report.evidence[ProbeFacts]
    pictures = tuple(
        Picture(
            prompt=f"p{place // 4}",
            trigger="zxqv",
            kind="candidate",
            seed=0,
            scale=place % 4,
            adapted=place % 4 > 0,
            webp=b"x" * octets,
            similarity=0.3,
        )
        for place in range(amount)
    )
    facts = tuple(replace(each, pictures=pictures) if each is probe else each for each in report.evidence.facts)
    return replace(report, evidence=replace(report.evidence, facts=facts))


@pytest.mark.parametrize(("amount", "octets"), [(800, 100), (96, 200_000)])
def test_a_page_stays_below_six_megabytes_and_says_what_is_left_out(amount: int, octets: int) -> None:
    report = with_pictures(backdoored(), amount, octets)

    written, shown = render(report, "html"), gallery(report)

    assert len(written.encode()) < 6_000_000
    assert 0 < shown.shown <= MOST_PICTURES
    assert f"{shown.shown} of {amount} pictures are shown" in written


def test_a_gallery_puts_the_cited_trigger_first_and_shows_the_change() -> None:
    shown = gallery(backdoored())

    assert shown.groups[0].trigger == "zxqv"
    assert shown.groups[0].cited
    base, *_, last = shown.groups[0].rows[0].cells
    assert base is not None
    assert last is not None
    assert base.change is None
    assert last.change == pytest.approx(-0.17)


def test_no_trigger_crowds_the_others_out_of_the_gallery() -> None:
    report = backdoored()
    probe = report.evidence[ProbeFacts]
    many = tuple(replace(each, seed=each.seed + 100 * turn) for turn in range(10) for each in probe.pictures)
    facts = tuple(replace(each, pictures=many) if each is probe else each for each in report.evidence.facts)

    shown = gallery(replace(report, evidence=replace(report.evidence, facts=facts)))

    assert len({len(group.rows) for group in shown.groups}) == 1


def test_without_layers_or_curves_the_page_carries_no_chart_library() -> None:
    assert len(render(EXAMPLES["refused"](), "html")) < 100_000


def test_the_page_names_no_address(page: Page) -> None:
    own = [text for tag, text in page.inline if "Licensed to the Apache" not in text]

    assert not re.search(r"https?://", "".join(own).replace("http://evil.example", ""))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_out.0", ("down 0·attn 1·tf 0", "attn1.to_out.0")),
        ("mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj", ("mid·attn 0·tf 0", "ff.net.0.proj")),
        ("text_model.encoder.layers.11.self_attn.q_proj", ("layer 11", "self_attn.q_proj")),
        ("single_transformer_blocks.12.attn.to_q", ("single 12", "attn.to_q")),
        ("time_embedding.linear_1", ("time_embedding", "linear_1")),
        ("conv_in", ("", "conv_in")),
    ],
)
def test_a_module_path_is_split_where_blocks_repeat(path: str, expected: tuple[str, str]) -> None:
    block, projection = block_and_projection(path)

    assert (short(block), projection) == expected


def test_the_first_screen_says_how_sure_and_what_to_do() -> None:
    for report, told in ((backdoored(), "Keep it out"), (honest(), "within the scales that were tested"), (undecided(), "audit it again")):
        written = render(report, "html")
        head = written[written.index("<header") : written.index("</header>")]
        assert told in head
    assert "lorascan explain LS801" in render(backdoored(), "html")
    assert re.search(r"LS801</b>[^<]*<span [^>]*>high confidence", render(backdoored(), "html"))


def test_an_admit_on_static_evidence_never_says_that_scales_were_tested() -> None:
    report = honest()
    static = replace(report, evidence=replace(report.evidence, facts=report.evidence.facts[:4]), policy="static")

    written = render(static, "html")

    assert "within the scales that were tested" not in written
    assert "nothing was loaded or drawn" in written


def test_an_admit_names_what_lies_outside_it_on_the_first_screen() -> None:
    written = render(honest(), "html")

    assert written.index("Outside this verdict") < written.index("<main")
