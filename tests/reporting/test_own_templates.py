"""A report by the user's own template: safe values, clear errors, nothing within reach, never without end."""

import json
import resource
from pathlib import Path

import pytest

from lorascan.core.errors import UsageError
from lorascan.reporting import PLAIN, _stencil
from lorascan.reporting._stencil import escapes, own_format
from tests.cli.in_process import Called, caller
from tests.reporting.examples import HOSTILE_TEXTS, backdoored, honest, hostile


def rendered(folder: Path, text: str, name: str = "own.txt.j2") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return own_format(path).render(backdoored(), PLAIN)


def test_a_template_gets_what_the_json_report_holds(tmp_path: Path) -> None:
    text = "{{ report.verdict.decision }} {{ report.subject.sha256 }}\n{% for each in report.findings %}{{ each.rule }}\n{% endfor %}"

    first, *rules = rendered(tmp_path, text).splitlines()

    assert first.startswith("reject ")
    assert len(first.split()[1]) == 64
    assert rules == ["LS801", "LS608"]


def test_one_template_serves_one_report_and_several(tmp_path: Path) -> None:
    path = tmp_path / "own.md.j2"
    path.write_text("{% for each in reports %}{{ each.subject.name }} {{ each.verdict.decision }}\n{% endfor %}", encoding="utf-8")
    own = own_format(path)

    assert own.pieces is not None
    assert own.render(honest(), PLAIN) == "halftone-style.safetensors admit\n"
    assert len("".join(own.pieces([honest(), backdoored()], PLAIN)).splitlines()) == 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.html", True), ("a.HTML.j2", True), ("a.xml.jinja", True), ("a.svg.jinja2", True), ("a.md.j2", False), ("a.j2", False)],
)
def test_markup_is_escaped_where_the_name_ends_as_markup_does(name: str, *, expected: bool) -> None:
    assert escapes(Path(name)) is expected


