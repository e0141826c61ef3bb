"""`python -m lorascan` and the command's entry point."""

import gc
import os
import sys
from typing import NoReturn

_BEFORE_IMPORTS = {
    "OPENBLAS_NUM_THREADS": "1",  # rank-sized products gain nothing from more threads, whose waiting on a busy machine costs tenfold
    "PYDANTIC_DISABLE_PLUGINS": "__all__",  # settings are checked by pydantic alone, not by whatever else is installed
}
"""Settings of libraries that only count before they are imported; the caller's own win."""

_ALLOCATIONS = 50_000  # objects between two collections: imports and parsed headers make many and no garbage


def main() -> NoReturn:
    """Run the command line; an interrupt while it is still being imported exits 130 too."""
    for name, value in _BEFORE_IMPORTS.items():
        os.environ.setdefault(name, value)
    gc.set_threshold(_ALLOCATIONS)
    try:
        from lorascan.cli import main as run  # noqa: PLC0415 - importing takes a third of a second
    except KeyboardInterrupt:
        sys.stderr.write("lorascan: interrupted\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
