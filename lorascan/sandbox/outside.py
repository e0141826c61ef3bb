"""Looks at a worker from outside, through /proc."""

from collections.abc import Mapping
from pathlib import Path

_KIB = 1024


def status(process: int, task: int | None = None) -> Mapping[str, str]:
    """The fields of /proc/PID/status, or of one task; empty where the process is gone or hidden."""
    folder = Path(f"/proc/{process}") if task is None else Path(f"/proc/{process}/task/{task}")
    try:
        lines = (folder / "status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def command_line(process: int) -> str:
    """The command line of a process; "" where it is gone or hidden."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def children(process: int) -> list[int]:
    """Process ids of the direct children of all its threads; empty where there are none or the process is gone."""
    found: list[int] = []
    try:
        for task in Path(f"/proc/{process}/task").iterdir():
            found += map(int, (task / "children").read_text(encoding="ascii").split())
    except FileNotFoundError:  # a kernel without that file, or a process or thread that is gone
        return [each for each in _processes() if status(each).get("PPid") == str(process)]
    except OSError:
        return []
    return found


def innermost(process: int) -> int:
    """The last of a chain of only children: bubblewrap's worker, or the process itself."""
    while below := children(process):
        process = below[-1]
    return process


def memory_bytes(process: int) -> int:
    """Memory that only this process accounts for: private pages and shared anonymous ones; 0 where it cannot be seen."""
    fields = status(process)
    return sum(int(fields[name].split()[0]) * _KIB for name in ("RssAnon", "RssShmem") if name in fields)


def tasks_of(user: int) -> int:
    """How many threads run under this real user id, on the whole machine as far as it can be seen."""
    every = (status(each) for each in _processes())
    return sum(int(each["Threads"]) for each in every if each and int(each["Uid"].split()[0]) == user)


def lock_contradicted(process: int) -> str:
    """What the kernel says against a lock on any thread of this process; "" where nothing, or where it cannot be seen."""
    try:
        tasks = [int(each.name) for each in Path(f"/proc/{process}/task").iterdir()]
    except OSError:
        return ""
    for fields in filter(None, (status(process, task) for task in tasks)):
        wrong = [
            name
            for name, holds in (
                ("no filter", fields.get("Seccomp") == "2"),
                ("new privileges possible", fields.get("NoNewPrivs") == "1"),
                ("capabilities", int(fields.get("CapEff", "1"), 16) == 0),
                ("runs as root", "0" not in fields.get("Uid", "0").split()),
            )
            if not holds
        ]
        if wrong:
            return f"seen from outside: {', '.join(wrong)}"
    return ""


def _processes() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]
