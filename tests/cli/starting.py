"""Waits until a program that a test started is really running: on a busy machine the interpreter's own start takes seconds."""

import os
import subprocess
import time
from pathlib import Path

STARTED = 0.3
"""Processor seconds by which the interpreter runs our code: its own start takes less than a tenth."""


def wait_until_started(process: "subprocess.Popen[str]") -> None:
    """Return once the process has used `STARTED` seconds; fail where it ended before."""
    while _processor_seconds(process.pid) < STARTED:
        assert process.poll() is None, "ended before it was under way"
        time.sleep(0.02)


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
