"""Writes reports as JUnit XML."""

import io
from collections.abc import Iterator, Sequence

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from lorascan.core.evidence import Stage, Status
from lorascan.core.findings import Decision, Finding
from lorascan.core.report import Report
from lorascan.reporting import Format, Look, _digest
from lorascan.reporting import _machine as told


def _render(report: Report, look: Look) -> str:
    return "".join(_pieces([report], look))


def _pieces(reports: Sequence[Report], _: Look) -> Iterator[str]:
    """The document of each suite, cut out of its own root: every `<` of a text is escaped."""
    ending = ""
    for each in reports:
        text = _document(_suite(each))
        begin, end = text.index("<testsuite "), text.rindex("</testsuites>")
        yield text[begin if ending else 0 : end]
        ending = text[end:]
    yield ending or _document()


def _document(*suites: TestSuite) -> str:
    document = JUnitXml("lorascan")
    for each in suites:
        document.add_testsuite(each)
    sink = io.BytesIO()
    document.write(sink)
    return sink.getvalue().decode("utf-8") + "\n"


def _suite(report: Report) -> TestSuite:
    """One suite a file; its cases are the verdict, each stage and each finding."""
    suite = TestSuite(told.headline(report))
    facts = {
        "decision": str(report.verdict.decision),
        "file": told.safe(told.place(report)),
        "sha256": _digest.digest_of(report),
        "policy": told.safe(report.policy),
        "not_assessed": told.safe("; ".join(report.verdict.not_assessed)),
        "limits": told.safe("; ".join(report.verdict.limits)),
    }
    for name, value in facts.items():
        suite.add_property(name, value)
    for case in _cases(report):
        suite.add_testcase(case)
    return suite


def _cases(report: Report) -> Iterator[TestCase]:
    file = told.safe(told.place(report))
    yield _verdict(report, file)
    required = {each.stage for each in told.gaps(report) if each.required}
    for stage in _digest.stages(report):
        yield _stage(stage, file, required=stage.name in required)
    for finding in _digest.findings(report):
        yield _finding(finding, file)


def _verdict(report: Report, file: str) -> TestCase:
    case = TestCase("verdict", classname=file)
    reasons = "\n".join(map(told.safe, report.verdict.reasons))
    match report.verdict.decision:
        case Decision.REJECT | Decision.REVIEW:
            case.result = [Failure(told.headline(report), str(report.verdict.decision))]
            case.result[0].text = reasons
        case Decision.UNDECIDED:
            case.result = [Error(told.headline(report), "undecided")]
            case.result[0].text = reasons
        case Decision.ADMIT:
            case.system_out = told.headline(report)
    return case


def _stage(stage: Stage, file: str, *, required: bool) -> TestCase:
    case = TestCase(f"stage {stage.name}", classname=file, time=stage.seconds)
    reason = told.safe(f"{stage.name}: {stage.status}" + (f", {stage.reason}" if stage.reason else ""))
    if stage.status is Status.FAILED or (required and stage.status is not Status.RAN):
        case.result = [Error(reason, "stage")]
    elif stage.status is not Status.RAN:
        case.result = [Skipped(reason)]
    return case


def _finding(finding: Finding, file: str) -> TestCase:
    case = TestCase(f"{finding.rule.code} {finding.rule.name}", classname=file)
    where = f" ({_digest.placed(told.safe(finding.where))})" if finding.where else ""
    message = f"{told.safe(finding.message)}{where}"
    if finding.suppressed is not None:
        case.result = [Skipped(f"{told.suppression(finding)}; {message}")]
    elif told.counts(finding):
        case.result = [Failure(message, str(finding.severity))]
    else:
        case.system_out = message
    return case


FORMAT = Format(name="junit", suffixes=(".junit.xml", ".xml"), render=_render, pieces=_pieces)
