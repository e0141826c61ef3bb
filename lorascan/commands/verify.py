"""`lorascan verify`: does a stored result still speak for a file?"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lorascan import __version__
from lorascan.commands import Command
from lorascan.commands._stderr import say

if TYPE_CHECKING:
    from lorascan.core.findings import Finding, Verdict
    from lorascan.core.report import Report
    from lorascan.policy import Known, Policy

_SPEAKS_NOT = 3


def verify(
    result: Annotated[Path, typer.Argument(help="A JSON report of an earlier audit.", show_default=False)],
    file: Annotated[Path, typer.Argument(help="The adapter that is about to be used.", show_default=False)],
    *,
    policy: Annotated[
        str | None,
        typer.Option(
            help="The policy that must be met, by name or file; default: the one that the result was made with.", show_default=False
        ),
    ] = None,
    base: Annotated[str | None, typer.Option(help="The base that it will be used with; compared where given.", show_default=False)] = None,
) -> None:
    """Say whether an earlier result still speaks for this file, and with which verdict; for use before deployment.

    Compared are the file's SHA-256, lorascan's version, the base's digest, and the stages and findings against the policy.
    Where the result holds the same bytes several times, beside different files, the worst verdict counts. What a waiver or a
    baseline set aside when the result was made stays so until the waiver's last day.
    Exits with the verdict's code, and with 3 where the result does not speak for the file. A result is not signed: keep it
    where nobody else writes.
    """
    from lorascan.commands._one_file import demand_no_folder  # noqa: PLC0415 - the help stays light
    from lorascan.core.findings import Decision  # noqa: PLC0415
    from lorascan.intake import receive  # noqa: PLC0415
    from lorascan.policy import decide, exit_code, policy_named, worst  # noqa: PLC0415
    from lorascan.reporting._digest import searched  # noqa: PLC0415
    from lorascan.settings import DEFAULT  # noqa: PLC0415

    asked = policy_named(policy) if policy is not None else None
    demand_no_folder(file, "verify")
    sha256 = receive(file, DEFAULT.limits).identity.sha256
    found: list[tuple[int, Verdict, Policy, bool]] = []
    for report in _reports_for(sha256, result):
        wanted = asked or _made_with(report)
        objections = [*_objections(report, sha256), *_base_objections(report, base)]
        for each in objections:
            say(each)
        if objections:
            raise typer.Exit(_SPEAKS_NOT)
        verdict = decide(report.evidence, _live(report), report.verdict.limits, wanted, _listed(report))
        found.append((exit_code(verdict.decision, wanted), verdict, wanted, searched(report)))
    code = worst([each for each, *_ in found])
    _, verdict, wanted, hunted = next(each for each in found if each[0] == code)
    only = " (static only)" if verdict.decision is Decision.ADMIT and not hunted else ""
    typer.echo(f"{verdict.decision.upper()}{only}  the result speaks for this file under the policy {wanted.name}")
    for reason in verdict.reasons:
        say(reason)
    raise typer.Exit(code)


def _made_with(report: "Report") -> "Policy":
    """The policy that the result was made with. Raises UsageError for one of the caller's own: its file has to be named again."""
    from lorascan.core.errors import UsageError  # noqa: PLC0415
    from lorascan.core.findings import Severity  # noqa: PLC0415
    from lorascan.policy import POLICIES  # noqa: PLC0415

    if report.gate.policy_sha256 or report.policy not in POLICIES:
        message = f"the result was made with the policy {report.policy!r} of a file: name it with --policy"
        raise UsageError(message)
    policy = POLICIES[report.policy]
    return policy.failing_from(Severity(report.gate.fail_on)) if report.gate.fail_on else policy


def _live(report: "Report") -> "list[Finding]":
    """The findings; a waiver that has expired since counts no longer."""
    today = datetime.now(UTC).date().isoformat()
    expired = [each for each in report.findings if each.suppressed and each.suppressed.expires and each.suppressed.expires < today]
    return [replace(each, suppressed=None) if each in expired else each for each in report.findings]


def _listed(report: "Report") -> "Known":
    from lorascan.policy import Known  # noqa: PLC0415

    return next((each for each in Known if each is not Known.NO and report.gate.listed == str(each)), Known.NO)


def _reports_for(sha256: str, result: Path) -> "list[Report]":
    """Every report of a file with this digest, or else the first: the same bytes may have been judged at several places.

    Raises UsageError for what is no readable result.
    """
    from lorascan.commands._results import entries_of, read_entry  # noqa: PLC0415

    entries, _ = entries_of(result)
    same = [each for each in entries if isinstance(each, dict) and _claimed(each) == sha256]
    return [read_entry(each) for each in same or entries[:1] or [None]]


def _claimed(entry: dict[str, object]) -> object:
    subject = entry.get("subject")
    return subject.get("sha256") if isinstance(subject, dict) else None


def _objections(report: "Report", sha256: str) -> Iterator[str]:
    from lorascan.core.adapter import FileFacts, FileIdentity  # noqa: PLC0415
    from lorascan.core.pairs import PartnerFacts  # noqa: PLC0415

    known = [each.sha256 for each in report.evidence.all(FileFacts)] + [each.sha256 for each in report.evidence.all(FileIdentity)]
    told = known[0] if known else None
    if told != sha256:
        yield f"the result speaks for another file: SHA-256 {told or 'unknown'}, this file has {sha256}"
    for partner in report.evidence.all(PartnerFacts):
        yield f"the result speaks for this file together with {partner.name!r} alone: SHA-256 {partner.sha256 or 'unknown'}"
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
