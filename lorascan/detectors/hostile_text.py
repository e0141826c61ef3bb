"""Finds text meant for whatever displays it: browsers, terminals, CI logs, language models.

What it measures, in metadata, training tags, tensor names and the file's name: script-capable markup (LS201), control
characters (LS202), commands of CI runners (LS203), instructions to a language model (LS205).

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
from lorascan.detectors._texts import Sought, matches


def _rule(code: str, name: str, summary: str, cwe: int) -> Rule:
    return Rule(code=code, name=name, summary=summary, severity=Severity.MEDIUM, cwe=(cwe,))


MARKUP = _rule("LS201", "markup", "Markup that can run a script stands in a name or in metadata.", 79)
TERMINAL = _rule("LS202", "terminal-escape", "Control characters stand in a name or in metadata.", 150)
RUNNER = _rule("LS203", "ci-command", "A command of a CI runner stands in a name or in metadata.", 93)
PROMPT = _rule("LS205", "prompt-injection", "Metadata speaks to a language model that reviews it.", 1427)

_MARKUP = (
    r"<script[\s>/]|</script\s*>|<iframe\s|<(?:object|embed)\s+\w+\s*=|<meta\s+http-equiv|<base\s+href|<form\s[^>]{0,80}action"
    r"|<\w{1,20}[\s/][^<>]{0,300}?\bon[a-z]{3,20}\s*=|javascript:\s*[\w(/'\"]{1,40}|vbscript:\s*\w|data:text/html"
)
_TERMINAL = r"[\x00-\x08\x0e-\x1f\x7f]|\x9b[\d;?]{0,20}[A-Za-z]"
_GITHUB = "set-output|set-env|add-path|add-mask|save-state|stop-commands|add-matcher|error|warning|notice|debug|group"
_RUNNER = (
    rf"(?:^|\s)::(?:{_GITHUB})(?:\s[^\n:]{{0,200}})?::"
    r"|##vso\[|##\[(?:command|set-output|add-path|error|warning|group)|##teamcity\[|\bsection_(?:start|end):\d+:"
)
_PROMPT = (
    r"\b(?:ignore|disregard|forget)\s+(?:(?:all|any|the|your|of|these|those)\s+){0,3}"
    r"(?:previous|prior|above|earlier|preceding)\s+(?:\w+\s+)?(?:instructions?|prompts?|messages?|rules|context|directions)"
    r"|<\|(?:im_start|im_end|system|assistant)\|>|\[/?INST\]|<<SYS>>"
    r"|\byou\s+are\s+(?:now\s+)?(?:an?\s+)?(?:\w+\s+)?(?:AI|assistant|language\s+model|chatbot|scanner)\b[^\n]{0,120}"
    r"\b(?:must|should|always|never|report|respond|answer|reply)\b"
    r"|\b(?:report|mark|classify|treat|label)\s+this\s+(?:file|model|adapter|lora)\s+as\s+(?:safe|clean|benign|trusted|verified)"
)


_SOUGHT = (
    (
        MARKUP,
        Sought(expression=_MARKUP, flags=re.IGNORECASE, marks=("<", "script:", "data:text/html")),
        "markup that a browser would run",
        Confidence.HIGH,
    ),
    (TERMINAL, Sought(expression=_TERMINAL), "control characters that a terminal would obey", Confidence.HIGH),
    (
        RUNNER,
        Sought(expression=_RUNNER, flags=re.IGNORECASE, marks=("::", "##", "section_")),
        "a command that a CI runner would obey",
        Confidence.HIGH,
    ),
    (
        PROMPT,
        Sought(expression=_PROMPT, flags=re.IGNORECASE, marks=("ignore", "disregard", "forget", "<|", "inst]", "<<sys>>", "you", "this")),
        "an instruction to a language model",
        Confidence.MEDIUM,
    ),
)


def examine(evidence: Evidence) -> Iterator[Finding]:
    """At most twenty findings a rule, one a text."""
    for rule, sought, message, confidence in _SOUGHT:
        yield from matches(evidence, rule, sought, message, confidence)


DETECTOR = Detector(rules=(MARKUP, TERMINAL, RUNNER, PROMPT), needs=(FileFacts,), examine=examine)
