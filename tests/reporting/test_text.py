"""The terminal's report keeps its width, its colours, its sentences."""

import re
import shlex
from dataclasses import replace
from html import unescape

import pytest

from lorascan.core.adapter import FileIdentity
from lorascan.core.behaviour import Candidates, ProbeFacts
from lorascan.core.findings import Severity, Suppression
from lorascan.core.report import Report
from lorascan.reporting import PLAIN, Look, render, render_all
from lorascan.reporting._foreign import named, shortened
from lorascan.reporting._terminal import Sheet, columns, cut, wrap
from tests.reporting.builders import candidates, probe_facts
from tests.reporting.examples import EXAMPLES, backdoored, honest, refused, undecided

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module", params=sorted(EXAMPLES))
def example(request: pytest.FixtureRequest) -> Report:
    return EXAMPLES[request.param]()


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_line_but_the_command_is_wider_than_the_terminal(example: Report, width: int) -> None:
    body, _, _ = render(example, "text", Look(width=width)).rpartition("\nRepeat\n")

    assert max(columns(line) for line in body.splitlines()) <= width


def test_the_command_is_broken_between_words_and_can_still_be_pasted() -> None:
    words = ["lorascan", "audit", "my  file.safetensors", *(f"--option-{number}=value" for number in range(12))]

    _, _, told = render(replace(backdoored(), command=shlex.join(words)), "text").rpartition("\nRepeat\n")

    assert max(map(columns, told.splitlines())) <= 80
    assert shlex.split(told.replace("\\\n", "")) == words


def test_what_is_set_aside_says_so_and_what_is_hidden_is_counted() -> None:
    aside = Suppression(kind="waiver", reason="our own logo", by="me", expires="2027-06-30")
    report = replace(backdoored(), findings=tuple(replace(each, suppressed=aside) for each in backdoored().findings))

    for name in ("text", "markdown", "html"):
        assert "our own logo" in render(report, name), name
    for name in ("text", "markdown"):
        shown = render(backdoored(), name, Look(least=Severity.MEDIUM))
        assert "LS801" in shown
        assert "LS608" not in shown
        assert "below medium" in shown


def test_colour_comes_only_where_it_is_asked_for(example: Report) -> None:
    plain, painted = render(example, "text"), render(example, "text", Look(colour=True))

    assert "\x1b" not in plain
    assert ESCAPE.search(painted)
    assert ESCAPE.sub("", painted).splitlines()[3:] == plain.splitlines()[3:]


def test_a_terminal_without_unicode_gets_ascii(example: Report) -> None:
    assert render(example, "text", Look(ascii_only=True)).isascii()


def test_the_first_line_is_the_decision_and_the_second_says_why() -> None:
    first, second, *_ = render(backdoored(), "text").splitlines()

    assert first == "REJECT  halftone-style-v2.safetensors"
    assert second.startswith("LS801 the undeclared text 'zxqv'")


def test_a_confirmed_trigger_is_told_with_its_rule_and_target() -> None:
    row = next(line for line in render(backdoored(), "text").splitlines() if line.startswith('  "zxqv"'))

    assert "LS801" in row
    assert "13.6×" in row
    assert "<0.001" in row


def test_the_dose_response_rises_in_the_sparkline() -> None:
    written = render(backdoored(), "text")

    curve = next(line.split()[2] for line in written.splitlines() if line.startswith('  "zxqv"') and "█" in line)
    assert list(curve) == sorted(curve)


def test_a_stage_that_did_not_run_says_why_once() -> None:
    assert render(refused(), "text").count("the file was rejected before this stage") == 1


def test_written_files_are_named() -> None:
    assert "Written\n  out/report.html\n" in render(honest(), "text", Look(written=("out/report.html",)))


def test_wide_and_combining_characters_are_counted_as_terminals_do() -> None:
    assert columns("日本") == 4
    assert columns("e\u0301") == 1
    assert cut("日本語", 5) == "日本…"
    assert wrap("aa bb cc", 5) == ["aa bb", "cc"]
    assert wrap("abcdefgh", 3) == ["abc", "def", "gh"]


def test_a_table_gives_way_where_it_is_widest() -> None:
    sheet = Sheet(Look(width=60))
    sheet.table(("a", "b"), [("x" * 80, "kept")], right=(1,))

    assert max(columns(line) for line in sheet.text().splitlines()) <= 60
    assert "kept" in sheet.text()


def static(name: str = "still.safetensors") -> Report:
    """Admitted on the file and its weights alone."""
    known = honest(name).evidence
    at_rest = replace(known, facts=known.facts[:4], stages=known.stages[:2])
    return replace(honest(name), evidence=at_rest, policy="static")


def test_an_admit_on_static_evidence_says_so_beside_the_word() -> None:
    assert render(static(), "text").startswith("ADMIT (static only)  still.safetensors\n")
    assert render(static(), "text", replace(PLAIN, colour=True)).splitlines()[0].count("(static only)") == 1
    assert "lorascan: admit (static only)" in render(static(), "markdown")
    assert '<span class="word">Admit (static only)</span>' in render(static(), "html")
    assert '"decision": "admit"' in render(static(), "json")


