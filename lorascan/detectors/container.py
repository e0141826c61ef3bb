"""Reports what is odd about a container that could be read.

What it measures: the white space behind the header's JSON, in bytes (LS107, above 1 MB), and whether the name ends as
a safetensors file should (LS302). LS302 is also the refusal of a pickle that calls itself safetensors.

Why it matters: padding is room for a payload that no parser looks at, and costs every reader memory. Loaders choose
the parser by the name: a safetensors file called .bin goes to the pickle loader, and a pickle called .safetensors
goes to tools that fall back.

When it is wrong: writers pad to a multiple of 8 bytes, some editors reserve a few kilobytes for metadata; both are
far below the limit. A renamed honest file is honest; rename it back.

Source: the safetensors format text ("may be padded with white space"); `lorascan.settings.Limits.padding_bytes`.
"""

from collections.abc import Iterator

from lorascan.core.adapter import FileFacts
from lorascan.core.detector import Detector
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Rule, Severity
from lorascan.settings import DEFAULT

PADDING = Rule(
    code="LS107",
    name="padded-header",
    summary="The header is padded with more white space than any writer needs.",
    severity=Severity.MEDIUM,
    cwe=(400, 789),
)
SUFFIX = Rule(
    code="LS302",
    name="name-lies",
    summary="The file's name and its content say different formats.",
    severity=Severity.MEDIUM,
    cwe=(646,),
)
_PICKLE_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")


def examine(evidence: Evidence) -> Iterator[Finding]:
    """LS107 for padding, LS302 for a safetensors file that is named like a pickle."""
    facts = evidence[FileFacts]
    limit = DEFAULT.limits.padding_bytes
    if facts.header_padding > limit:
        yield Finding(
            rule=PADDING,
            message="the header is padded with white space",
            severity=PADDING.severity,
            where="header",
            measured=facts.header_padding,
            threshold=limit,
        )
    if facts.name.lower().endswith(_PICKLE_SUFFIXES):
        message = "a safetensors file whose name sends it to a pickle loader"
        yield Finding(rule=SUFFIX, message=message, severity=SUFFIX.severity, where="name", measured=facts.name)


DETECTOR = Detector(rules=(PADDING, SUFFIX), needs=(FileFacts,), examine=examine)
