"""A Python that an ordinary user may start, where the tests' own lies in root's home."""

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all")
NO_PYTHON = "no Python of this version that an ordinary user may start, or no setpriv"

_ASKED = "import json, os, sys; print('{}.{}'.format(*sys.version_info), os.access(os.path.realpath(sys.executable), os.X_OK))"


@cache
def python() -> str | None:
    """Its path; None where there is none. Of the same version, so that installed packages fit."""
    version = "{}.{}".format(*sys.version_info)
    for each in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            said = subprocess.run([*prefix(), each, "-I", "-c", _ASKED], capture_output=True, text=True, check=False)
        except OSError:
            continue
        if said.stdout.split() == [version, "True"]:  # it must be able to start itself again
            return each
    return None


def prefix() -> tuple[str, ...]:
    """What makes a command an ordinary user's."""
    return AS_NOBODY if os.geteuid() == 0 else ()


def environment(home: Path) -> Mapping[str, str]:
    """An environment in which such a Python finds the packages of this one and writes nothing beside them."""
    packages = [each for each in sys.path if Path(each).name == "site-packages"]
    return {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": os.pathsep.join(packages), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(home)}
