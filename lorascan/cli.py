"""The command line: parse, call, print, exit."""

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from lorascan import __version__
from lorascan.commands import EXIT_CODES_HELP, GROUPS, commands
from lorascan.commands._stderr import say, silence


def application(first: str = "") -> typer.Typer:
    """The command line. `first`: a call's first argument; the command or group of that name is then the only one, which costs less."""
    app = typer.Typer(
        name="lorascan",
        help="Decide whether an untrusted LoRA adapter for an image model may be admitted.",
        epilog=EXIT_CODES_HELP,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(options)
    wanted = commands(first)
    groups = {
        name: typer.Typer(help=told, no_args_is_help=True, rich_markup_mode=None, add_completion=False)
        for name, told in GROUPS.items()
        if any(each.group == name for each in wanted)
    }
    for each in wanted:
        (groups[each.group] if each.group else app).command(each.name, epilog=each.epilog, cls=each.shape)(each.run)
    for name, group in groups.items():
        app.add_typer(group, name=name)
    if not first or not any(first in {each.name, each.group} for each in wanted):
        from lorascan.commands._lab import lab_app  # noqa: PLC0415 - no other command needs it

        app.add_typer(lab_app, name="lab")
    return app


_INTERRUPTED = 130
_NOBODY_READS = 141  # as a shell says of a program that SIGPIPE ended; 1 would be a reject


def main() -> NoReturn:
    """Run the command line; usage errors exit 2, an interrupt 130, a reader that has gone away 141, never with a traceback."""
    stdout = sys.stdout
    try:
        from lorascan.core.errors import StageFailed, Unavailable, UsageError  # noqa: PLC0415 - after --version

        _open_missing_streams()
        stdout = sys.stdout
        application(next(iter(sys.argv[1:]), ""))(prog_name="lorascan")
    except KeyboardInterrupt:  # first: the others' names may not be bound yet
        _fail("interrupted", _INTERRUPTED)
    except MemoryError:
        _fail("out of memory", 3)
    except ImportError as error:  # a library that finds no memory to be mapped to says so too
        _fail(f"cannot import: {str(error).strip().rpartition(chr(10))[2]}", 3)
    except SystemExit as ending:
        _tell_what_typer_does_not(ending.code, muted=sys.stdout is not stdout)
        raise
    except UsageError as error:
        _fail(str(error), 2)
    except (Unavailable, StageFailed) as error:
        _fail(str(error), 3)
    except OSError as error:
        reason = error.strerror or error
        if error.filename is not None:
            name = os.fsdecode(error.filename) if isinstance(error.filename, bytes) else error.filename
            _fail(f"cannot read or write {name}: {reason}", 3)
        silence(sys.stdout)
        _fail(f"cannot print: {reason}", 3)
    sys.exit(0)


def _tell_what_typer_does_not(code: object, *, muted: bool) -> None:
    """Its answer to an interrupt is silent; where nobody reads stdout it puts a mute stream there and exits 1, which is a reject."""
    if code == _INTERRUPTED:
        _fail("interrupted", _INTERRUPTED)
    if code == 1 and muted:
        sys.exit(_NOBODY_READS)


def _open_missing_streams() -> None:
    """A caller may have closed them; what goes there is then lost, and the exit code still tells."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115 - until the process ends


def _version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"lorascan {__version__}")
        raise typer.Exit


def options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=lambda value: _version(wanted=value), is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Decide whether an untrusted LoRA adapter for an image model may be admitted."""
    del version


def _fail(message: str, code: int) -> NoReturn:
    say(message, "error")
    sys.exit(code)