def test_no_text_of_the_adapter_acts_in_a_template(tmp_path: Path) -> None:
    path = tmp_path / "own.html.j2"
    path.write_text("{{ report.subject.name }}\n{{ report.verdict.reasons|join('\n') }}\n{{ report.hunt|string }}", encoding="utf-8")

    page = own_format(path).render(hostile(), PLAIN)

    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "<script>" not in page
    assert "::error" not in page
    assert "{{ 7 * 7 }}" in page, "what looks like a template is text"
    assert len(page.splitlines()) == len(HOSTILE_TEXTS) + 2, "no text brings a line of its own"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\n{% if x %}\n", ":2: Unexpected end of template"),
        ("a\n\n{{ 1|nosuch }}", ":3: No filter named 'nosuch'."),
        ("\n{% include '/etc/passwd' %}", ":2: a template of your own stands alone"),
        ("{% if 0 %}{% import 'x' as y %}{% endif %}", ":1: a template of your own stands alone"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", ": it is nested, or calls itself, too deeply"),
    ],
)
def test_a_template_that_cannot_work_is_refused_before_anything_is_audited(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "own.j2"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(UsageError) as refused:
        own_format(path)

    assert str(refused.value).startswith(f"{path}{told}")
    assert "verdict" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\n\n{{ report.nothing.here }}", ":3: 'dict object' has no attribute 'nothing'"),
        ("\n{{ 1 / (report.findings|length - 2) }}", ":2: ZeroDivisionError: division by zero"),
        ("\n{{ report.__class__.__base__.__subclasses__() }}", ":2: access to attribute '__class__' of 'dict' object is unsafe."),
        ("{{ self.__init__.__globals__ }}", ":1: access to attribute '__init__'"),
        ("{{ '{0.__class__}'.format(report) }}", ":1: access to attribute '__class__'"),
        ("{{ report.findings.clear() }}", ":1: access to attribute 'clear' of 'list' object is unsafe."),
        ("{% macro f() %}{{ f() }}{% endmacro %}\n{{ f() }}", ":1: it is nested, or calls itself, too deeply"),
        ("{% for each in range(99999) %}{{ 'x' * 9999 }}{% endfor %}", ": it writes more than 16,777,216 bytes"),
        ("\n{{ ('x' * (10**10 + report.findings|length))|length }}", ":2: it needs more memory than it may have"),
        ("{{ 'x'.encode('punycode') }}", ":1: OSError: [Errno 24] Too many open files"),
    ],
)
def test_a_template_that_fails_while_it_writes_tells_its_line_and_the_verdict(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        rendered(tmp_path, text)

    assert str(refused.value).startswith(f"{tmp_path / 'own.txt.j2'}{told}")
    assert str(refused.value).endswith("the verdict was: reject")


@pytest.mark.parametrize(
    "text", ["{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "{{ 10 ** (10 ** 10) }}"]
)
def test_a_template_without_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(_stencil, "CPU_SECONDS", 1)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    with pytest.raises(UsageError, match="takes more than 1 s"):
        rendered(tmp_path, text)

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime - before.ru_utime < 8


def test_jinja_s_own_filters_work_where_no_file_can_be_opened(tmp_path: Path) -> None:
    text = "{{ report.verdict.reasons[0]|wordwrap(20) }}|{{ report.verdict|pprint }}|{{ report.findings|tojson }}|{{ '%.2f'|format(1/3) }}"

    wrapped, pretty, told, number = rendered(tmp_path, text).split("|")

    assert "\n" in wrapped
    assert "'decision': 'reject'" in pretty
    assert json.loads(told)[0]["rule"] == "LS801"
    assert number == "0.33"


def test_a_file_that_is_no_template_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.j2").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "long.j2").write_bytes(b"x" * (2**20 + 1))

    for name, told in (("bytes.j2", "no UTF-8"), ("long.j2", "more than"), ("none.j2", "cannot read the template"), (".", "cannot read")):
        with pytest.raises(UsageError, match=told):
            own_format(tmp_path / name)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Called:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LORASCAN_CACHE", "false")
    return caller(monkeypatch, capsys)


def test_the_command_line_prints_or_writes_by_a_template_and_keeps_its_exit_code(call: Called) -> None:
    Path("bad.safetensors").write_bytes(b"<!doctype html><html><body>404</body></html>")
    Path("own.j2").write_text("{{ report.verdict.decision }}!\n", encoding="utf-8")
    Path("late.j2").write_text("{{ report.verdict.nothing }}", encoding="utf-8")
    Path("wrong.j2").write_text("{% for %}", encoding="utf-8")
    static = ("audit", "bad.safetensors", "--policy", "static")

    assert call(*static, "--template", "own.j2")[:2] == (1, "reject!\n")
    code, out, _ = call(*static, "--template", "own.j2", "-o", "template=own.txt", "-o", "result.json", "-f", "csv")
    assert (code, Path("own.txt").read_text(), "LS103" in out or "LS113" in out) == (1, "reject!\n", True)
    assert call("report", "result.json", "--template", "own.j2")[:2] == (0, "reject!\n")
    code, out, said = call(*static, "--template", "wrong.j2", "-o", "never.json")
    assert (code, out, "wrong.j2:1: " in said, Path("never.json").exists()) == (2, "", True, False)
    code, out, said = call(*static, "--template", "late.j2", "-o", "template=late.txt", "-o", "kept.json")
    assert (code, out, "late.j2:1: " in said, "the verdict was: reject" in said) == (2, "", True, True)
    assert Path("kept.json").exists(), "the other reports are written first"
    assert not Path("late.txt").exists()
    assert call(*static, "-o", "template=x.txt")[0] == 2


def test_of_several_files_a_template_gets_all_and_one_for_a_single_report_says_what_it_lacks(call: Called) -> None:
    for name in ("a", "b"):
        Path(f"{name}.safetensors").write_bytes(b"<!doctype html><html><body>404</body></html>")
    Path("all.j2").write_text(
        "{% for each in reports %}{{ each.subject.path }} {{ each.verdict.decision }}\n{% endfor %}", encoding="utf-8"
    )
    Path("one.j2").write_text("{{ report.verdict.decision }}\n", encoding="utf-8")
    both = ("audit", "a.safetensors", "b.safetensors", "--policy", "static")

    assert call(*both, "--template", "all.j2")[:2] == (1, "a.safetensors reject\nb.safetensors reject\n")
    assert call(*both[:2], *both[3:], "--template", "all.j2")[:2] == (1, "a.safetensors reject\n")
    assert call(*both, "--template", "all.j2", "-o", "template=all.txt", "-o", "all.json")[0] == 1
    assert Path("all.txt").read_text() == "a.safetensors reject\nb.safetensors reject\n"
    assert call("report", "all.json", "--template", "all.j2")[1] == Path("all.txt").read_text()
    code, _, said = call(*both, "--template", "one.j2")
    assert (code, "of several adapters a template gets `reports`" in said) == (2, True)
