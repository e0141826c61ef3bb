"""Two audits at once load their adapters side by side and leave nothing behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox.conftest import usable
from tests.sandbox.ordinary import ROOT
from tests.sandbox.test_lifecycle import alive, gone


@pytest.mark.timeout(900)
def test_two_audits_at_once_hold_four_workers_and_leave_none(tmp_path: Path) -> None:
    surroundings = {**os.environ, "TMPDIR": str(tmp_path)}
    adapters = sorted((ROOT / "lorascan" / "lab" / "assets" / "adapters").glob("*.safetensors"))[:2]
    command = [sys.executable, str(ROOT / "tests" / "sandbox" / "programs" / "loading.py")]

    both = [
        subprocess.Popen(
            [*command, str(each)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=surroundings
        )
        for each in adapters
    ]
    told = [json.loads(each.stdout.readline() or "{}") if each.stdout else {} for each in both]
    workers = [process for each in told for process in each.get("below", ())]
    together = [alive(process) for process in workers]
    errors = [each.communicate("\n", timeout=120)[1] for each in both]

    assert [each.returncode for each in both] == [0, 0], errors
    assert all(together)  # all of them at the same time
    assert len(set(workers)) == len(workers) >= 4
    for each in told:
        assert each["backends"] == [usable()[0]] * 2
        assert each["applied"] == each["expected"] > 0
        assert each["zero"] is True
    assert gone(workers)
    assert list(tmp_path.iterdir()) == []
