"""The reference worker and the adapted worker, side by side."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from lorascan.core.threads import threads
from lorascan.worker.client import Worker

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A reference worker (base and scorer) and an adapted worker (the same base with the adapter attached).

    `alone`: of a pair, the adapted worker with the first and with the second adapter acting by itself; of one adapter, none. `random`:
    the adapted worker with a random update as large as the adapter acting instead of it, where one was attached.
    """

    reference: Worker
    adapted: Worker
    base_folder: Path
    family: str
    alone: tuple[Worker, ...] = ()
    random: Worker | None = None

    def both(self, task: Callable[[Worker], ResultT]) -> tuple[ResultT, ResultT]:
        """The task's result from the reference and from the adapted worker, run at the same time."""
        return self.apart(lambda: task(self.reference), lambda: task(self.adapted))

    def apart(self, first: Callable[[], ResultT], second: Callable[[], ResultT]) -> tuple[ResultT, ResultT]:
        """Two tasks at the same time, one for each worker; the first error is raised once both have ended.

        Where the caller is interrupted, or its time is over, both workers are killed: nobody waits for their answers.
        """
        with threads(2) as pool:
            waiting = pool.submit(first), pool.submit(second)
            try:
                return waiting[0].result(), waiting[1].result()
            except BaseException as error:  # an interrupt and an end by signal too; raised again
                if not any(each.done() and each.exception() is error for each in waiting):
                    for worker in (self.reference, self.adapted):
                        worker.session.kill()
                raise
