"""`python -m lorascan` and the command's entry point."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line; an interrupt while it is still being imported exits 130 too."""
    try:
        from lorascan.cli import main as run  # noqa: PLC0415 - importing takes a third of a second
    except KeyboardInterrupt:
        sys.stderr.write("lorascan: interrupted\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
