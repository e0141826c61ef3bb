"""`lorascan doctor` says what is really there, and lets anybody attack the lock."""

import json
import shutil
from pathlib import Path

import pytest

from lorascan.commands import _machine, _payload
from lorascan.core.errors import Unavailable
from lorascan.sandbox import control_group, nvidia, parent
from lorascan.sandbox.backend import Backend
from lorascan.sandbox.backends import container
from tests.cli.in_process import Called, caller
from tests.sandbox.conftest import containers, usable
from tests.sandbox.test_start import absent, only


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Called:
    return caller(monkeypatch, capsys)


def written(tmp_path: Path, source: str) -> Path:
    path = tmp_path / "payload.py"
    path.write_text(source, encoding="utf-8")
    return path


def test_every_backend_is_started_and_told_as_it_proved_itself(call: Called) -> None:
    _, out, _ = call("doctor", "-f", "json")

    told = json.loads(out)
    assert {each["name"] for each in told["isolation"]["backends"] if each["proved"]} == {*usable(), *containers()}
    assert told["isolation"]["chosen"] == next(iter(usable()), None)
    for each in told["isolation"]["backends"]:
        if each["proved"]:
            assert all(each["checks"].values())
            assert each["uid"] != 0
            assert each["landlock_abi"] == told["system"]["landlock_abi"] > 0
        else:
            assert each["remedy"]


def test_the_text_names_isolation_device_bases_and_extras(call: Called) -> None:
    code, out, _ = call("doctor")

    words = out.split()
    assert {"Isolation", "Device", "Bases", "Extras", "lab"} <= set(words)
    assert "unverified" in out
    assert code in (0, 3)


