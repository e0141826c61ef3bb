"""Writes a report as one self-contained page."""

from collections.abc import Iterator, Sequence
from typing import Any

from lorascan.core.adapter import BaseFacts, FileFacts, WeightStatistics
from lorascan.core.behaviour import Candidates, IsolationFacts, LoadFacts, ProbeFacts
from lorascan.core.pairs import PartnerFacts
from lorascan.core.report import Report
from lorascan.reporting import Format, Look, _charts, _digest, _nominated
from lorascan.reporting._advice import next_step
from lorascan.reporting._fleet import index
from lorascan.reporting._gallery import gallery
from lorascan.reporting._page import asset, environment, frame

_MOST_ROWS = 400
"""Rows of one table on the page; JSON has them all."""


def _render(report: Report, look: Look) -> str:
    drawn = _charts.chart_data(report)
    library = asset("vendor", "echarts.min.js") if drawn["layers"] or drawn["curves"] else ""
    framed = frame(style=asset("style.css"), script=asset("page.js"), library=library)
    return environment().get_template("page.html.j2").render({**_facts(report, look), **framed, "drawn": drawn})


def _facts(report: Report, look: Look) -> dict[str, Any]:
    layers = report.evidence.all(WeightStatistics)
    return {
        "report": report,
        "verdict": report.verdict,
        "decision": str(report.verdict.decision),
        "word": _digest.word(report),
        "why": _digest.whole_why(report),
        "meaning": _digest.meaning(report),
        "next_step": next_step(report),
        "static": _digest.static_only(report),
        "not_asked": _digest.sentence(_digest.not_asked(report)),
        "no_activator": _digest.NO_ACTIVATOR if _digest.searched(report) and report.verdict.decision == "admit" else "",
        "version": _digest.tool_version(report),
        "findings": _digest.findings(report, look),
        "hidden": _digest.hidden(report, look),
        "least": look.least,
        "severity_counts": _digest.severity_counts(report),
        "stages": _digest.stages(report),
        "tested": _digest.tested(report),
        "curves": _digest.curves(report),
        "gallery": gallery(report),
        "digest": _digest.digest_of(report),
        "file": _digest.fact(report, FileFacts),
        "adapter": _digest.adapter_facts(report),
        "leftovers": _digest.leftovers(report),
        "further_reasons": _digest.further_reasons(report),
        "base": _digest.fact(report, BaseFacts),
        "partner": _digest.fact(report, PartnerFacts),
        "weights": layers[0] if layers else None,
        "metrics": _charts.METRICS,
        "locks": report.evidence.all(IsolationFacts),
        "load": _digest.fact(report, LoadFacts),
        "base_kept": _digest.base_kept,
        "hunted": _digest.fact(report, Candidates),
        "candidates_order": _nominated.ORDER,
        "selection": _digest.sentence(_nominated.selection(report)) if _nominated.selection(report) else "",
        "tested_texts": _nominated.tested_texts(report),
        "stand_ins": _digest.stand_ins(report),
        "probe": _digest.fact(report, ProbeFacts),
        "most_rows": _MOST_ROWS,
        "gate": _digest.gate_lines(report),
        "file_map": _file_map(report),
    }


def _file_map(report: Report) -> dict[str, Any]:
    """The parts of the file in bytes, and the header's share of it."""
    file = _digest.fact(report, FileFacts)
    if file is None:
        return {}
    ends = (8, 8 + file.header_bytes) if file.container == "safetensors" else (0, file.header_bytes)
    parts = [("length of the header", 0, ends[0]), ("header", *ends), ("tensors", ends[1], file.size)]
    return {
        "parts": [each for each in parts if each[2] > each[1]],
        "header_share": min(1.0, ends[1] / file.size) if file.size else 0.0,
    }


def _pieces(reports: Sequence[Report], look: Look) -> Iterator[str]:
    """The whole page of one adapter; an index of several, worst first, with the gist of each."""
    if len(reports) == 1:
        yield _render(reports[0], look)
    else:
        yield from index(reports, look)


FORMAT = Format(name="html", suffixes=(".html", ".htm"), render=_render, pieces=_pieces)
