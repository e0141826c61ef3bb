"""Shows on stderr how far an audit is."""

import sys
from collections.abc import Iterator
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


def stage_lines(name: str) -> Listener:
    """A listener that writes one line on stderr as each stage begins, for a log that nobody watches."""

    def listen(step: object) -> None:
        if isinstance(step, StageName):
            sys.stderr.write(f"{visible(name, 60)}: {_WORDS[step]}\n")
            sys.stderr.flush()

    return listen


@contextmanager
def progress(name: str, *, quiet: bool) -> Iterator[Listener]:
    """A listener that draws a progress bar on stderr; silent when quiet or when stderr is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[step]}", markup=False),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(visible(name, 30), total=len(StageName), step="")
        stage = -1

        def listen(step: object) -> None:
            nonlocal stage
            if isinstance(step, StageName):
                stage += 1
                bars.update(task, completed=stage, step=_WORDS[step])
            elif isinstance(step, Progress):
                bars.update(task, completed=max(stage, 0) + step.share, step=step.label)

        yield listen
