"""`lorascan calibrate`: learns from the user's own honest adapters."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lorascan.commands import Command
from lorascan.commands import _options as options
from lorascan.commands._stderr import say

if TYPE_CHECKING:
    from lorascan.commands._running import Call
    from lorascan.core.report import Report

INCOMPLETE, NO_INPUT = 3, 4


def calibrate(  # noqa: PLR0913 - one parameter an option
    folder: Annotated[Path, typer.Argument(help="Honest adapters, JSON reports of their audits, or both.", show_default=False)],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the calibration goes.", show_default=False)],
    base: options.Base = None,
    scorer: options.Scorer = None,
    device: options.Device = None,
    isolation: options.Isolation = None,
    budget: options.Budget = None,
    timeout: options.Timeout = None,
    config: options.ConfigFile = None,
    cache: options.UseCache = None,
    cache_dir: options.CacheFolder = None,
    quiet: options.Quiet = False,
) -> None:
    """Learn how strongly undeclared words act in your own honest adapters, for `audit --calibration`.

    Adapters without a report are audited in full, which takes minutes each; all must be for one base and audited at one budget.
    From 19 of them on a new adapter that stands out goes to review at p ≤ .05, from 99 on at .01; fewer are of no use yet. Nothing is
    admitted by a calibration. You vouch for them: a backdoored one among them hides its like. Exits 3 where an adapter could not be
    used, with the calibration of the others; 4 where there is none.
    """
    given = locals()
    from lorascan.calibration import FEW, MANY, learnt, why_unusable  # noqa: PLC0415 - the help stays light
    from lorascan.core.atomic import write_atomically  # noqa: PLC0415
    from lorascan.core.errors import UsageError  # noqa: PLC0415
    from lorascan.core.text import counted  # noqa: PLC0415

    if not output.absolute().parent.is_dir():
        message = f"cannot write {output}: its folder does not exist"
        raise UsageError(message)
    reports = gathered(folder, _call(given, folder))
    if not reports:
        say(f"no adapter and no report found in {folder}", "error")
        raise typer.Exit(NO_INPUT)
    usable = []
    for each in reports:
        if why := why_unusable(each):
            say(f"left out: {each.name}: {why}", "error")
            continue
        usable.append(each)
        if str(each.verdict.decision) == "reject":
            say(f"{each.name} is rejected, and counts as honest because you say so: {'; '.join(each.verdict.reasons)}")
    if not usable:
        raise typer.Exit(INCOMPLETE)
    content = learnt(usable)
    write_atomically(output, content)
    count = content.count('"score"')
    use = "no p of .05 can be reached yet" if count < FEW else "compares at p ≤ .05" if count < MANY else "compares at p ≤ .01"
    typer.echo(f"{output}: {counted(count, 'honest adapter')}, {use}")
    raise typer.Exit(INCOMPLETE if len(usable) < len(reports) else 0)


def gathered(folder: Path, call: "Call") -> list["Report"]:
    """The stored reports of a folder, then those of its adapters that none of them is about."""
    from lorascan.cache import digest_of  # noqa: PLC0415
    from lorascan.commands._running import audit_all  # noqa: PLC0415
    from lorascan.core.adapter import FileFacts  # noqa: PLC0415
    from lorascan.targets import select  # noqa: PLC0415

    reports = _stored(folder)
    known = {facts.sha256 for each in reports for facts in each.evidence.all(FileFacts)}
    most = call.settings.limits.file_bytes
    targets = [each for each in select([str(folder)]).targets if digest_of(each.path, most) not in known]
    audit_all(targets, call, reports.append)
    return reports


def _stored(folder: Path) -> list["Report"]:
    """The reports in the folder's JSON files; other JSON, such as an adapter's config, is passed over, and told where it cannot be read."""
    from lorascan.commands._results import entries_of, read_entry  # noqa: PLC0415
    from lorascan.core.errors import UsageError  # noqa: PLC0415
    from lorascan.core.report import SCHEMA  # noqa: PLC0415

    found: list[Report] = []
    paths = [folder] if folder.is_file() and folder.suffix == ".json" else sorted(folder.rglob("*.json"))
    for path in paths:
        try:
            entries, _ = entries_of(path)
            found += [read_entry(each) for each in entries if isinstance(each, dict) and each.get("schema") == SCHEMA]
        except UsageError as error:
            say(f"passed over: {error}")
    return found


def _call(given: dict[str, Any], folder: Path) -> "Call":
    """The settings in force, as `audit` finds them. Raises UsageError."""
    from lorascan.cache import Cache, default_folder  # noqa: PLC0415
    from lorascan.commands._running import Call  # noqa: PLC0415
    from lorascan.config import effective  # noqa: PLC0415
    from lorascan.policy import Rulebook  # noqa: PLC0415
    from lorascan.settings import settings_of  # noqa: PLC0415

    names = ("base", "scorer", "device", "isolation", "budget", "timeout", "cache", "cache_dir")
    found = effective({name: given[name] for name in names}, file=given["config"], scanned=[folder]).config
    settings = settings_of(
        base=found.base,
        scorer=found.scorer,
        device=found.device,
        isolation=found.isolation,
        seed=found.seed,
        budget=found.budget,
        timeout_seconds=found.timeout,
    )
    kept = Cache(found.cache_dir or default_folder()) if found.cache else None
    if kept is not None and (trouble := kept.trouble()):
        say(f"no results are kept in {kept.folder}: {trouble}")
        kept = None
    return Call(settings=settings, rules=Rulebook(), cache=kept, quiet=given["quiet"])


COMMAND = Command(name="calibrate", run=calibrate)
