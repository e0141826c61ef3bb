"""Writes docs/coverage.md: which rule of the file gate has which cases, and which has none.

python -m tests.hostile.coverage
"""

from collections.abc import Iterator
from pathlib import Path

from lorascan.detectors import rules
from tests.hostile.case import Case
from tests.hostile.cases import corpus

PAGE = Path(__file__).parent.parent.parent / "docs" / "coverage.md"
_FIRST, _LAST = "LS100", "LS700"
_ELSEWHERE = {
    "LS701": "needs the locked worker: tests/worker, tests/detectors/test_behaviour.py",
    "LS702": "needs the locked worker: tests/worker, tests/detectors/test_behaviour.py",
}
_PARTLY = {
    "LS105": "a hole and an overlap of one bit (4- and 6-bit types) share the cases of whole bytes",
    "LS110": "self-extracting archives with another program's start, and archives that only a forgiving reader opens, have none",
    "LS113": "each kind has one signature; variants of it (Mach-O of other byte orders, old GGML marks) have none",
    "LS204": "one look-alike letter stands for the whole table of look-alikes, which has tests of its own",
    "LS301": "twenty gadgets stand for all: the list says what is allowed, so that a new gadget needs no case",
    "LS305": "junctions and reparse points of Windows have none",
    "LS306": "7z and RAR archives are named and not looked into",
    "LS309": "what allowed calls cost inside torch itself (strides, sparse tensors) has none: they are not on the list",
}
"""What a line of the table promises and the cases leave out."""


def page() -> str:
    """The whole page."""
    cases = corpus()
    honest = [name for name, case in cases.items() if not case.rules]
    hostile = [name for name, case in cases.items() if case.rules]
    gate = {code: rule for code, rule in rules().items() if _FIRST < code < _LAST}
    bare = [code for code in gate if not any(code in case.rules[:1] for case in cases.values())]
    lines = [
        "# What the file gate's tests cover",
        "",
        f"Written by `python -m tests.hostile.coverage` from the corpus in `tests/hostile/cases`: {len(hostile)} hostile cases and",
        f"{len(honest)} honest ones that look like them. A test runs the static gate on every case: a hostile one must not be admitted,",
        "and a rule that the case names must be found; in an honest one nothing may be found that holds it up. Each takes less than",
        "5 seconds and 500 MB. Another test holds this page against the corpus.",
        "",
        f"Rules without a case: {', '.join(bare) or 'none'}.",
        "",
        *(f"- {code} has no case here: {why}." for code, why in _ELSEWHERE.items()),
        "",
        "## Rules",
        "",
        "| rule | what it says | cases | not covered |",
        "|---|---|---|---|",
    ]
    lines += [f"| {code} | {rule.summary} | {_count(code, cases)} | {_PARTLY.get(code, '')} |" for code, rule in gate.items()]
    lines += ["", "A case counts for the first rule that it names. A remark is a finding that does not hold a file up.", ""]
    lines.append("## Hostile cases")
    for code in gate:
        lines += _listed(code, cases)
    lines += ["", "## Honest cases", "", *(f"- {_shown(name)}" for name in honest), ""]
    return "\n".join(lines)


def _count(code: str, cases: dict[str, Case]) -> str:
    own = [case for case in cases.values() if case.rules[:1] == (code,)]
    remarks = sum(case.admitted for case in own)
    return f"{len(own) - remarks}" + (f" and {remarks} remarks" if remarks else "")


def _listed(code: str, cases: dict[str, Case]) -> Iterator[str]:
    own = [name for name, case in cases.items() if case.rules[:1] == (code,)]
    if own:
        yield from ("", f"### {code}", "", *(f"- {_shown(name)}" for name in own))


def _shown(name: str) -> str:
    return name.replace("<", "&lt;").replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
