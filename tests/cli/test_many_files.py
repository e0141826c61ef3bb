"""Many adapters in one call: memory, progress, bad files among them, a run that is killed and started again."""

import gc
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from safetensors.numpy import save

from lorascan import console
from lorascan.auditing import audit
from lorascan.commands import _running
from lorascan.commands._shelf import Shelf, shelf
from lorascan.core.evidence import StageName
from lorascan.core.progress import Progress
from lorascan.core.report import Report
from lorascan.reporting import PLAIN, _fleet, formats, markdown, render, render_all
from tests.adapters.builders import ATTENTION
from tests.cli.in_process import Called, caller
from tests.hostile.files import REFUSED
from tests.reporting import examples

FILES, BAD = 60, ("a header that is a list", "the last byte missing", "one byte too many", "nothing at all")
STATIC = ("--policy", "static")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sixty files: an honest adapter in many strengths, four broken ones and a link to nothing among them."""
    made = tmp_path / "adapters"
    made.mkdir()
    for number in range(FILES):
        (made / f"{number:03}.safetensors").write_bytes(adapter(0.01 + 0.0001 * number))
    for number, name in zip(range(7, FILES, 10), BAD, strict=False):
        (made / f"{number:03}.safetensors").write_bytes(REFUSED[name][1])
    (made / "055.safetensors").unlink()
    (made / "055.safetensors").symlink_to("gone")
    return made


def adapter(size: float) -> bytes:
    random = np.random.default_rng(0)
    factors = {"A": random.standard_normal((1, 64)), "B": random.standard_normal((64, 1))}
    return bytes(save({f"unet.{ATTENTION}.lora_{name}.weight": (size * each).astype(np.float32) for name, each in factors.items()}))


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Called:
    """In a folder of its own, with a cache of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LORASCAN_CACHE", "true")
    monkeypatch.setenv("LORASCAN_CACHE_DIR", str(tmp_path / "cache"))
    return caller(monkeypatch, capsys)


def decisions(out: str) -> dict[str, str]:
    return {each["subject"]["name"]: each["verdict"]["decision"] for each in json.loads(out)}


def expected() -> dict[str, str]:
    bad = {f"{number:03}.safetensors" for number in range(7, 7 + 10 * len(BAD), 10)}
    names = [f"{number:03}.safetensors" for number in range(FILES)]
    return {name: "reject" if name in bad else "undecided" if name.startswith("055") else "admit" for name in names}


