"""Loads an adapter as an audit does, tells what came of it, and holds its workers until a line comes: run as a program with its path."""

import json
import os
import sys
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from lorascan.auditing import at_rest, in_action
from lorascan.core.behaviour import IsolationFacts, LoadFacts
from lorascan.core.evidence import Evidence
from lorascan.core.progress import silent
from lorascan.sandbox import outside
from lorascan.settings import DEFAULT


def below(process: int) -> list[int]:
    """Every process below this one."""
    return [each for child in outside.children(process) for each in (child, *below(child))]


def main(path: Path) -> None:
    """Stop where the hunt would begin."""
    backends = []
    with closing(in_action(Evidence.collect(at_rest(path, DEFAULT)), DEFAULT, silent, None)) as stages:
        for each in stages:
            if isinstance(each, IsolationFacts):
                backends.append(each.backend)
            if isinstance(each, LoadFacts):
                told = {"applied": each.applied, "expected": each.expected, "zero": each.scale_zero_identical}
                print(json.dumps(told | {"backends": backends, "below": below(os.getpid())}), flush=True)  # noqa: T201
                sys.stdin.readline()
                return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
