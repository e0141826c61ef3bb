"""The command line: parse, call, print, exit."""

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TextIO

import typer

from lorascan import __version__
from lorascan.commands import commands
from lorascan.commands._lab import lab_app

if TYPE_CHECKING:
    from lorascan.core.report import Report
    from lorascan.settings import Settings
    from lorascan.targets import Target

EXIT_CODES_HELP = "Exit codes: 0 admit, 1 reject, 2 usage error, 3 could not decide, 4 no input matched, 5 review needed."

app = typer.Typer(
    name="lorascan",
    help="Decide whether an untrusted LoRA adapter for an image model may be admitted.",
    epilog=EXIT_CODES_HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for each in commands():
    app.command(each.name, epilog=each.epilog)(each.run)
app.add_typer(lab_app, name="lab")


class PolicyName(StrEnum):
    """Shipped policies."""

    STATIC = "static"
    CI = "ci"
    STRICT = "strict"
    RESEARCH = "research"


class When(StrEnum):
    """When to use colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def main() -> NoReturn:
    """Run the command line; usage errors exit 2, an interrupt 130, never with a traceback."""
    from lorascan.core.errors import StageFailed, Unavailable, UsageError  # noqa: PLC0415 - after --version

    try:
        _open_missing_streams()
        app()
    except UsageError as error:
        _fail(str(error), 2)
    except (Unavailable, StageFailed) as error:
        _fail(str(error), 3)
    except KeyboardInterrupt:
        _fail("interrupted", 130)
    except OSError as error:
        _silence(sys.stdout)
        _fail(f"cannot print: {error.strerror or error}", 3)
    sys.exit(0)


def _open_missing_streams() -> None:
    """A caller may have closed them; what goes there is then lost, and the exit code still tells."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115 - until the process ends


def _silence(stream: "TextIO") -> None:
    """Let Python's own flush at the end go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"lorascan {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=lambda value: _version(wanted=value), is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Decide whether an untrusted LoRA adapter for an image model may be admitted."""
    del version


@app.command(epilog=EXIT_CODES_HELP)
def audit(  # noqa: PLR0913 - one parameter an option
    target: Annotated[list[str], typer.Argument(help="Adapter files, folders or globs.", show_default=False)],
    *,
    policy: Annotated[
        PolicyName,
        typer.Option(
            help="static: file and weights only; ci: all stages; strict: a review rejects; research: never blocks but on a reject."
        ),
    ] = PolicyName.CI,
    base: Annotated[
        str | None,
        typer.Option(
            help='"lab", a diffusers folder, or a name in the local hub cache. Default: the lab where the adapter fits it.',
            show_default=False,
        ),
    ] = None,
    scorer: Annotated[
        Path | None,
        typer.Option(help="open_clip folder that scores pictures (needed with a base of your own).", show_default=False),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    isolation: Annotated[str, typer.Option(help="auto, namespaces, process; none runs WITHOUT a lock and is refused in CI.")] = "auto",
    declared: Annotated[
        list[str] | None,
        typer.Option(help="A trigger phrase declared outside the file, such as on its page (repeatable).", show_default=False),
    ] = None,
    output_format: Annotated[str, typer.Option("--format", "-f", help="What stdout gets: text or json.")] = "text",
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            help="Also write a report; its suffix says the format: .html .json .txt (repeatable).",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 0,
    allow_list: Annotated[
        Path | None,
        typer.Option(help="SHA-256 digests whose findings are set aside, those of the container excepted.", show_default=False),
    ] = None,
    block_list: Annotated[Path | None, typer.Option(help="SHA-256 digests that are rejected.", show_default=False)] = None,
    max_size: Annotated[str | None, typer.Option(help="Largest file that is read, such as 500MB.", show_default=False)] = None,
    timeout: Annotated[float | None, typer.Option(help="Wall seconds for one file; then it is undecided.", show_default=False)] = None,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Load a file that is already rejected (researchers).")] = False,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Report only: exit 0 whatever the verdict.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
    color: Annotated[When, typer.Option(help="Colour on stdout.")] = When.AUTO,
) -> None:
    """Vet, measure, load behind a lock, hunt, probe, decide, report."""
    from lorascan.commands._limits import digests, size  # noqa: PLC0415
    from lorascan.policy import NO_INPUT, POLICIES, exit_code, worst  # noqa: PLC0415
    from lorascan.settings import settings_of  # noqa: PLC0415
    from lorascan.targets import select  # noqa: PLC0415

    settings = settings_of(
        policy=policy.value,
        base=base,
        scorer=scorer,
        device=device,
        isolation=isolation,
        declared=tuple(declared or ()),
        seed=seed,
        keep_going=keep_going,
        allowed=digests(allow_list),
        blocked=digests(block_list),
        limits={"file_bytes": size(max_size)} if max_size else None,
        timeout_seconds=timeout,
    )
    selected = select(target)
    sinks = _sinks(output_format, output or [], many=selected.many)
    for name in selected.missing:
        _say(f"no adapter found at {name}")
    reports, lost = _audit_all(selected.targets, settings, quiet=quiet)
    codes = [exit_code(report.verdict.decision, POLICIES[policy.value]) for report in reports]
    code = worst([*codes, *([NO_INPUT] if selected.missing else [])])
    written, failed = _write(reports, sinks)
    if not _print(reports, output_format, color, written=written, many=selected.many) or failed or lost:
        code = worst([code, 3])
    raise typer.Exit(0 if exit_zero else code)


def _audit_all(targets: "Sequence[Target]", settings: "Settings", *, quiet: bool) -> "tuple[list[Report], bool]":
    """A report for each target, and whether one was lost: its time ran out between two stages."""
    from lorascan.auditing import audit as run  # noqa: PLC0415
    from lorascan.console import progress  # noqa: PLC0415
    from lorascan.core.errors import StageFailed  # noqa: PLC0415
    from lorascan.core.recall import Recall  # noqa: PLC0415
    from lorascan.deadline import deadline  # noqa: PLC0415

    reports, lost = [], False
    recall = Recall()
    command = shlex.join(["lorascan", *sys.argv[1:]])
    for each in targets:
        try:
            with progress(each.path.name, quiet=quiet) as listener, deadline(settings.timeout_seconds):
                report = run(each.path, settings, listener=listener, command=command, surroundings=each.surroundings, recall=recall)
        except StageFailed as error:
            lost = True
            _say(f"{each.path}: undecided, {error}")
        else:
            reports.append(report)
    return reports, lost


def _sinks(output_format: str, outputs: "Sequence[Path]", *, many: bool) -> "list[tuple[Path, Any]]":
    """Every output path with its format, checked before any work is done. Raises UsageError."""
    from lorascan.core.errors import UsageError  # noqa: PLC0415
    from lorascan.reporting import format_for, format_named  # noqa: PLC0415

    format_named(output_format)
    sinks = [(path, format_for(path)) for path in outputs]
    for path, kind in sinks:
        if many and kind.render_all is None:
            message = f"{path}: a {kind.name} report holds one adapter; audit the files one by one"
            raise UsageError(message)
    return sinks


def _write(reports: "Sequence[Report]", sinks: "Sequence[tuple[Path, Any]]") -> tuple[list[str], bool]:
    """Write every output; a file that cannot be written is told on stderr with the verdict. Returns names written, any failure."""
    from lorascan.atomic import write_atomically  # noqa: PLC0415

    written, failed = [], False
    for path, kind in sinks:
        if not reports:
            continue
        try:
            text = kind.render_all(reports, _look(When.NEVER)) if len(reports) > 1 else kind.render(reports[0], _look(When.NEVER))
            write_atomically(path, text)
            written.append(str(path))
        except OSError as error:
            failed = True
            _say(f"cannot write {path}: {error.strerror or error}; {_verdicts(reports)}")
    return written, failed


def _verdicts(reports: "Sequence[Report]") -> str:
    return "the verdict was: " + ", ".join(report.verdict.decision for report in reports)


def _print(reports: "Sequence[Report]", output_format: str, color: When, *, written: "Sequence[str]", many: bool) -> bool:
    """Print the report; False where stdout does not take it, with the verdict told on stderr."""
    from dataclasses import replace  # noqa: PLC0415

    from lorascan.reporting import format_named  # noqa: PLC0415

    look = replace(_look(color), written=tuple(written))
    kind = format_named(output_format)
    try:
        if many and kind.render_all is not None and (reports or kind.name == "json"):
            sys.stdout.write(kind.render_all(reports, look))
        elif reports:
            sys.stdout.write(kind.render(reports[0], look))
        sys.stdout.flush()
    except OSError as error:
        _silence(sys.stdout)
        _say(f"cannot print: {error.strerror or error}; {_verdicts(reports)}")
        return False
    return True


def _look(color: When) -> "Any":  # noqa: ANN401 - reporting.Look, imported late
    from lorascan.reporting import Look  # noqa: PLC0415

    terminal = sys.stdout.isatty()
    wanted = {When.ALWAYS: True, When.NEVER: False}.get(color)
    if wanted is None:
        wanted = bool(os.environ.get("FORCE_COLOR")) or (terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")
    encoding = (sys.stdout.encoding or "ascii").lower()
    return Look(colour=wanted, width=min(shutil.get_terminal_size((80, 24)).columns, 100), ascii_only="utf" not in encoding)


def _say(message: str) -> None:
    from lorascan.commands._stderr import say  # noqa: PLC0415

    say(message)


def _fail(message: str, code: int) -> NoReturn:
    _say(message)
    sys.exit(code)
