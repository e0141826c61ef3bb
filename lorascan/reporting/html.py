"""Writes a report as one self-contained page."""

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from lorascan.core.adapter import BaseFacts, FileFacts, WeightStatistics
from lorascan.core.behaviour import Candidates, IsolationFacts, LoadFacts, ProbeFacts
from lorascan.core.report import Report
from lorascan.core.shipped import shipped
from lorascan.reporting import Format, Look, _charts, _digest
from lorascan.reporting import _numbers as write
from lorascan.reporting._foreign import foreign, quoted
from lorascan.reporting._gallery import gallery
from lorascan.reporting._layers import short
from lorascan.reporting._machine import suppression

if TYPE_CHECKING:
    from jinja2 import Environment

_LONGEST = 600
"""Characters of one foreign text on the page; JSON has the whole."""
_MOST_ROWS = 400
"""Rows of one table on the page; JSON has them all."""


def _render(report: Report, _: Look) -> str:
    from markupsafe import Markup  # noqa: PLC0415 - only a page pays for it

    style = _asset("style.css")
    library = _asset("vendor", "echarts.min.js")
    script = _asset("page.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_source(library)} {_source(script)}",
            f"style-src {_source(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    drawn = _charts.chart_data(report)
    ours = {"content_policy": policy, "style": style, "script": script, "library": library if drawn["layers"] or drawn["curves"] else ""}
    marked = {name: Markup(text) for name, text in ours.items()}  # noqa: S704 - shipped files and digests, nothing foreign
    return _environment().get_template("page.html.j2").render(_facts(report) | marked | {"drawn": drawn})


def _facts(report: Report) -> dict[str, Any]:
    layers = report.evidence.all(WeightStatistics)
    return {
        "report": report,
        "verdict": report.verdict,
        "decision": str(report.verdict.decision),
        "why": _digest.sentence(_digest.why(report)),
        "meaning": _digest.MEANING[report.verdict.decision],
        "no_activator": _digest.NO_ACTIVATOR if _digest.searched(report) and report.verdict.decision == "admit" else "",
        "version": _digest.tool_version(report),
        "findings": _digest.findings(report),
        "severity_counts": _digest.severity_counts(report),
        "stages": _digest.stages(report),
        "tested": _digest.tested(report),
        "curves": _digest.curves(report),
        "gallery": gallery(report),
        "file": _digest.fact(report, FileFacts),
        "adapter": _digest.adapter_facts(report),
        "leftovers": _digest.leftovers(report),
        "further_reasons": _digest.further_reasons(report),
        "base": _digest.fact(report, BaseFacts),
        "weights": layers[0] if layers else None,
        "metrics": _charts.METRICS,
        "locks": report.evidence.all(IsolationFacts),
        "load": _digest.fact(report, LoadFacts),
        "base_kept": _digest.base_kept,
        "hunted": _digest.fact(report, Candidates),
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


def _environment() -> "Environment":
    """Escapes by default, twice: what would hide or reorder text becomes visible, then markup becomes text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - only a page pays for it

    made = Environment(
        loader=FileSystemLoader(shipped("reports", "templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "seen": foreign,
        "quoted": quoted,
        "suppression": suppression,
        "short": short,
        "number": write.number,
        "fixed": write.fixed,
        "scalar": write.scalar,
        "size": write.size,
        "seconds": write.seconds,
        "p_value": write.p_value,
        "share": write.share,
    }
    made.globals["count"] = write.count
    return made


def _shown(value: object) -> object:
    """What a template prints: text of any origin is foreign unless it is markup of our own."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return foreign(value, _LONGEST)
    return value


def _asset(*parts: str) -> str:
    return shipped("reports", "templates", *parts).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """The Content-Security-Policy source that admits exactly this inline text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


FORMAT = Format(name="html", suffixes=(".html", ".htm"), render=_render)