def test_no_bad_file_harms_another_and_each_file_has_its_report(call: Called, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    def short_of_memory(path: Path, *rest: Any, **more: Any) -> Report:
        if path.name == "030.safetensors":
            raise MemoryError
        return audit(path, *rest, **more)

    monkeypatch.setattr(_running, "audit", short_of_memory)

    code, out, said = call("audit", folder, *STATIC, "-f", "json", "-v", "-o", "all.csv", "-o", "all.sarif")

    assert code == 1
    assert decisions(out) == expected() | {"030.safetensors": "undecided"}
    told = {each["subject"]["name"]: each for each in json.loads(out)}
    assert [each["rule"] for each in told["030.safetensors"]["findings"]] == ["LS910"]
    assert "030.safetensors: undecided, LS910" in said
    places = [line.split(": ")[1].split(" ")[0] for line in said.splitlines() if "/60 " in line]
    assert places == [f"{number}/{FILES}" for number in range(1, FILES + 1)]
    assert len({line.split(",")[1] for line in Path("all.csv").read_text().splitlines()[1:]}) == FILES
    assert len(json.loads(Path("all.sarif").read_text())["runs"][0]["artifacts"]) == FILES


KILLED_AT = """
import os, signal, sys
from lorascan.cache import Cache
kept, put = [], Cache.put
def counted(self, key, report):
    put(self, key, report)
    kept.append(key)
    if len(kept) == 20:
        os.kill(os.getpid(), signal.SIGKILL)
Cache.put = counted
sys.argv = ["lorascan", *sys.argv[1:]]
from lorascan.cli import main
main()
"""


def test_a_run_that_was_killed_goes_on_where_it_stopped(
    call: Called, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", KILLED_AT, "audit", str(folder), *STATIC, "-o", str(tmp_path / "all.json")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run(command, capture_output=True, env=environment, timeout=280, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(list((tmp_path / "cache").glob("*/*.json"))) == 20
    assert not (tmp_path / "all.json").exists()
    fresh: list[str] = []

    def counted(path: Path, *rest: Any, **more: Any) -> Report:
        fresh.append(path.name)
        return audit(path, *rest, **more)

    monkeypatch.setattr(_running, "audit", counted)

    code, out, _ = call("audit", folder, *STATIC, "-f", "json")

    assert (code, len(fresh)) == (1, FILES - 20)
    assert decisions(out) == expected()
    assert [each["cached"] for each in json.loads(out)] == [each["subject"]["name"] not in fresh for each in json.loads(out)]


def test_the_measured_runs_of_thousands_of_files_and_of_a_whole_audit_meet_their_goals() -> None:
    """`python -m benchmarks.fleet` measured them; the goals are those of the gate."""
    measured = json.loads((Path(__file__).parents[2] / "benchmarks" / "results" / "fleet.json").read_text(encoding="utf-8"))

    static, killed, whole = measured["static"], measured["killed"], measured["whole"]
    assert {"200", "2000"} == set(static["files"])
    assert max(static["growth_mb"].values()) <= static["goal_growth_mb"] == 16
    assert (killed["files"], killed["reports_after"], killed["half_written_report"]) == (2_000, 2_000, False)
    assert killed["from_the_cache_after"] == killed["kept_when_killed"] >= 900
    assert killed["decisions_after"] == ["admit"]
    assert whole["ratio_wall"] >= whole["goal_ratio"] == 20
    assert whole["two_runs_identical"] is True


def shown() -> list[Report]:
    made = [examples.honest(), examples.backdoored(), examples.refused(), examples.undecided(), examples.hostile()]
    return [replace(each, environment={**each.environment, "created": "2026-01-02T03:04:05Z"}) for each in made]


@pytest.mark.parametrize("name", [each.name for each in formats().values() if each.pieces is not None])
def test_every_format_says_of_reports_on_the_shelf_what_it_says_of_them_in_memory(name: str) -> None:
    reports = shown()

    with shelf(many=True) as kept:
        for each in reports:
            kept.put(each)
        told = render_all(kept, name)

    assert told == render_all(reports, name)


@pytest.mark.parametrize("name", [each.name for each in formats().values() if each.pieces is not None])
def test_no_format_holds_the_reports_that_it_writes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page and a summary hold what they show, which is bounded."""
    monkeypatch.setattr(markdown, "_MOST_BYTES", 4_000)
    monkeypatch.setattr(_fleet, "_MOST_ROWS", 4)
    monkeypatch.setattr(_fleet, "_MOST_BLOCKS", 2)
    write = formats()[name].pieces
    assert write is not None

    def peak(amount: int) -> int:
        with shelf(many=True) as kept:
            for number in range(amount):
                kept.put(replace(examples.undecided(), name=f"{number:04}.safetensors"))
            tracemalloc.start()
            try:
                for _ in write(kept, PLAIN):
                    pass
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    peak(4)
    few, many = peak(4), peak(24)
    assert many - few < 20 * 5_000, "a place, a name, a reason and what is not yet collected, where a report takes 80 kB"


def test_a_list_of_json_in_pieces_is_one_document() -> None:
    reports = shown()

    for some in (reports, reports[:1], []):
        alone = [json.loads(render(each, "json")) for each in some]
        assert render_all(some, "json") == json.dumps(alone, sort_keys=True, indent=2) + "\n"


def test_reports_on_the_shelf_take_no_memory_and_keep_their_order() -> None:
    report = examples.honest()
    with shelf(many=True) as kept:
        kept.put(report)
        tracemalloc.start()
        for number in range(20):
            kept.put(replace(report, name=str(number)))
        gc.collect()
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert grown < 20 * 1000, "a place, a length and a decision each"
        assert [each.name for each in kept] == [report.name, *map(str, range(20))]
        assert [each.name for each in kept[-2:]] == ["18", "19"]
        assert kept.decisions == [report.verdict.decision] * 21


def test_a_full_disk_leaves_reports_in_memory() -> None:
    with Path("/dev/full").open("r+b", buffering=0) as full:
        kept = Shelf(full)
        for each in shown():
            kept.put(each)

    assert [each.name for each in kept] == [each.name for each in shown()]


class Recorded:
    """In place of rich's bars: what was shown."""

    seen: list[dict[str, Any]]

    def __init__(self, *_columns: object, **_options: object) -> None:
        Recorded.seen = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def add_task(self, _description: str, **fields: Any) -> int:
        Recorded.seen.append(fields)
        return 0

    def update(self, _task: int, **fields: Any) -> None:
        Recorded.seen.append(fields)


def test_the_bar_tells_number_total_and_stage_and_never_runs_backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rich.progress.Progress", Recorded)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    with console.progress(2_000, quiet=False, say=str) as begin:
        for number, name in ((1, "a"), (2, "kept"), (3, "b\x1b[2J")):
            listen = begin(number, name)
            for step in () if name == "kept" else (StageName.FILE, StageName.WEIGHTS, Progress(share=0.5, label="half")):
                listen(step)

    shares = [each["completed"] for each in Recorded.seen if "completed" in each]
    assert Recorded.seen[0]["total"] == 2_000
    assert shares == sorted(shares)
    assert shares[-1] == 2_000
    assert pytest.approx(1.5 / len(StageName)) in shares
    named = [each["description"] for each in Recorded.seen if "description" in each]
    assert named[:2] == ["1/2,000 a", "2/2,000 kept"]
    assert "\x1b" not in named[2]


def test_where_nobody_watches_a_line_comes_again_and_again_on_what_is_being_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    told: list[str] = []
    heard = threading.Event()

    def say(line: str) -> None:
        told.append(line)
        heard.set()

    def next_line() -> str:
        heard.clear()
        assert heard.wait(60), "no sign of life"
        return told[-1]

    with console.progress(200, quiet=False, say=say, every=0.01) as begin:
        listen = begin(12, "a\x1b[2J.safetensors")
        listen(StageName.HUNT)
        next_line()
        assert re.fullmatch(r"12/200 a\\u\{1b\}\[2J\.safetensors: hunting for triggers, \d+ s so far", next_line())
        listen(Progress(share=0.25, label="vocabulary"))
        next_line()
        assert "hunting for triggers: vocabulary, 25 %, " in next_line()
        for share in (0.75, 0.5, 1.0, 0.125):
            listen(Progress(share=share, label="denoiser"))
        next_line()
        assert "hunting for triggers: denoiser, round 3, 12 %, " in next_line()
        listen(StageName.PROBE)
        listen(Progress(share=0.0, label="denoiser"))
        next_line()
        assert "probing with pictures: denoiser, 0 %, " in next_line()
    amount = len(told)
    assert not any(each.name == "pulse" for each in threading.enumerate())
    assert len(told) == amount
    assert console.EVERY <= 30


def test_the_signs_of_life_are_lines_of_the_log_as_it_was_asked_for(call: Called, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = folder / "001.safetensors"
    monkeypatch.setattr(_running, "progress", partial(console.progress, every=0.01))

    def slow(path: Path, *rest: Any, **more: Any) -> Report:
        time.sleep(0.5)
        return audit(path, *rest, **more)

    monkeypatch.setattr(_running, "audit", slow)

    _, _, said = call("audit", one, *STATIC, "--no-cache", "--log-format", "json")
    assert {"info"} == {json.loads(line)["level"] for line in said.splitlines()}
    assert "001.safetensors: beginning, 0 s so far" in json.loads(said.splitlines()[0])["message"]
    assert call("audit", one, *STATIC, "--no-cache", "-q")[2] == ""


def test_without_room_for_a_thread_an_audit_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    monkeypatch.setattr(threading.Thread, "start", none_left)

    with console.progress(1, quiet=False, say=str) as begin:
        begin(1, "a")(StageName.FILE)


def test_a_stray_link_rejects_no_adapter_that_it_does_not_concern_and_is_never_passed_over(call: Called, tmp_path: Path) -> None:
    folder = tmp_path / "several"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.safetensors").write_bytes(adapter(0.01))
    (folder / "notes.txt").symlink_to("/etc/passwd")
    code, out, _ = call("audit", folder, *STATIC, "-f", "json")
    assert (code, decisions(out)) == (5, {"a.safetensors": "review", "b.safetensors": "review"})
    assert call("audit", folder, "--policy", "static", "--fail-on", "low")[0] == 5
    assert call("audit", folder / "a.safetensors", folder / "b.safetensors", *STATIC)[0] == 0, "a file named outright is judged alone"

    (folder / "notes.txt").rename(folder / "b.txt")
    code, out, _ = call("audit", folder, *STATIC, "-f", "json")
    assert (code, decisions(out)) == (1, {"a.safetensors": "admit", "b.safetensors": "reject"})
    assert [each["rule"] for each in json.loads(out)[0]["findings"] if each["rule"] == "LS305"] == ["LS305"], "it is still said"

    (folder / "b.safetensors").unlink()
    assert call("audit", folder, *STATIC)[0] == 1, "a folder with one adapter is a package"
