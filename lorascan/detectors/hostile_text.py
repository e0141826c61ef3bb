"""Finds text meant for whatever displays it: browsers, terminals, CI logs, language models.

What it measures, in metadata, training tags, tensor names, the file's name and, where a folder is audited, every name in
it: script-capable markup (LS201), control characters (LS202), commands of CI runners and, in file names, commands of shells
and options of programs (LS203), instructions to a language model (LS205). In names line breaks count as control characters,
and so do bytes that are no UTF-8. Entities, escapes, wide and mathematical letters are undone before the search.

Why it matters: reports, model pages and logs print these texts. A terminal escape rewrites what was printed,
`::add-path::` in a log runs as a command of the build, markup runs in the reader's browser, and a reviewing language
model obeys.

When it is wrong: single words, URLs, `<3`, `<lora:name:0.8>`, placeholder tokens such as `<s1>`, `<embed>` or
`<style>`, and the links and paragraphs of a copied model page are silent, and so is text decoded by the wrong table
(C1 characters that begin no command). Markup counts only where it can run something. A training log that discusses
these attacks fires.

Source: OWASP XSS filter evasion (markup); ECMA-48 (escapes); workflow-command texts of the runners named in the
pattern.
"""

import re
from collections.abc import Iterator

from lorascan.core.adapter import FileFacts
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Confidence, Finding, Rule, Severity
from lorascan.core.surroundings import Surroundings
from lorascan.core.text import visible
from lorascan.detectors._prompts import INSTRUCTIONS
from lorascan.detectors._searching import Sought
from lorascan.detectors._texts import finding, matches


def _rule(code: str, name: str, summary: str, cwe: int) -> Rule:
    return Rule(code=code, name=name, summary=summary, severity=Severity.MEDIUM, cwe=(cwe,))


MARKUP = _rule("LS201", "markup", "Markup that can run a script stands in a name or in metadata.", 79)
TERMINAL = _rule("LS202", "terminal-escape", "Control characters stand in a name or in metadata.", 150)
RUNNER = _rule("LS203", "ci-command", "A command of a CI runner stands in a name or in metadata.", 93)
PROMPT = _rule("LS205", "prompt-injection", "Metadata speaks to a language model that reviews it.", 1427)

_MARKUP = (
    r"[<\uff1c]script[\s>/\uff1e]|[<\uff1c]/script\s*[>\uff1e]|<iframe(?:/|\s*>|\s+\w+\s*=)|<portal\s+src|<(?:object|embed|applet)\s+\w+\s*=|<meta\s+http-equiv|<base\s+href"
    r"|<form\s[^>]{0,80}action|<link\s[^>]{0,80}\brel\s*=|<style\b[^<]{0,400}(?:@import|expression\s*\(|url\s*\()"
    r"|<\w{1,20}[\s/][^<>]{0,300}?\bon[a-z]{3,20}\s*=|[\"']\s*on(?:mouse\w{2,6}|error|load|click|focus|toggle)\s*=\s*[\"']?\w"
    r"|&(?:lt|\#0*60|\#x0*3c);?\s*(?:script|iframe|img\s|svg)|j\s?a\s?v\s?a\s?s\s?c\s?r\s?i\s?p\s?t:\s*[\w.$%]{0,60}[(\[=/'\"`]|vbscript:\s*\w"
    r"|data:(?:text/(?:html|xml|javascript|ecmascript)|application/(?:x-)?(?:xhtml\+xml|javascript|ecmascript))[,;]|<!--\#(?:exec|include)\b"
    r"|[\"'][-+;]\s?alert\("
)
_TERMINAL = (
    r"\x9b[\d;?]{0,20}[A-Za-z]|(?<!\x80)\x9d\d{1,4};|(?<!\x80)\x90[\d;]{0,20}[A-Za-z+$]"
    r"|\\(?:x1b|u001b|033|e)[\[\]][\d;?]|\\(?:x1b|u001b|033)[\[\]]|\^\[\[[\d;?]{1,12}[A-Za-z]|\u241b\["
)
_GITHUB = "set-output|set-env|add-path|add-mask|save-state|stop-commands|add-matcher|error|warning|notice|debug|group|endgroup|echo"
_RUNNER = (
    rf"(?:^|\s)::(?:{_GITHUB})(?:\s[^\n:]{{0,200}})?::"
    r"|##vso\[|##\[(?:command|set-output|add-path|error|warning|group)|##teamcity\[|\bsection_(?:start|end):\d+:"
    r"|\$\{\{\s*(?:secrets|github|env|vars|steps|needs|inputs|runner)\.|\btravis_fold:(?:start|end):"
    r"|\bbuildkite-agent\s+(?:meta-data|pipeline|annotate|artifact)\b"
    r"|>>\s*[\"']?\$\{?GITHUB_(?:ENV|OUTPUT|PATH|STATE|STEP_SUMMARY)\b"
)


