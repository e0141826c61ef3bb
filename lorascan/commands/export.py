"""`lorascan export`: writes the vetted update anew."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from lorascan.commands import Command
from lorascan.commands._stderr import say


def export(
    file: Annotated[Path, typer.Argument(help="The adapter.", show_default=False)],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the new safetensors file goes.")],
    clean: Annotated[bool, typer.Option("--clean", help="Our own keys, scaling baked in, no foreign metadata (the only way).")] = False,
    base: Annotated[str | None, typer.Option(help="The base whose module names are used; see audit.", show_default=False)] = None,
) -> None:
    """Write the vetted update anew: our own keys, scaling baked in, no foreign metadata.

    The file passes the static stages first; a rejected one is not exported (exit 1). What is no update of a known module is
    left out and told. Behaviour is not tested: audit the new file.
    """
    from lorascan.auditing import Subject  # noqa: PLC0415
    from lorascan.auditing import audit as run  # noqa: PLC0415
    from lorascan.core.atomic import write_atomically  # noqa: PLC0415 - the help stays light
    from lorascan.core.errors import UsageError  # noqa: PLC0415
    from lorascan.core.findings import Decision  # noqa: PLC0415
    from lorascan.policy import EXIT_CODES  # noqa: PLC0415
    from lorascan.settings import settings_of  # noqa: PLC0415
    from lorascan.weights.canonical import canonical, loadable, plain  # noqa: PLC0415

    _demand_sense(file, output, clean=clean)
    report = run(file, settings_of(policy="static", base=base))
    decision = report.verdict.decision
    if decision in (Decision.REJECT, Decision.UNDECIDED):
        say(f"not exported, {decision}: {'; '.join(report.verdict.reasons)}")
        raise typer.Exit(EXIT_CODES[decision])
    subject = report.evidence[Subject]
    exported = sum(loadable(each) and plain(each) for each in subject.adapter.updates)
    if not exported:
        say("not exported: no update of this file is a plain pair for a module of a base that lorascan knows; name one with --base")
        raise typer.Exit(EXIT_CODES[Decision.UNDECIDED])
    try:
        write_atomically(output, canonical(subject.adapter, subject.vetted))
    except OSError as error:
        message = f"cannot write {output}: {error.strerror or error}"
        raise UsageError(message) from error
    left_out = len(subject.adapter.updates) - exported + len(subject.adapter.leftovers)
    said = f"{exported:,} updates written to {output} as float32, {left_out:,} updates or tensors left out"
    say(f"{said}; the original was for review: {'; '.join(report.verdict.reasons)}" if decision is Decision.REVIEW else said)
    words = subject.adapter.facts.declared_triggers
    if words:
        options = " ".join(f"--declared {shlex.quote(word)}" for word in words[:_MOST_WORDS])
        say(f"the words that the original declares are foreign text and were left out; audit the new file with {options}")


_MOST_WORDS = 10


def _demand_sense(file: Path, output: Path, *, clean: bool) -> None:
    from lorascan.core.errors import UsageError  # noqa: PLC0415

    if not clean:
        message = "say --clean: exporting without cleaning would only copy the file"
        raise UsageError(message)
    if output.exists() and file.exists() and output.samefile(file):
        message = "the output is the file itself; nothing is ever written over what was vetted"
        raise UsageError(message)
    if not file.exists():
        message = f"no adapter found at {file}"
        raise UsageError(message)


COMMAND = Command(name="export", run=export)