def test_what_an_engine_says_at_length_hangs_in_its_column_on_a_terminal(call: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent_at_length(name: str) -> dict[str, object]:
        return {"name": name, "proved": False, "reason": "the engine says " + "nothing " * 40, "remedy": "start it"}

    monkeypatch.setattr(_machine, "_tried", absent_at_length)
    monkeypatch.setenv("COLUMNS", "80")
    whole = call("doctor")[1]
    monkeypatch.setattr("lorascan.commands._fitting.is_terminal", lambda: True)
    told = call("doctor")[1]

    assert max(map(len, told.splitlines())) <= 80 < max(map(len, whole.splitlines()))
    assert told.split() == whole.split()
    assert f"\n{'':<14}nothing nothing" in told


def test_a_container_is_told_and_never_chosen(call: Called, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(container.ENGINE, str(tmp_path / "no engine"))

    _, out, _ = call("doctor", "-f", "json")
    _, text, _ = call("doctor")

    told = json.loads(out)
    (asked,) = [each for each in told["isolation"]["backends"] if not each["automatic"]]
    assert asked["name"] == "container"
    assert "no engine is not installed" in asked["reason"]
    assert container.IMAGE in asked["remedy"]
    assert "container   not here (only by --isolation)" in text
    assert asked["remedy"] not in told["remedies"]


@pytest.mark.parametrize("place", [None, Path("/sys/fs/cgroup/user.slice")])
def test_where_a_workers_limits_come_from_is_told(call: Called, monkeypatch: pytest.MonkeyPatch, place: Path | None) -> None:
    monkeypatch.setattr(_machine, "_tried", lambda name: {"name": name, "proved": False, "reason": "", "remedy": ""})
    monkeypatch.setattr(control_group, "place", lambda: place)

    _, out, _ = call("doctor", "-f", "json")
    _, text, _ = call("doctor")

    group = json.loads(out)["isolation"]["control_group"]
    assert group["place"] == (place and str(place))
    assert bool(group["missing"]) is (place is None)
    assert ("a control group below /sys/fs/cgroup/user.slice" in text) is (place is not None)
    assert ("no control group: " in text) is (place is None)
    assert "watched every 100 ms" in text


def test_a_machine_without_isolation_is_told_what_to_install_and_exits_3(call: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, one=Backend(place=1, command=absent))

    code, out, _ = call("doctor")

    assert code == 3
    assert "NONE" in out
    assert "nothing is admitted" in out
    assert "not here: no isolation" in out.replace("one: ", "")
    assert "bubblewrap" in out


def test_a_machine_without_the_heavy_libraries_is_told_the_install_line(call: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_machine, "_AUDIT", ("no_such_library_at_all",))

    code, out, _ = call("doctor")

    assert code == 3
    assert "missing: no_such_library_at_all" in out
    assert 'pip install "./lorascan[audit]"' in out


def test_a_gpu_is_told_by_its_nodes(tmp_path: Path) -> None:
    assert nvidia.nodes(tmp_path) == ()
    assert nvidia.missing(tmp_path / "gone").startswith("no NVIDIA GPU at hand")
    for name in ("nvidia1", "nvidia0", "nvidia-uvm"):
        (tmp_path / name).touch()
    assert str(tmp_path / "nvidiactl") in nvidia.missing(tmp_path)

    (tmp_path / "nvidiactl").touch()

    assert nvidia.nodes(tmp_path) == tuple(str(tmp_path / name) for name in ("nvidiactl", "nvidia-uvm", "nvidia0", "nvidia1"))
    assert nvidia.missing(tmp_path) == ""


def test_a_payload_prints_what_it_prints_and_its_exit_code_is_said(isolation: str, call: Called, tmp_path: Path) -> None:
    payload = written(tmp_path, "import os, sys\nprint('out', 6 * 7)\nos.write(2, b'err\\n')\nsys.exit(7)\n")

    code, out, said = call("doctor", "--payload", payload, "--isolation", isolation)

    assert (code, out) == (0, "out 42\nerr\n")
    lock, end = said.splitlines()
    assert lock.startswith(f"lorascan: isolation: {isolation}, 2")
    assert "checks held before the payload began" in lock
    assert "it ended by itself with code 7" in end
    assert "exit 0, it ran to its own end, whatever its code" in end


def test_a_payload_is_a_program_of_its_own_below_both_filters(isolation: str, call: Called, tmp_path: Path) -> None:
    source = """
import dataclasses, os
@dataclasses.dataclass
class Point:
    x: int
print(__name__, Point(1), len(os.listdir('/proc/self/task')))
for name, attempt in {
    'socket': lambda: __import__('socket').socket(),
    'write': lambda: open('/dev/null', 'w'),
    'fork': os.fork,
    'read': lambda: open('/etc/hostname'),
}.items():
    try:
        attempt()
        print(name, 'through')
    except OSError as error:
        print(name, error.errno in (1, 2, 13))
"""

    code, out, _ = call("doctor", "--payload", written(tmp_path, source), "--isolation", isolation)

    assert (code, out) == (0, "__main__ Point(x=1) 1\nsocket True\nwrite True\nfork True\nread True\n")


ENDS = [
    ("import ctypes; print('before', flush=True); ctypes.CDLL(None).syscall(0x40000000 | 39)", "SIGSYS", "before\n"),
    ("import os; print('before'); os._exit(9)", "it ended by itself with code 9", "before\n"),
    ("import ctypes; ctypes.string_at(1)", "SIGSEGV", ""),
    ("import time; print('before'); time.sleep(60)", "time was used up", "before\n"),
    ("while True: pass", "time was used up", ""),
    ("while True: print('x' * 1000)", "flooded", None),
    ("import os\nfor n in range(3, 200):\n    try: os.write(n, b'no frame at all, is it')\n    except OSError: pass", "not a frame", ""),
]


@pytest.mark.parametrize(("source", "words", "printed"), ENDS, ids=[words for _, words, _ in ENDS])
def test_a_payload_that_is_ended_is_told_with_the_reason_and_exits_3(
    isolation: str, call: Called, tmp_path: Path, source: str, words: str, printed: str | None
) -> None:
    code, out, said = call("doctor", "--payload", written(tmp_path, source), "--isolation", isolation, "--seconds", "3")

    assert code == 3
    assert words in said
    assert out == printed or (printed is None and 0 < len(out) <= 5 * 2**20)


def test_an_exception_is_a_traceback_and_exit_code_1(isolation: str, call: Called, tmp_path: Path) -> None:
    code, out, said = call("doctor", "--payload", written(tmp_path, "raise ValueError('\\ud800')"), "--isolation", isolation)

    assert code == 0
    assert out.endswith("ValueError: \\ud800\n")
    assert "with code 1" in said


def test_what_a_payload_prints_is_harmless_to_terminals_and_ci_logs() -> None:
    foreign = "a\x1b[31mb\n::error::x\n  ::set-env name=A::b\n##[error]y ##vso[task]z\nfe80::1\tend\n"

    assert _payload.printable(foreign) == (
        "a\\u{1b}[31mb\n: :error::x\n  : :set-env name=A::b\n# #[error]y # #vso[task]z\nfe80::1    end\n"
    )


def test_a_payload_as_json_tells_output_exit_code_and_lock(isolation: str, call: Called, tmp_path: Path) -> None:
    code, out, _ = call("doctor", "--payload", written(tmp_path, "print(1)"), "--isolation", isolation, "-f", "json")

    told = json.loads(out)
    assert (code, told["output"], told["exit_code"]) == (0, "1\n", 0)
    assert told["isolation"]["backend"] == isolation
    assert all(told["isolation"]["checks"].values())


def test_a_payload_never_runs_without_a_lock(call: Called, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / "ran"
    payload = written(tmp_path, f"open({str(mark)!r}, 'w')")

    assert call("doctor", "--payload", payload, "--isolation", "none")[0] == 2
    only(monkeypatch, one=Backend(place=1, command=absent))
    code, _, said = call("doctor", "--payload", payload)

    assert code == 3
    assert "no isolation" in said
    assert not mark.exists()


def test_a_payload_that_cannot_be_read_is_a_usage_error(call: Called, tmp_path: Path) -> None:
    assert call("doctor", "--payload", tmp_path / "gone.py")[0] == 2
    assert call("doctor", "--payload", tmp_path)[0] == 2


def test_a_missing_tool_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name, path: None if path else "/bin/false")
    only(monkeypatch, namespaces=parent.known_backends()["namespaces"])

    (tried,) = _machine._isolation()["backends"]

    assert not tried["proved"]
    assert "bubblewrap is not installed" in tried["reason"]
    assert "install bubblewrap" in tried["remedy"]
    with pytest.raises(Unavailable):
        _payload.performed(Path(__file__), "namespaces", 1.0)
