"""What every format owes its readers."""

import re
import subprocess
import sys
import unicodedata
from pathlib import PurePath

import pytest

from lorascan import reporting
from lorascan.core.errors import UsageError
from lorascan.core.report import Report
from lorascan.reporting import Format, format_for, format_named, formats, render, render_all
from tests.reporting.examples import EXAMPLES, HOSTILE_TEXTS, backdoored, honest, hostile, undecided

FORMATS = sorted(each.name for each in formats().values() if each.pack is None)
COMMAND = re.compile(r"::(error|warning|notice) title=[^,:]*(,file=[^,:]*,line=1)?::(?!.*::).*")
LIBRARY = re.compile(r"<script>\s*/\*\s*\* Licensed to the Apache.*?</script>", re.DOTALL)


@pytest.fixture(scope="module", params=sorted(EXAMPLES))
def example(request: pytest.FixtureRequest) -> Report:
    return EXAMPLES[request.param]()


@pytest.mark.parametrize("name", FORMATS)
def test_no_text_of_the_adapter_can_drive_a_terminal_or_reorder_a_line(name: str) -> None:
    written = LIBRARY.sub("", render(hostile(), name))

    written.encode("utf-8")
    odd = {character for character in written if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert odd <= {"\n"}


@pytest.mark.parametrize("name", FORMATS)
def test_no_line_is_a_command_to_a_ci_system(name: str) -> None:
    written = LIBRARY.sub("", render(hostile(), name))

    for line in written.splitlines():
        if formats()[name].commands:
            assert COMMAND.fullmatch(line), "a command of ours, and none within"
        else:
            assert not line.strip().startswith(("::", "##[", "##vso["))
    if name != "json":
        assert "##[error]" not in written
        assert formats()[name].commands or "::error" not in written


@pytest.mark.parametrize("name", FORMATS)
def test_what_was_not_assessed_is_shown(name: str) -> None:
    report = undecided()

    written = render(report, name)

    for stage in ("load", "hunt", "probe"):
        assert re.search(f"{stage}:? ?(&#58;)?(<wbr>)? not run", written), stage


@pytest.mark.parametrize("name", FORMATS)
def test_the_decision_stands_before_everything_else(name: str, example: Report) -> None:
    written = render(example, name)
    if name == "codequality" and example.verdict.decision == "admit":
        assert written == "[]\n", "a list of violations holds nothing of an admitted file"
        return

    told = re.search(r"\b(admit|review|reject|undecided)\b", written[written.find("<h1") :] if name == "html" else written, re.IGNORECASE)
    assert told
    assert told[1].lower() == example.verdict.decision


@pytest.mark.parametrize("name", FORMATS)
def test_no_output_calls_an_adapter_by_the_word_that_promises_too_much(name: str) -> None:
    for report in (honest(), backdoored(), undecided()):
        assert "clean" not in LIBRARY.sub("", render(report, name)).lower()


@pytest.mark.parametrize("name", [each for each in FORMATS if each != "codequality"])
def test_an_admit_says_what_was_searched_for(name: str) -> None:
    assert "no activator found in the searched spaces" in render(honest(), name).lower()


@pytest.mark.parametrize("name", FORMATS)
def test_rendering_the_same_report_twice_gives_the_same_bytes(name: str, example: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")

    assert render(example, name) == render(example, name)


@pytest.mark.parametrize("name", [each.name for each in formats().values() if each.pieces])
def test_several_reports_fit_in_one_document(name: str) -> None:
    written = render_all([undecided(), backdoored()], name)

    assert "pastel.safetensors" in written
    assert "halftone-style-v2.safetensors" in written


def test_a_format_is_found_by_name_alias_and_suffix() -> None:
    assert format_named("json-v1") is formats()["json"]
    assert format_for(PurePath("out/report.HTML")) is formats()["html"]
    with pytest.raises(UsageError, match="known are"):
        format_named("docx")
    with pytest.raises(UsageError, match="known are"):
        format_for(PurePath("report.docx"))


def test_a_format_of_one_report_a_file_refuses_several(monkeypatch: pytest.MonkeyPatch) -> None:
    single = Format(name="single", suffixes=(), render=lambda report, _: report.name)
    monkeypatch.setattr(reporting, "format_named", lambda _: single)

    with pytest.raises(UsageError, match="one report a file"):
        render_all([honest()], "single")


def test_a_text_of_any_length_is_cut_and_the_cut_is_told() -> None:
    longest = max(HOSTILE_TEXTS, key=len)

    for name in ("text", "markdown", "html"):
        assert longest not in render(hostile(), name)
        assert "more" in render(hostile(), name)


def test_the_formats_load_no_heavy_library() -> None:
    heavy = ("torch", "numpy", "pandas", "diffusers", "jinja2", "PIL")
    program = f"import sys, lorascan.reporting as r; r.formats(); print([each for each in {heavy} if each in sys.modules])"

    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "[]"