_OBEYED = "control characters that a terminal would obey"
_SOUGHT = (
    (
        MARKUP,
        Sought(
            expression=_MARKUP,
            flags=re.IGNORECASE,
            marks=(
                *("<", "\uff1c", "&lt", "&#", "script:", "t:", "data:", "alert("),
                *("onmouse", "onerror", "onload", "onclick", "onfocus", "ontoggle"),
            ),
        ),
        "markup that a browser would run",
        Confidence.HIGH,
    ),
    (TERMINAL, Sought(expression=r"[\x00-\x08\x0e-\x1f\x7f]", bounded=False), _OBEYED, Confidence.HIGH),
    (TERMINAL, Sought(expression=r"\r(?![\r\n]|\Z)", marks=("\r",), bounded=False), _OBEYED, Confidence.HIGH),
    (
        TERMINAL,
        Sought(expression=_TERMINAL, marks=("\x9b", "\x9d", "\x90", "\\x1b", "\\u001b", "\\033", "\\e", "^[[", "\u241b"), reach=60),
        _OBEYED,
        Confidence.HIGH,
    ),
    (
        RUNNER,
        Sought(expression=_RUNNER, flags=re.IGNORECASE, marks=("::", "##", "section_", "github_", "${{", "travis_fold:", "buildkite-")),
        "a command that a CI runner would obey",
        Confidence.HIGH,
    ),
)


_NO_NAME = re.compile("[\x01-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_COMMAND_NAME = re.compile(r"`[^`]{1,200}`|\$\(|\|\s?(?:sh|bash|nc|python3?)\b")
_OPTION_NAME = re.compile(r"--[a-z][a-z0-9]+(?:-[a-z0-9]+)*(?:=.*|\.\w{2,12})?|-[A-Za-z]{1,3}(?:=.*|\.\w{2,12})?", re.DOTALL)
"""What a program takes for its own option where a shell fills in a pattern: `lorascan audit *` beside a file called `--exit-zero`."""
_BROKEN = "a control character in a name, or one that is no text"
_REPORTED = 20


def names(evidence: Evidence) -> Iterator[Finding]:
    """A finding for each name, at most twenty, that no writer of files gives: control characters, broken text, a command, an option."""
    facts = evidence[FileFacts]
    beside = [each for found in evidence.all(Surroundings) for each in found.names]
    named = [("name", facts.name), *(("tensor names", each) for each in facts.odd_names), *(("folder", each) for each in beside)]
    count = 0
    for where, name in named:
        broken = _NO_NAME.search(name)
        message = _BROKEN if broken else "" if where == "tensor names" else _acted_upon(name)
        if message and count < _REPORTED:
            count += 1
            yield finding(TERMINAL if broken else RUNNER, message, where, visible(name))


def _acted_upon(name: str) -> str:
    """What a shell, or a program that a shell calls, would do with the name; "" for nothing."""
    if _COMMAND_NAME.search(name):
        return "a name that a shell would run"
    return "a name that a program would take for its option" if _OPTION_NAME.fullmatch(name.rpartition("/")[2]) else ""


def examine(evidence: Evidence) -> Iterator[Finding]:
    """At most twenty findings for each pattern, one a text."""
    yield from names(evidence)
    for rule, sought, message, confidence in _SOUGHT:
        yield from matches(evidence, rule, sought, message, confidence)
    for sought in INSTRUCTIONS:
        yield from matches(evidence, PROMPT, sought, "an instruction to a language model", Confidence.MEDIUM)


DETECTOR = Detector(rules=(MARKUP, TERMINAL, RUNNER, PROMPT), needs=(FileFacts,), examine=examine)
