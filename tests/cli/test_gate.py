"""The gate as a pipeline uses it: waivers, baselines, the cache, stdin, stored results."""

import hashlib
import html
import io
import json
import os
import shlex
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from lorascan import auditing
from lorascan.core.errors import Refusal, StageFailed
from lorascan.weights import measure
from tests.adapters.builders import make_tensors
from tests.cli.in_process import Called, caller
from tests.hostile.files import REFUSED

STATIC = ("--policy", "static")


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Called:
    """In a repository of its own, with a cache of its own."""
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "adapters").mkdir()
    monkeypatch.chdir(tmp_path / "repo")
    monkeypatch.setenv("LORASCAN_CACHE", "true")
    monkeypatch.setenv("LORASCAN_CACHE_DIR", str(tmp_path / "cache"))
    return caller(monkeypatch, capsys)


def write(name: str, *, alpha: float = 8.0, metadata: dict[str, str] | None = None) -> Path:
    path = Path("adapters") / name
    small = {key: np.asarray(value, dtype=np.float32) for key, value in make_tensors(alpha=alpha).items()}
    path.write_bytes(save({key: each if each.ndim == 0 else each * np.float32(0.02) for key, each in small.items()}, metadata=metadata))
    return path


def loud(name: str = "loud.safetensors") -> Path:
    """Rejected for its magnitude (LS604)."""
    return write(name, alpha=4e8)


def waiver(path: Path, rule: str = "LS604", expires: str = "2999-12-31") -> str:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f'[[waiver]]\nrule = "{rule}"\nsha256 = "{digest}"\nexpires = {expires}\nreason = "measured by hand"\nby = "me"\n'


def rules_of(out: str) -> dict[str, object]:
    return {each["rule"]: each["suppressed"] for each in json.loads(out)["findings"]}


def test_a_waiver_in_the_repository_s_config_lets_the_file_pass_and_is_shown(call: Called) -> None:
    path = loud()
    assert call("audit", path, *STATIC)[0] == 1
    found = json.loads(call("audit", path, *STATIC, "-f", "json")[1])["findings"]
    rejecting = {each["rule"] for each in found if each["consequence"] != "report"}
    Path("lorascan.toml").write_text("".join(waiver(path, each) for each in sorted(rejecting)))

    code, out, _ = call("audit", path, *STATIC)
    assert (code, "measured by hand" in " ".join(out.split())) == (0, True)
    shown = rules_of(call("audit", path, *STATIC, "-f", "json")[1])
    assert all(shown[each] for each in rejecting)

    Path("lorascan.toml").write_text("".join(waiver(path, each, "2020-01-01") for each in sorted(rejecting)))
    code, _, said = call("audit", path, *STATIC)
    assert (code, "expired" in said) == (1, True)