def test_a_static_admit_is_no_leave_to_load() -> None:
    page, printed = render(static(), "html"), render(static(), "text")

    assert "may be loaded" not in page
    assert "Nothing wrong with the file or its weights; what it draws was not tested." in page
    assert '<body data-decision="admit" data-evidence="static">' in page
    assert "Not assessed  load, hunt, probe: the policy does not ask for them\n" in printed
    assert "Load, hunt, probe: the policy does not ask for them." in render(static(), "markdown")
    assert "title=admit (static only) by lorascan" in render(static(), "github")
    assert 'testsuite name="admit (static only): ' in render(static(), "junit")
    assert "This file may be loaded, within the scope below." in render(honest(), "html")
    assert '<body data-decision="admit">' in render(honest(), "html")
    assert "may be loaded" not in render_all([static(), static("b")], "html").lower()


def test_reasons_that_the_headline_leaves_out_are_counted() -> None:
    reasons = ("LS105 one thing", "LS106 duplicate key", "LS202 a third")
    several = replace(backdoored(), verdict=replace(backdoored().verdict, reasons=reasons), findings=())

    assert "LS105 one thing (and 2 more)" in render(several, "github")
    assert "reject: LS105 one thing (and 2 more)" in render(several, "junit")
    assert "- LS106 duplicate key" in render(several, "markdown")
    assert "(and" not in render(several, "text")
    assert render_all([several, honest()], "text").count("LS105 one thing (and 2 more)") == 1


def test_a_refused_file_whose_digest_is_known_names_it() -> None:
    known = FileIdentity(name="bad.safetensors", path="bad.safetensors", sha256="ab" * 32, size=12)
    report = replace(refused(), evidence=replace(refused().evidence, facts=(known,)))

    assert f"  sha256      {'ab' * 32}\n" in render(report, "text")
    assert "ab" * 32 in render(report, "html")


def test_how_a_trigger_was_found_is_no_place() -> None:
    found = replace(backdoored().findings[0], where="found by divergence, scale 1")
    report = replace(backdoored(), findings=(found,))

    assert "at found by" not in render(report, "text") + render(report, "github") + render(report, "junit")
    assert "found by divergence, scale 1;" in render(report, "text")


def test_among_several_only_the_static_admits_say_so() -> None:
    several = [static(), honest(), undecided()]
    tally = "1 undecided, 1 admitted (static only), 1 admitted"

    for look, times in ((PLAIN, 1), (Look(whole=True), 2)):
        assert render_all(several, "text", look).count("admit (static only)  still.safetensors") == 1
        assert render_all(several, "text", look).replace(tally, "").lower().count("static only") == times
        assert render_all(several, "markdown", look).replace(tally, "").count("admit (static only)") == times
    assert render_all(several, "html").count("Admit (static only)") == 2
    assert "All 2 admitted (static only)" in render_all([static(), static("b")], "html")


def test_the_order_of_candidates_is_explained() -> None:
    assert "the best of each method in turn" in render(backdoored(), "text")


def test_which_candidates_were_tested_is_told_and_marked() -> None:
    told = "tested: the 2 of 4 candidates that moved the selecting pictures most"

    assert all(told in " ".join(render(backdoored(), name).lower().split()) for name in ("text", "markdown", "html"))
    assert "tested: the 1 of 3 candidates" in render(honest(), "text")
    assert "tested: the" not in render(static(), "text")
    row = next(line for line in render(honest(), "text").splitlines() if "volcano" in line and "response" in line)
    assert row.split()[-2:] == ["no", "yes"]


def test_a_look_alike_is_told_with_its_letter_and_code_point() -> None:
    twin, letter = "\uff49", "\u03b1"
    probe, hunted = probe_facts(backdoored=False), candidates(backdoored=False)
    tests = tuple(replace(each, trigger=text) for text in (twin, letter) for each in probe.tests[:1])
    ranked = (replace(hunted.ranked[0], text=twin, replaces="i"), replace(hunted.ranked[1], text=letter))
    kept = tuple(each for each in honest().evidence.facts if not isinstance(each, ProbeFacts | Candidates))
    facts = (*kept, replace(probe, tests=tests), replace(hunted, ranked=ranked))
    report = replace(honest(), evidence=replace(honest().evidence, facts=facts))
    printed, page = render(report, "text"), unescape(render(report, "html"))

    assert printed.count(f'"{twin}" for "i" (U+FF49)') == page.count(f'"{twin}" for "i" (U+FF49)') == 2
    assert printed.count(f'"{letter}" (U+03B1)') == page.count(f'"{letter}" (U+03B1)') == 2
    assert named("\u200b") == '"\\u{200b}"'


