"""An interrupt that arrives where Python swallows what is raised."""

import os
import subprocess
import sys

import pytest

_PROGRAM = """
import os, signal, sys, time, types

class Held:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})
        for _ in range(1000):
            pass

def run():
    held = Held()
    del held
    time.sleep(60)

command_line = types.ModuleType("lorascan.cli")
command_line.main = run
sys.modules["lorascan.cli"] = command_line
from lorascan.__main__ import main
main()
"""


@pytest.mark.parametrize(("name", "code", "said"), [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "terminated")])
def test_an_ending_inside_a_finaliser_ends_the_program_with_one_line(name: str, code: int, said: str) -> None:
    """Raised there it is lost, and the audit went on, deaf to every further interrupt."""
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(name=name)], capture_output=True, text=True, timeout=40, check=False, env=dict(os.environ)
    )

    assert (ended.returncode, ended.stderr) == (code, f"lorascan: {said}\n")