def test_no_config_beside_the_adapter_waives_anything(call: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    path = loud().absolute()
    (path.parent / "lorascan.toml").write_text('policy = "research"\n' + waiver(path))
    monkeypatch.chdir(path.parent)

    code, _, said = call("audit", path.name, *STATIC)

    assert (code, "is not read" in said) == (1, True)


def test_a_waiver_that_is_not_needed_is_told(call: Called) -> None:
    path = write("quiet.safetensors")
    Path("lorascan.toml").write_text(waiver(path))

    code, _, said = call("audit", path, *STATIC)

    assert (code, "not needed" in said) == (0, True)


def test_a_baseline_marks_what_is_known(call: Called) -> None:
    path = write("a.safetensors", metadata={"note": "\u202ereversed"})
    code, out, _ = call("audit", path, *STATIC, "-f", "json")
    assert code == 5
    Path("base.json").write_text(out)

    code, out, _ = call("audit", path, *STATIC, "--baseline", "base.json", "-f", "json")

    assert code == 0
    assert "baseline" in {each["kind"] for each in rules_of(out).values() if isinstance(each, dict)}
    assert call("audit", loud(), *STATIC, "--baseline", "base.json")[0] == 1
    assert call("audit", path, *STATIC, "--baseline", "none.json")[0] == 2


@pytest.mark.parametrize(
    "output_format", ["text", "json", "sarif", "junit", "github", "gitlab", "codequality", "csv", "markdown", "cyclonedx", "intoto"]
)
def test_no_format_and_no_display_option_changes_the_exit_code(call: Called, output_format: str) -> None:
    files = {0: write("good.safetensors"), 5: write("odd.safetensors", metadata={"note": "\u202ereversed"}), 1: loud()}

    for wanted, path in files.items():
        code, out, _ = call("audit", path, *STATIC, "-f", output_format, "--min-severity", "high")
        assert code == wanted
        assert out
    assert call("audit", "adapters", *STATIC, "-f", output_format)[0] == 1


def test_a_corrupt_or_crashing_sibling_never_hides_a_reject(call: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = write("good.safetensors"), loud()
    crashing = write("crashing.safetensors", alpha=2.0)

    def crash(adapter: object, vetted: object, work: float) -> object:
        if vetted.facts.name == crashing.name:  # type: ignore[attr-defined]
            raise StageFailed(Refusal(code="LS902", message="the stage died"))
        return measure(adapter, vetted, work)  # type: ignore[arg-type]

    monkeypatch.setattr(auditing, "measure", crash)

    assert call("audit", good, crashing, *STATIC)[0] == 3
    assert call("audit", crashing, bad, *STATIC)[0] == 1
    assert call("audit", good, crashing, "gone.safetensors", *STATIC)[0] == 3
    (good.parent / "short.safetensors").write_bytes(REFUSED["one byte too many"][1])
    assert call("audit", good.parent, *STATIC)[0] == 1
    for policy in ("static", "research"):
        assert call("audit", crashing, "--policy", policy)[0] in (1, 3), "a crash never admits"


def test_an_earlier_result_is_taken_for_the_same_bytes_and_says_the_same(call: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("a.safetensors", metadata={"note": "\u202ereversed"})
    first = call("audit", path, *STATIC, "-f", "json")
    monkeypatch.setattr("lorascan.commands._running.audit", None)

    again = call("audit", path, *STATIC, "-f", "json")

    told = [json.loads(each[1]) for each in (first, again)]
    assert [each["cached"] for each in told] == [False, True]
    told[0].pop("cached")
    told[1].pop("cached")
    assert told[0] == told[1]
    assert (first[0], again[0]) == (5, 5)


def test_rules_apply_after_the_cache(call: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    path = loud()
    found = json.loads(call("audit", path, *STATIC, "-f", "json")[1])["findings"]
    monkeypatch.setattr("lorascan.commands._running.audit", None)

    Path("lorascan.toml").write_text("".join(waiver(path, each["rule"]) for each in found))
    assert call("audit", path, *STATIC)[0] == 0
    Path("lorascan.toml").unlink()
    assert call("audit", path, *STATIC)[0] == 1
    Path("blocked.txt").write_text(hashlib.sha256(path.read_bytes()).hexdigest())
    assert call("audit", path, *STATIC, "--block-list", "blocked.txt")[0] == 1


def test_anything_that_matters_is_another_entry(call: Called, tmp_path: Path) -> None:
    def entries() -> int:
        return len(list((tmp_path / "cache").glob("*/*.json")))

    path = write("a.safetensors")
    call("audit", path, *STATIC)
    call("audit", path, *STATIC, "--fail-on", "low", "--min-severity", "high")
    assert entries() == 1
    (path.parent / "adapter_config.json").write_text("{}")
    call("audit", path, *STATIC)
    assert entries() == 2
    call("audit", path, *STATIC, "--seed", "1")
    assert entries() == 3
    call("audit", write("a.safetensors", alpha=4.0), *STATIC)
    assert entries() == 4
    call("audit", path, *STATIC, "--no-cache", "--seed", "2")
    assert entries() == 4


def test_an_undecided_result_is_not_kept(call: Called, tmp_path: Path) -> None:
    path = write("a.safetensors")

    assert call("audit", path, *STATIC, "--max-size", "1kB")[0] == 3
    assert not (tmp_path / "cache").exists()


def test_entries_are_the_owner_s_alone_and_a_folder_that_others_may_write_to_is_not_used(call: Called, tmp_path: Path) -> None:
    path, folder = write("a.safetensors"), tmp_path / "cache"
    call("audit", path, *STATIC)
    entry = next(folder.glob("*/*.json"))

    assert stat.S_IMODE(entry.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o777)
    code, out, said = call("audit", path, *STATIC, "-f", "json")
    assert (code, json.loads(out)["cached"], "others may write" in said) == (0, None, True)
    assert call("cache", "stats")[0] == 2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": "lorascan/cache/v1"}', "[" * 100_000])
def test_a_spoilt_entry_is_as_good_as_none(call: Called, tmp_path: Path, content: str) -> None:
    path = write("a.safetensors")
    call("audit", path, *STATIC)
    next((tmp_path / "cache").glob("*/*.json")).write_text(content)

    code, out, _ = call("audit", path, *STATIC, "-f", "json")

    assert (code, json.loads(out)["cached"]) == (0, False)


def test_the_cache_can_be_looked_at_pruned_and_cleared(call: Called, tmp_path: Path) -> None:
    assert "0 results" in call("cache", "stats")[1]
    for alpha in (2.0, 4.0):
        call("audit", write("a.safetensors", alpha=alpha), *STATIC)
    assert "2 results" in call("cache", "stats")[1]
    oldest = next((tmp_path / "cache").glob("*/*.json"))
    os.utime(oldest, (0, 0))

    assert call("cache", "prune", "--older-than", "1")[1].startswith("1 results")
    assert call("cache", "clear")[1].startswith("1 results")
    assert "0 results" in call("cache", "stats")[1]


def test_two_runs_on_one_file_give_the_same_bytes(call: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    path = write("a.safetensors", metadata={"note": "\u202ereversed"})

    runs = [call("audit", path, *STATIC, "-f", "json")[1] for _ in range(3)]

    assert len(set(runs)) == 1, "the first is fresh, the others come from the cache"
    assert json.loads(runs[0])["stages"][0]["seconds"] is None


def test_an_adapter_comes_from_stdin_under_the_name_that_is_given(call: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = write("a.safetensors").read_bytes()

    def told(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        return call("audit", "-", *STATIC, "-f", "json", *arguments)

    code, out, _ = told("--stdin-filename", "up/../b.safetensors")
    subject = json.loads(out)["subject"]
    assert (code, subject["path"], subject["sha256"]) == (0, "b.safetensors", hashlib.sha256(raw).hexdigest())
    assert told()[0] == 2
    assert told("--stdin-filename", "..")[0] == 2


class Endless(io.RawIOBase):
    """A stdin that never ends; counts what is taken from it."""

    taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        self.taken += len(buffer)
        return len(buffer)


def test_stdin_is_copied_up_to_the_size_limit_and_no_further(call: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = Endless()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(stdin)))

    code, out, _ = call("audit", "-", *STATIC, "-f", "json", "--stdin-filename", "a.safetensors", "--max-size", "3MB")
    assert code == 3
    assert "larger" in out
    assert 3_000_000 < stdin.taken < 5_000_000


def test_a_rule_that_does_not_exist_is_refused_wherever_it_is_named(call: Called) -> None:
    """A mistyped rule would let pass what it was to stop."""
    adapter = write("a.safetensors")
    Path("own.toml").write_text('name = "own"\nextends = "static"\n[rules]\nLS999 = "reject"\n')
    waiver = f'[[waiver]]\nrule = "LS699"\nsha256 = "{"ab" * 32}"\nexpires = 2099-01-01\nreason = "ours"\nby = "me"\n'
    Path("waivers.toml").write_text(waiver)

    for arguments in (("--policy", "own.toml"), ("--config", "waivers.toml", "--policy", "static")):
        code, _, said = call("audit", adapter, *arguments)
        assert code == 2
        assert "no such rule" in said


def test_an_output_in_a_folder_that_is_not_there_is_refused_before_the_audit(call: Called) -> None:
    code, out, said = call("audit", write("a.safetensors"), *STATIC, "-o", "nowhere/r.json")
    assert (code, out) == (2, "")
    assert "no folder nowhere" in said


def test_adapters_of_one_name_are_told_apart_by_their_folders(call: Called) -> None:
    for each in ("one", "two"):
        (Path("adapters") / each).mkdir()
        write(f"{each}/pytorch_lora_weights.safetensors")

    for kind in ("text", "markdown"):
        for more, times in (((), 1), (("-v",), 2)):
            shown = html.unescape(call("audit", "adapters", *STATIC, "-f", kind, *more)[1])
            assert shown.count("one/pytorch_lora_weights.safetensors") == times == shown.count("two/pytorch_lora_weights.safetensors")


def test_a_stored_result_is_rendered_again_in_any_format(call: Called) -> None:
    bad = loud()
    call("audit", bad, *STATIC, "-o", "one.json")
    call("audit", bad, write("b.safetensors"), *STATIC, "-o", "two.json")

    code, out, _ = call("report", "one.json", "-f", "sarif", "-o", "again.html", "-o", "gitlab=gl-sast-report.json")
    assert (code, json.loads(out)["version"]) == (0, "2.1.0")
    assert "<h1" in Path("again.html").read_text()
    assert json.loads(Path("gl-sast-report.json").read_text())["scan"]["type"] == "sast"
    assert len(call("report", "two.json", "-f", "github")[1].splitlines()) >= 2
    assert call("report", "two.json", "-o", "page.html")[0] == 0
    assert "1 of 2 rejected" in Path("page.html").read_text()
    assert call("report", "none.json")[0] == 2
    Path("none.json").write_text("{}")
    assert call("report", "none.json")[0] == 2


def test_what_is_said_can_be_read_by_machines_and_more_is_said_when_asked(call: Called) -> None:
    path = write("a.safetensors")

    _, _, said = call("audit", path, "gone.safetensors", *STATIC, "-v", "--log-format", "json")

    lines = [json.loads(each) for each in said.splitlines()]
    assert {"level": "error", "message": "no adapter found at gone.safetensors"} in lines
    assert any(each["level"] == "info" and "admit" in each["message"] for each in lines)
    assert call("audit", path, *STATIC)[2] == ""


def test_the_settings_in_force_are_shown_with_where_they_come_from(call: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("lorascan.toml").write_text('fail-on = "low"\n' + waiver(loud(), expires="2020-01-01"))
    monkeypatch.setenv("LORASCAN_POLICY", "strict")

    code, out, _ = call("config", "show")

    lines = [" ".join(each.split()) for each in out.splitlines()]
    assert code == 0
    assert 'policy "strict" # LORASCAN_POLICY' in lines
    assert any(each.startswith('fail-on "low" # ') and each.endswith("lorascan.toml") for each in lines)
    told = next(each for each in lines if "waiver of LS604" in each)
    assert "until 2020-01-01 (EXPIRED, counts no longer): reason " in told
    assert ', by "' in told
    Path("lorascan.toml").write_text('fail-onn = "low"')
    assert call("config", "show")[0] == 2


def test_an_adapter_is_no_pair_with_itself(call: Called) -> None:
    one, copy, other = write("a.safetensors"), write("b.safetensors"), write("c.safetensors", alpha=4.0)

    code, out, said = call("audit", one, *STATIC, "--with", copy)
    assert (code, out) == (2, "")
    assert f"--with {copy}: the same bytes as {one}" in said

    code, _, said = call("audit", one, other, *STATIC, "--with", copy)
    assert code != 2
    assert f"{one}: the same bytes as --with {copy}, loaded twice" in said
    assert f"{other}: the same bytes" not in said


def test_the_command_that_repeats_names_what_came_from_elsewhere(call: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("a.safetensors")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setenv("LORASCAN_POLICY", "static")
    monkeypatch.setenv("LORASCAN_SEED", "3")
    monkeypatch.setenv("LORASCAN_DECLARED", "berry house, -x")
    config = Path("lorascan.toml").resolve()
    config.write_text('fail-on = "low"\nseed = 5\n')

    runs = [call("audit", "-f", "json", "--no-cache", "--", path)[1] for _ in range(2)]
    told = [json.loads(each)["command"] for each in runs]
    assert told[0] == told[1]
    assert told[0] == (
        f"lorascan audit --config {config} --declared 'berry house' --declared=-x --policy static --seed 3 "
        "-f json --no-cache -- adapters/a.safetensors"
    )
    assert call("audit", path, "--config", "lorascan.toml", "--policy", "static", "-f", "json")[1].count("--config") == 1

    for name in ("POLICY", "SEED", "DECLARED"):
        monkeypatch.delenv(f"LORASCAN_{name}")
    assert call(*shlex.split(told[0])[1:])[1] == runs[0]


def test_nothing_is_added_to_a_command_that_says_all(call: Called) -> None:
    path = write("a.safetensors")

    assert json.loads(call("audit", path, *STATIC, "-f", "json")[1])["command"] == f"lorascan audit {path} --policy static -f json"
