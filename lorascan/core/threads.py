"""Gives threads that have started, or does their work at once."""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from threading import Event
from typing import ParamSpec, TypeVar

GivenT = ParamSpec("GivenT")
ResultT = TypeVar("ResultT")


class AtOnce(Executor):
    """Does each task when it is submitted, in the thread that submits it; an error of the task is raised there."""

    def submit(self, fn: Callable[GivenT, ResultT], /, *args: GivenT.args, **kwargs: GivenT.kwargs) -> Future[ResultT]:
        """The task's result."""
        done: Future[ResultT] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def threads(count: int) -> Executor:
    """So many threads, all running already; where a limit of processes or of memory forbids one of them, `AtOnce`.

    An executor of the standard library starts its threads with the tasks: one that cannot start leaves its task behind
    an error, and a later thread may take it up all the same.
    """
    pool, begin = ThreadPoolExecutor(max_workers=count), Event()
    try:
        for _ in range(count):  # none is idle before `begin`: each task gets a thread of its own
            pool.submit(begin.wait)
    except RuntimeError:  # so CPython says that it cannot start one
        begin.set()
        pool.shutdown(cancel_futures=True)
        return AtOnce()
    begin.set()
    return pool
