"""Finds tensor names that are paths.

What it measures: whether a tensor name, taken as a file path, would leave the folder it is written to: a `..` part, a
leading slash or backslash, a drive letter, or a NUL byte, which cuts the name short in C.

Why it matters: converters and viewers write one file a tensor, named after it.

When it is wrong: slashes alone are silent, some trainers use them as joints. No honest writer produces the rest.

Source: CWE-22; the tensor names of 9,025 published keys hold none.
"""

import re
from collections.abc import Iterator

from lorascan.core.adapter import FileFacts
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity
from lorascan.core.text import visible

RULE = Rule(
    code="LS209",
    name="path-in-tensor-name",
    summary="A tensor name leaves its folder when it is used as a path, or holds a NUL.",
    severity=Severity.HIGH,
    cwe=(22, 158),
)
_PATH = re.compile(r"(?:^|[/\\])\.\.(?:[/\\]|$)|^[/\\]|^[A-Za-z]:[/\\]|\0")
_REPORTED = 20


def examine(evidence: Evidence) -> Iterator[Finding]:
    """One finding a name, at most twenty."""
    paths = [name for name in evidence[FileFacts].odd_names if _PATH.search(name)]
    for name in paths[:_REPORTED]:
        message = f"a tensor is named like a path ({len(paths):,} in all)"
        yield Finding(rule=RULE, message=message, severity=RULE.severity, where=name, measured=visible(name))


DETECTOR = Detector(rules=(RULE,), needs=(FileFacts,), examine=examine)
