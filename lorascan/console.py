"""Shows on stderr how far an audit is."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lorascan.core.evidence import StageName
from lorascan.core.progress import Listener, Progress, silent
from lorascan.core.text import visible

_WORDS = {
    StageName.FILE: "reading the file",
    StageName.WEIGHTS: "measuring the weights",
    StageName.LOAD: "loading it behind the lock",
    StageName.HUNT: "hunting for triggers",
    StageName.PROBE: "probing with pictures",
}


def stage_lines(name: str, write: Callable[[str], object]) -> Listener:
    """A listener that says one line as each stage begins, for a log that nobody watches."""

    def listen(step: object) -> None:
        if isinstance(step, StageName):
            write(f"{visible(name, 60)}: {_WORDS[step]}")

    return listen


Begin = Callable[[int, str], Listener]
"""Number of an audit, from 1, and the name of its file → what listens to its steps."""


@contextmanager
def progress(total: int, *, quiet: bool) -> Iterator[Begin]:
    """Listeners that draw one progress bar on stderr for `total` audits; silent when quiet or when stderr is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda _number, _name: silent
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[step]}", markup=False),
        TimeElapsedColumn(),
        *([TextColumn("left"), TimeRemainingColumn()] if total > 1 else []),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=total, step="")

        def begin(number: int, name: str) -> Listener:
            place = f"{number:,}/{total:,} " if total > 1 else ""
            bars.update(task, description=place + visible(name, 30), completed=number - 1, step="")
            return _stages(lambda stages, step: bars.update(task, completed=number - 1 + stages / len(StageName), step=step))

        yield begin
        bars.update(task, completed=total, step="")


def _stages(show: Callable[[float, str], None]) -> Listener:
    """A listener that shows how many stages have passed, parts of one included, and what is being done."""
    passed = -1

    def listen(step: object) -> None:
        nonlocal passed
        if isinstance(step, StageName):
            passed += 1
            show(passed, _WORDS[step])
        elif isinstance(step, Progress):
            show(max(passed, 0) + step.share, step.label)

    return listen
