"""`lorascan verify`: does a stored result still speak for a file?"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lorascan import __version__
from lorascan.commands import Command
from lorascan.commands._stderr import say

if TYPE_CHECKING:
    from lorascan.core.report import Report

_SPEAKS_NOT = 3


def verify(
    result: Annotated[Path, typer.Argument(help="A JSON report of an earlier audit.", show_default=False)],
    file: Annotated[Path, typer.Argument(help="The adapter that is about to be used.", show_default=False)],
    *,
    policy: Annotated[str, typer.Option(help="The policy that must be met: static, ci, strict or research.")] = "ci",
    base: Annotated[str | None, typer.Option(help="The base that it will be used with; compared where given.", show_default=False)] = None,
) -> None:
    """Say whether an earlier result still speaks for this file, and with which verdict; for use before deployment.

    Compared are the file's SHA-256, lorascan's version, the base's digest, and the stages and findings against the policy.
    Exits with the verdict's code, and with 3 where the result does not speak for the file. A result is not signed: keep it
    where nobody else writes.
    """
    from lorascan.core.errors import UsageError  # noqa: PLC0415 - the help stays light
    from lorascan.intake import receive  # noqa: PLC0415
    from lorascan.policy import POLICIES, decide, exit_code  # noqa: PLC0415
    from lorascan.settings import DEFAULT  # noqa: PLC0415

    if policy not in POLICIES:
        message = f"unknown policy {policy!r}; known are {', '.join(POLICIES)}"
        raise UsageError(message)
    sha256 = receive(file, DEFAULT.limits).identity.sha256
    report = _report_for(sha256, result)
    objections = [*_objections(report, sha256), *_base_objections(report, base)]
    for each in objections:
        say(each)
    if objections:
        raise typer.Exit(_SPEAKS_NOT)
    verdict = decide(report.evidence, report.findings, report.verdict.limits, POLICIES[policy])
    typer.echo(f"{verdict.decision.upper()}  the result speaks for this file under the policy {policy}")
    for reason in verdict.reasons:
        say(reason)
    raise typer.Exit(exit_code(verdict.decision, POLICIES[policy]))


def _report_for(sha256: str, result: Path) -> "Report":
    """The report of the file with this digest, or the only one. Raises UsageError for what is no readable result."""
    from lorascan.core.errors import UsageError  # noqa: PLC0415
    from lorascan.reporting import load  # noqa: PLC0415

    try:
        text = result.read_text(encoding="utf-8")
        told = json.loads(text)
        entries = told if isinstance(told, list) else [told]
        same = [each for each in entries if isinstance(each, dict) and _claimed(each) == sha256]
    except OSError as error:
        message = f"{result} cannot be read: {error.strerror or error}"
        raise UsageError(message) from error
    except (ValueError, RecursionError) as error:
        message = f"{result} is no JSON report"
        raise UsageError(message) from error
    return load(json.dumps((same or entries or [None])[0]))


def _claimed(entry: dict[str, object]) -> object:
    subject = entry.get("subject")
    return subject.get("sha256") if isinstance(subject, dict) else None


def _objections(report: "Report", sha256: str) -> Iterator[str]:
    from lorascan.core.adapter import FileFacts  # noqa: PLC0415

    told = report.evidence[FileFacts].sha256 if report.evidence.has(FileFacts) else None
    if told != sha256:
        yield f"the result speaks for another file: SHA-256 {told or 'unknown'}, this file has {sha256}"
    version = report.environment.get("lorascan", "unknown")
    if version != __version__:
        yield f"the result was made by lorascan {version}, this is {__version__}: audit again"


def _base_objections(report: "Report", base: str | None) -> Iterator[str]:
    from lorascan.bases import resolve_base  # noqa: PLC0415
    from lorascan.core.adapter import BaseFacts  # noqa: PLC0415
    from lorascan.core.behaviour import LoadFacts  # noqa: PLC0415

    if base is None:
        return
    if not report.evidence.has(LoadFacts) or not report.evidence.has(BaseFacts):
        yield "the result was made without a base"
        return
    digest = resolve_base(base, report.evidence[BaseFacts]).sha256
    if report.evidence[LoadFacts].base_sha256 != digest:
        yield f"the result was made with another base: {report.evidence[LoadFacts].base_sha256}, this one has {digest}"


COMMAND = Command(name="verify", run=verify)
