"""Shows on stderr how far an audit is."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import final

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


def both(one: Listener, other: Listener) -> Listener:
    """A listener that tells two of them."""

    def listen(step: object) -> None:
        one(step)
        other(step)

    return listen


Begin = Callable[[int, str], Listener]
"""Number of an audit, from 1, and the name of its file → what listens to its steps."""


EVERY = 25.0
"""Seconds between two signs of life: a log's reader waits half a minute at most."""


@contextmanager
def progress(total: int, *, quiet: bool, say: Callable[[str], object], every: float = EVERY) -> Iterator[Begin]:
    """Listeners that draw one progress bar on stderr for `total` audits; silent when quiet.

    Where stderr is no terminal, `say` gets a line every so many seconds on what is being done, so that a log of a long audit
    does not look like that of one that hangs.
    """
    if quiet:
        yield lambda _number, _name: silent
        return
    if not sys.stderr.isatty():
        with _Pulse(total, say, every) as pulse:
            yield pulse.begin
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


@final
class _Pulse:
    """Says again and again, from a thread of its own, which stage of which audit is under way and for how long."""

    def __init__(self, total: int, say: Callable[[str], object], every: float) -> None:
        """Begin to say nothing: no audit has begun."""
        self._total, self._say, self._every = total, say, every
        self._name, self._step, self._since = "", "", monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def begin(self, number: int, name: str) -> Listener:
        """A listener for the steps of one audit."""
        place = f"{number:,}/{self._total:,} " if self._total > 1 else ""
        self._name, self._step, self._since = place + visible(name, 60), "beginning", monotonic()
        stage, named = "", _rounds()

        def listen(step: object) -> None:
            nonlocal stage, named
            if isinstance(step, StageName):
                stage = self._step = _WORDS[step]
                named = _rounds()
            elif isinstance(step, Progress):
                self._step = f"{stage}: {named(step)}, {100 * step.share:.0f} %"

        return listen

    def __enter__(self) -> "_Pulse":
        """Start; a machine without room for a thread goes without."""
        with suppress(RuntimeError):
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Say nothing more."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join(1.0)

    def _beat(self) -> None:
        while not self._over.wait(self._every):
            if self._name:
                self._say(f"{self._name}: {self._step}, {monotonic() - self._since:.0f} s so far")


def _rounds() -> Callable[[Progress], str]:
    """Names the steps of one stage: those of one name follow each other, and a share that falls back is the next one's."""
    seen: dict[str, tuple[int, float]] = {}

    def named(step: Progress) -> str:
        number, share = seen.get(step.label, (1, 0.0))
        number += step.share < share
        seen[step.label] = number, step.share
        return step.label if number == 1 else f"{step.label}, round {number:,}"

    return named


def _stages(show: Callable[[float, str], None]) -> Listener:
    """A listener that shows how many stages have passed, parts of one included, and what is being done."""
    passed, named = -1, _rounds()

    def listen(step: object) -> None:
        nonlocal passed, named
        if isinstance(step, StageName):
            passed, named = passed + 1, _rounds()
            show(passed, _WORDS[step])
        elif isinstance(step, Progress):
            show(max(passed, 0) + step.share, named(step))

    return listen