def test_the_headline_of_a_fleet_shortens_names_in_their_middle() -> None:
    name = f"{'a' * 40}_character_{'b' * 40}.safetensors"
    page = render_all([static(name), static("b")], "html")

    assert f'<b class="code">{"a" * 29}…{name[-30:]}</b>' in page
    assert shortened(name) == f"{'a' * 29}…{name[-30:]}"


def many(admits: int, rejects: int) -> list[Report]:
    admitted = [honest(f"good-{number:03}.safetensors") for number in range(admits)]
    return [*admitted, *(backdoored(f"bad-{number:03}.safetensors") for number in range(rejects))]


def test_of_many_files_each_has_one_line_the_worst_first_and_only_those_not_admitted_are_told() -> None:
    reports = [*many(40, 2), undecided()]

    told = render_all(reports, "text")
    lines = told.splitlines()

    tally = "43 files: 2 rejected, 1 undecided, 40 admitted"
    assert lines[0] == lines[-1] == tally
    verdicts = [line.split()[0] for line in lines[3:46]]
    assert verdicts == ["reject"] * 2 + ["undecided"] + ["admit"] * 40
    assert [line.split()[1] for line in lines[6:46]] == [each.name for each in reports[:40]]
    assert [line.split()[0] for line in lines if line.startswith(("REJECT", "UNDECIDED", "ADMIT"))] == ["REJECT", "REJECT", "UNDECIDED"]
    assert told.count("LS801  hidden-trigger") == 2
    assert "hunt: not run" in told
    assert len(lines) < 43 + 2 * 20 + 30
    assert "-v, or a report" in told


def test_of_very_many_that_were_not_admitted_some_are_told_and_the_others_are_counted() -> None:
    told = render_all(many(0, 23), "text")

    assert sum(line.startswith("REJECT") for line in told.splitlines()) == 20
    assert "3 more that were not admitted" in told
    assert sum(line.startswith("REJECT") for line in render_all(many(0, 23), "text", Look(whole=True)).splitlines()) == 23


def test_asked_for_each_of_many_is_told_in_full() -> None:
    told = render_all(many(2, 1), "text", Look(whole=True, written=("a.json",)))

    assert told.count("Dose-response") == 3
    assert told.count("Written") == told.count("Repeat") == 1
    assert "-v, or a report" not in told


def test_of_one_file_in_a_list_everything_is_told() -> None:
    assert render_all([honest()], "text") == render(honest(), "text")
    assert render_all([honest()], "markdown") == render(honest(), "markdown")


@pytest.mark.parametrize("width", [60, 100])
def test_no_line_about_many_is_wider_than_the_terminal(width: int) -> None:
    told = render_all([*many(2, 3), refused(), undecided()], "text", Look(width=width))

    assert max(map(columns, told.splitlines())) <= width


def test_what_a_figure_means_and_its_limit_stand_in_words_where_a_finding_has_them() -> None:
    told = "CLIP's probability of what the prompt asks for falls by 62 points of 100; from 30 points on it counts as lost"

    assert told in " ".join(render(backdoored(), "text").split())
    assert "measured 0.62" not in render(backdoored(), "text")
    assert "measured 0.0914; threshold 0.08" in render(backdoored(), "text"), "the finding without words"
    assert told in unescape(render(backdoored(), "html"))
    assert told in unescape(render(backdoored(), "markdown"))


def test_one_long_name_leaves_the_reasons_room_and_keeps_both_its_ends() -> None:
    long = f"first-{'x' * 60}-last.safetensors"
    row = render_all([backdoored(long), undecided(), honest("b")], "text", Look(width=80)).splitlines()[3]

    path, why = row.removeprefix("  reject").split(maxsplit=1)
    assert path.startswith("first-")
    assert path.endswith(".safetensors")
    assert "…" in path
    assert len(why) >= 35


def test_names_are_in_the_order_of_their_numbers() -> None:
    told = render_all([honest(f"a{number}.safetensors") for number in (10, 2, 1)], "text").splitlines()

    assert [line.split()[1] for line in told[3:6]] == ["a1.safetensors", "a2.safetensors", "a10.safetensors"]


def test_what_differs_is_told_before_what_says_the_same_again() -> None:
    other = replace(backdoored("z.safetensors"), verdict=replace(backdoored().verdict, reasons=("LS105 another thing",)))

    told = render_all([*many(0, 30), other], "text")

    assert "REJECT  z.safetensors" in told
    assert "REJECT  bad-000.safetensors" in told
    assert "11 more that were not admitted" in told


def test_what_is_only_told_is_held_against_no_threshold() -> None:
    noted = replace(backdoored().findings[0], severity=Severity.INFO, measured=56, threshold=0, in_words="")
    report = replace(backdoored(), findings=(noted,))

    assert "measured" not in render(report, "text").partition("Triggers tested")[0]
    assert 'class="figure wrap">56<' not in render(report, "html")
    assert 'class="figure wrap">56<' in render(replace(report, findings=(replace(noted, severity=Severity.LOW),)), "html")
