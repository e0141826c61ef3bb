"""Shows a report in a notebook: a few escaped lines, no script."""

from collections.abc import Sequence
from html import escape

from lorascan.core.findings import Finding, Verdict
from lorascan.core.text import visible

_MOST = 20


def summary(name: str, verdict: Verdict, findings: Sequence[Finding]) -> str:
    """Decision, reasons, what was not assessed, and the findings, as HTML in which every foreign text is escaped."""
    lists = "".join(
        f"<p>{title}</p><ul>{''.join(f'<li>{_seen(each)}</li>' for each in told[:_MOST])}</ul>"
        for title, told in (("Why", verdict.reasons), ("Not assessed", verdict.not_assessed))
        if told
    )
    rows = "".join(f"<tr>{''.join(f'<td>{_seen(cell)}</td>' for cell in _cells(each))}</tr>" for each in findings[:_MOST])
    head = "".join(f"<th>{each}</th>" for each in ("severity", "rule", "finding", "where"))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else "<p>No finding.</p>"
    more = f"<p>{len(findings) - _MOST:,} more findings</p>" if len(findings) > _MOST else ""
    return f"<div><p><b>{_seen(verdict.decision.upper())}</b> <code>{_seen(name)}</code></p>{lists}{table}{more}</div>"


def _cells(finding: Finding) -> tuple[str, ...]:
    aside = f" (does not count: {finding.suppressed.kind})" if finding.suppressed else ""
    return str(finding.severity), finding.rule.code, finding.message + aside, finding.where


def _seen(text: str) -> str:
    return escape(visible(text, 400))
