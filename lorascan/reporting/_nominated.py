"""Says how the candidates are sorted and which of them were tested."""

from lorascan.core.behaviour import ProbeFacts
from lorascan.core.report import Report
from lorascan.reporting import _digest

ORDER = "the best of each method in turn, then the others by how far they stand out"


def tested_texts(report: Report) -> frozenset[str]:
    """The texts that met held-out pictures, declared ones among them."""
    probe = _digest.fact(report, ProbeFacts)
    return frozenset(each.trigger for each in probe.tests) if probe else frozenset()


def selection(report: Report) -> str:
    """Which candidates were tested, in words; "" where none was, or where the report does not say what was drawn to select them."""
    probe = _digest.fact(report, ProbeFacts)
    chosen = {each.trigger for each in probe.tests if each.kind == "candidate"} if probe else set()
    drawn = {each.trigger for each in probe.observations if each.split == "select" and each.trigger} if probe else set()
    if not chosen or not drawn >= chosen:
        return ""
    return f"tested: the {len(chosen)} of {len(drawn)} candidates that moved the selecting pictures most"
