"""`python -m lorascan` and the command's entry point.

Nothing but what the interpreter already holds is imported outside `main`: an interrupt is answered from there on.
"""

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sys import UnraisableHookArgs
    from types import FrameType
    from typing import NoReturn

_BEFORE_IMPORTS = {
    "OPENBLAS_NUM_THREADS": "1",  # rank-sized products gain nothing from more threads, whose waiting on a busy machine costs tenfold
    "PYDANTIC_DISABLE_PLUGINS": "__all__",  # settings are checked by pydantic alone, not by whatever else is installed
}
"""Settings of libraries that only count before they are imported; the caller's own win."""

_SOON = 0.05  # seconds until an ending is raised again that a finaliser swallowed
_ALLOCATIONS = 250_000  # objects between two collections: an audit makes 110,000 that stay, and each collection takes 20 ms


class Interrupted(KeyboardInterrupt):
    """Ctrl-C.

    CPython remembers a plain KeyboardInterrupt that passes through `exec` of a text, as dataclasses do, and kills the
    process by signal at its very end although it was caught (run_eval_code_obj in pythonrun.c).
    """


def main() -> "NoReturn":
    """Run the command line; an interrupt while it is still being imported exits 130 too."""
    try:
        import signal  # noqa: PLC0415 - with enum and re, a third of all that an interrupt must wait for

        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell's job in the background ignores it
            signal.signal(signal.SIGINT, _interrupt)
        for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _terminate)
        sys.unraisablehook = _once_more
        for name, value in _BEFORE_IMPORTS.items():
            os.environ.setdefault(name, value)
        gc.set_threshold(_ALLOCATIONS)
        from lorascan.cli import main as run  # noqa: PLC0415 - importing takes a third of a second

        run()
    except KeyboardInterrupt:
        sys.stderr.write("lorascan: interrupted\n")
        sys.exit(130)


def _interrupt(number: int, frame: "FrameType | None") -> None:
    del frame
    _ignore(number)
    raise Interrupted


def _terminate(number: int, frame: "FrameType | None") -> None:
    """End as an interrupt does, so that nothing is left behind, with the code that a shell gives to this signal."""
    del frame
    _ignore(number)
    sys.stderr.write("lorascan: terminated\n")
    sys.exit(128 + number)


def _once_more(swallowed: "UnraisableHookArgs") -> None:
    """Raise an ending again that came where nothing can be raised: finalisers and callbacks swallow it, and the audit would go on."""
    ending = swallowed.exc_value
    if not isinstance(ending, Interrupted | SystemExit):
        sys.__unraisablehook__(swallowed)
        return
    import signal  # noqa: PLC0415
    import threading  # noqa: PLC0415

    def again(number: int, frame: "FrameType | None") -> None:
        del frame
        _ignore(number)
        raise ending

    signal.signal(signal.SIGINT, again)
    threading.Timer(_SOON, signal.pthread_kill, (threading.get_ident(), signal.SIGINT)).start()


def _ignore(number: int) -> None:
    """From now on: what is being ended must not be interrupted again, or it leaves half of itself behind."""
    import signal  # noqa: PLC0415

    signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    main()
