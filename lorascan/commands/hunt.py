"""`lorascan hunt`: what might be a hidden trigger, ranked, without a verdict."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lorascan.commands import Command
from lorascan.commands import _options as options
from lorascan.commands._stderr import say

if TYPE_CHECKING:
    from lorascan.core.evidence import Evidence
    from lorascan.settings import Settings

REJECTED, INCOMPLETE, NO_INPUT = 1, 3, 4


class HuntFormat(StrEnum):
    """How the candidates are written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


def hunt(  # noqa: PLR0913 - one parameter an option
    file: Annotated[Path, typer.Argument(help="The adapter.", show_default=False)],
    *,
    output_format: Annotated[
        HuntFormat | None, typer.Option("--format", "-f", help="How to write it; by the suffix of -o, else text.", show_default=False)
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write there instead of stdout.", show_default=False)] = None,
    top: Annotated[int, typer.Option("--top", "-n", min=1, help="How many candidates to list, and to name the targets of.")] = 20,
    base: options.Base = None,
    scorer: options.Scorer = None,
    device: options.Device = None,
    isolation: options.Isolation = None,
    declared: options.Declared = None,
    seed: options.Seed = None,
    budget: options.Budget = None,
    timeout: options.Timeout = None,
    config: options.ConfigFile = None,
    quiet: options.Quiet = False,
) -> None:
    """Hunt hidden triggers: ranked candidates with scores, no verdict.

    The file is vetted, measured and loaded behind a lock as by audit, and searched without drawing a picture. A candidate is a
    text to look at and no finding: honest adapters have candidates too, and audit tests them. Exits 0 where the hunt ran to its
    end, 1 for a file that is rejected before it is loaded, 3 where a stage did not run, 4 where there is no file.
    """
    given = locals()
    from lorascan.auditing import nominate  # noqa: PLC0415 - the help stays light
    from lorascan.commands._nominations import RENDERERS  # noqa: PLC0415
    from lorascan.console import progress  # noqa: PLC0415
    from lorascan.core.evidence import StageName  # noqa: PLC0415
    from lorascan.deadline import deadline  # noqa: PLC0415

    if not file.is_file():
        say(f"no adapter found at {file}" + (": it is a folder, and hunt takes one file" if file.is_dir() else ""), "error")
        raise typer.Exit(NO_INPUT)
    form = _form(output_format, output)
    settings = _settings(given, file, config, top)
    with progress(1, quiet=quiet, say=lambda line: say(line, "info")) as begin, deadline(settings.timeout_seconds):
        evidence, rejecting = nominate(file, settings, listener=begin(1, file.name))
    if rejecting or evidence.refusals:
        told = [(each.rule.code, each.message) for each in rejecting] or [(each.code, each.message) for each in evidence.refusals]
        for code, message in told:
            say(f"{file.name}: {code} {message}", "error")
        say(f"{file.name}: refused before loading, nothing was hunted", "error")
        raise typer.Exit(REJECTED)
    if not evidence.ran(StageName.HUNT):
        say(f"{file.name}: nothing was hunted: {_why(evidence)}", "error")
        raise typer.Exit(INCOMPLETE)
    _write(RENDERERS[form](evidence, top), output)


def _form(chosen: HuntFormat | None, output: Path | None) -> str:
    """The format that was chosen, or that of the output's suffix. Raises UsageError before anything is hunted."""
    from lorascan.core.errors import UsageError  # noqa: PLC0415

    if output is not None and not output.absolute().parent.is_dir():
        message = f"cannot write {output}: its folder does not exist"
        raise UsageError(message)
    suffix = output.suffix.removeprefix(".") if output is not None else ""
    return str(chosen) if chosen else next((str(each) for each in HuntFormat if each.value == suffix), str(HuntFormat.TEXT))


def _settings(given: dict[str, Any], file: Path, config: Path | None, top: int) -> "Settings":
    """The settings in force: the options over the environment over the config file. Raises UsageError."""
    from lorascan.config import effective  # noqa: PLC0415
    from lorascan.settings import settings_of  # noqa: PLC0415

    names = ("base", "scorer", "device", "isolation", "declared", "seed", "budget", "timeout")
    values = {name: given[name] for name in names} | {"declared": tuple(given["declared"]) if given["declared"] else None}
    found = effective(values, file=config, scanned=[file])
    for each in found.ignored:
        say(f"{each} stands beside what is scanned and is not read; name it with --config if it is yours")
    chosen = {name: getattr(found.config, name) for name in names}
    settings = settings_of(**{"timeout_seconds" if name == "timeout" else name: value for name, value in chosen.items()})
    return settings.model_copy(update={"budget": settings.budget.model_copy(update={"targets": top})})


def _why(evidence: "Evidence") -> str:
    """What stopped it, of the last stage that began."""
    last = evidence.stages[-1]
    return f"{last.name} stage {last.status}" + (f", {last.reason}" if last.reason else "")


def _write(content: str, output: Path | None) -> None:
    from lorascan.core.atomic import write_atomically  # noqa: PLC0415

    if output is not None:
        write_atomically(output, content)
        return
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(content.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


COMMAND = Command(name="hunt", run=hunt)
