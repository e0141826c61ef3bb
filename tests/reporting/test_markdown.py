"""Markdown that a job summary can trust."""

from dataclasses import replace

from markdown_it import MarkdownIt

from lorascan.reporting import Look, render, render_all
from tests.reporting.examples import backdoored, honest, hostile

OURS = {"<code>", "</code>", "<wbr>", "<details>", "</details>", "<summary>", "</summary>"}


def test_foreign_text_makes_no_link_image_heading_or_tag() -> None:
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(render(hostile(), "markdown"))

    inline = [each for token in tokens for each in token.children or ()]
    assert not {each.type for each in inline} & {"link_open", "image", "code_inline", "em_open"}
    assert {each.content for each in inline if each.type == "html_inline"} <= OURS
    assert sum(each.type == "heading_open" for each in tokens) == 3


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(render(hostile(), "markdown"))

    widths: list[int] = []
    for token in tokens:
        if token.type == "tr_open":
            widths.append(0)
        if token.type in ("th_open", "td_open"):
            widths[-1] += 1
    assert set(widths) <= {4, 5, 6, 7}


def test_addresses_and_mentions_are_parted_so_that_nothing_links_them() -> None:
    report = replace(backdoored(), name="http://evil.example www.evil.example @octocat #1")

    head = render(report, "markdown").splitlines()[2]

    assert "://" not in head
    assert "www." not in head
    assert "@" not in head


def test_a_summary_stays_within_its_limit() -> None:
    report = backdoored()
    long = replace(report, verdict=replace(report.verdict, limits=("x" * 5000,) * 5000), findings=report.findings * 3000)

    assert len(render(long, "markdown").encode()) <= 256 * 1024


def test_a_summary_of_many_has_a_line_a_file_the_worst_first_and_tells_only_those_not_admitted() -> None:
    several = [*(honest(f"good-{number:03}") for number in range(400)), backdoored("bad")]

    told = render_all(several, "markdown")

    rows = [line for line in told.splitlines() if line.startswith(("| ⛔ reject", "| ✅ admit"))]
    assert told.startswith("## lorascan: 401 files, 1 rejected, 400 admitted\n")
    assert "<code>bad</code>" in rows[0]
    assert (len(rows), "and 101 more: 101 admitted" in told) == (300, True)
    assert told.count("## ⛔ lorascan: reject") == 1
    assert "## ✅" not in told
    assert render_all(several[-3:], "markdown", Look(whole=True)).count("## ✅ lorascan: admit") == 2
