"""Export, verify, lists and limits, as users rely on them."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save

from lorascan.commands._limits import size
from lorascan.core.errors import UsageError
from tests.adapters.builders import ATTENTION, make_tensors
from tests.cli.in_process import Called, caller
from tests.hostile.files import REFUSED


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Called:
    return caller(monkeypatch, capsys)


def tensors_of(alpha: float) -> dict[str, NDArray[np.float32]]:
    """Entries of a size that training makes."""
    made = {name: np.asarray(value, dtype=np.float32) for name, value in make_tensors(alpha=alpha).items()}
    return {name: value if value.ndim == 0 else value * np.float32(0.02) for name, value in made.items()}


def write(path: Path, *, alpha: float = 8.0, metadata: dict[str, str] | None = None) -> Path:
    path.write_bytes(save(tensors_of(alpha), metadata=metadata))
    return path


def test_a_clean_export_is_the_same_update_without_the_strangers_text(tmp_path: Path, call: Called) -> None:
    original = write(tmp_path / "style.safetensors", alpha=8.0, metadata={"note": "<script>alert(1)</script>"})
    new = tmp_path / "new.safetensors"

    code, out, said = call("export", original, "-o", new, "--clean")

    assert (code, out) == (0, "")
    assert "2 updates written" in said
    assert b"script" not in new.read_bytes()
    tensors = load_file(new)
    before = tensors_of(alpha=8.0)
    stem = f"lora_unet_{ATTENTION.replace('.', '_')}"
    delta = 2.0 * before[f"{stem}.lora_up.weight"] @ before[f"{stem}.lora_down.weight"]  # α/r = 8/4
    down, up = tensors[f"unet.{ATTENTION}.lora_A.weight"], tensors[f"unet.{ATTENTION}.lora_B.weight"]
    np.testing.assert_allclose(up @ down, delta, rtol=1e-5)
    assert call("audit", new, "--policy", "static")[0] == 0


def test_a_rejected_file_is_never_exported(tmp_path: Path, call: Called) -> None:
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(REFUSED["a zip inside the last tensor"][1])

    code, _, said = call("export", bad, "-o", tmp_path / "new.safetensors", "--clean")

    assert code == 1
    assert "not exported" in said
    assert not (tmp_path / "new.safetensors").exists()


def test_an_export_says_which_words_have_to_be_declared_anew(tmp_path: Path, call: Called) -> None:
    original = write(tmp_path / "style.safetensors", metadata={"modelspec.trigger_phrase": "berry house"})

    code, _, said = call("export", original, "-o", tmp_path / "new.safetensors", "--clean")
    assert code == 0
    assert "--declared 'berry house'" in said


def test_an_export_that_makes_no_sense_is_a_usage_error(tmp_path: Path, call: Called) -> None:
    original = write(tmp_path / "style.safetensors")

    assert call("export", original, "-o", tmp_path / "new.safetensors")[0] == 2
    assert call("export", original, "-o", original, "--clean")[0] == 2
    assert call("export", tmp_path / "none.safetensors", "-o", tmp_path / "new.safetensors", "--clean")[0] == 2
    assert call("export", original, "-o", tmp_path / "no" / "folder.safetensors", "--clean")[0] == 2


def test_a_result_speaks_for_its_file_and_for_no_other(tmp_path: Path, call: Called) -> None:
    original, result = write(tmp_path / "style.safetensors"), tmp_path / "result.json"
    assert call("audit", original, "--policy", "static", "-o", result)[0] == 0

    code, out, _ = call("verify", result, original, "--policy", "static")
    assert (code, out.split()[0]) == (0, "ADMIT")

    other = write(tmp_path / "other.safetensors", alpha=4.0)
    code, out, said = call("verify", result, other, "--policy", "static")
    assert (code, out) == (3, "")
    assert "another file" in said


def test_of_two_results_for_the_same_bytes_the_worse_counts(tmp_path: Path, call: Called) -> None:
    """One of the copies stands beside a config that is none."""
    result, copies = tmp_path / "result.json", [tmp_path / name / "style.safetensors" for name in ("good", "bad")]
    for each in copies:
        each.parent.mkdir()
        write(each)
    (tmp_path / "bad" / "adapter_config.json").write_text('{"a":')
    assert call("audit", *copies, "--policy", "static", "-o", result)[0] == 1

    for each in copies:
        code, out, _ = call("verify", result, each)
        assert (code, out.split()[0]) == (1, "REJECT")


def test_a_static_result_does_not_meet_a_policy_that_asks_for_more(tmp_path: Path, call: Called) -> None:
    original, result = write(tmp_path / "style.safetensors"), tmp_path / "result.json"
    call("audit", original, "--policy", "static", "-o", result)

    code, out, said = call("verify", result, original, "--policy", "ci")
    assert (code, out.split()[0]) == (3, "UNDECIDED")
    assert "probe" in said
    code, _, said = call("verify", result, original, "--policy", "static", "--base", "lab")
    assert (code, "without a base" in said) == (3, True)


def test_a_result_is_judged_by_the_policy_that_it_was_made_with(tmp_path: Path, call: Called) -> None:
    original, result, house = write(tmp_path / "style.safetensors"), tmp_path / "result.json", tmp_path / "house.toml"
    house.write_text('name = "house"\nextends = "static"\n', encoding="utf-8")
    call("audit", original, "--policy", "static", "-o", result)

    code, out, _ = call("verify", result, original)
    assert (code, "policy static" in out) == (0, True)
    call("audit", original, "--policy", house, "-o", result)
    code, _, said = call("verify", result, original)
    assert (code, "name it with --policy" in said) == (2, True)
    assert call("verify", result, original, "--policy", house)[0] == 0
    assert call("verify", result, original, "--policy", "statc")[0] == 2


def test_a_waiver_of_a_result_counts_until_its_last_day(tmp_path: Path, call: Called) -> None:
    loud, result = write(tmp_path / "loud.safetensors", alpha=4e8), tmp_path / "result.json"
    call("audit", loud, "--policy", "static", "-o", result)
    told = json.loads(result.read_text())
    for expires, wanted in (("2999-12-31", 0), ("2020-01-01", 1)):
        for each in told["findings"]:
            each["suppressed"] = {"kind": "waiver", "reason": "ours", "by": "me", "expires": expires}
        result.write_text(json.dumps(told))
        assert call("verify", result, loud)[0] == wanted


def test_a_result_of_another_release_or_no_result_does_not_speak(tmp_path: Path, call: Called) -> None:
    original, result = write(tmp_path / "style.safetensors"), tmp_path / "result.json"
    call("audit", original, "--policy", "static", "-o", result)
    told = json.loads(result.read_text())
    told["environment"]["lorascan"] = "0.0.1"
    result.write_text(json.dumps([told]))

    code, _, said = call("verify", result, original, "--policy", "static")
    assert (code, "0.0.1" in said) == (3, True)
    for text in ("{", "[]", "null", "[" * 100_000, '{"schema": 1}'):
        result.write_text(text)
        assert call("verify", result, original)[0] == 2


def test_a_listed_digest_rejects_or_sets_findings_aside(tmp_path: Path, call: Called) -> None:
    loud = write(tmp_path / "loud.safetensors", alpha=4e8)
    listed = tmp_path / "list.txt"
    listed.write_text(f"# ours\n\n{hashlib.sha256(loud.read_bytes()).hexdigest().upper()}  loud.safetensors\n")
    quiet = write(tmp_path / "quiet.safetensors")

    assert call("audit", loud, "--policy", "static")[0] == 1
    code, out, _ = call("audit", loud, "--policy", "static", "--allow-list", listed)
    assert code == 0
    assert "allow list" in " ".join(out.split())
    assert "LS604" in out, "what is set aside stays visible"
    assert call("audit", quiet, "--policy", "static", "--block-list", listed)[0] == 0
    code, out, _ = call("audit", loud, "--policy", "static", "--block-list", listed, "--allow-list", listed)
    assert (code, "block list" in out) == (1, True)


def test_no_list_lifts_a_bad_container(tmp_path: Path, call: Called) -> None:
    bad, listed = tmp_path / "bad.safetensors", tmp_path / "list.txt"
    bad.write_bytes(REFUSED["one byte too many"][1])
    listed.write_text(hashlib.sha256(bad.read_bytes()).hexdigest())

    assert call("audit", bad, "--policy", "static", "--allow-list", listed)[0] == 1


@pytest.mark.parametrize("content", [b"abc", b"g" * 64, b"\xff" * 64, b"a" * 63])
def test_a_list_that_cannot_be_read_whole_is_a_usage_error(tmp_path: Path, call: Called, content: bytes) -> None:
    listed = tmp_path / "list.txt"
    listed.write_bytes(content)

    assert call("audit", write(tmp_path / "a.safetensors"), "--policy", "static", "--block-list", listed)[0] == 2
    assert call("audit", tmp_path / "a.safetensors", "--policy", "static", "--block-list", tmp_path / "none")[0] == 2


def test_a_file_above_the_size_limit_is_undecided(tmp_path: Path, call: Called) -> None:
    path = write(tmp_path / "a.safetensors")

    code, out, _ = call("audit", path, "--policy", "static", "--max-size", "1kB")
    assert (code, "1,000" in out) == (3, True)
    assert call("audit", path, "--policy", "static", "--max-size", "1GiB")[0] == 0
    assert call("audit", path, "--policy", "static", "--max-size", "much")[0] == 2


@pytest.mark.parametrize(("text", "count"), [("1", 1), ("5k", 5_000), ("5 KiB", 5_120), ("2GB", 2 * 10**9), ("1gib", 2**30), ("3B", 3)])
def test_sizes_are_read_as_they_are_written(text: str, count: int) -> None:
    assert size(text) == count


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5MB", "1PB", "MB", "1e9"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        size(text)


def test_an_audit_that_takes_too_long_is_undecided_and_says_so(tmp_path: Path, call: Called) -> None:
    """A hundredth of a millisecond is over before any file is read."""
    code, out, said = call("audit", write(tmp_path / "a.safetensors"), "--policy", "static", "--timeout", "0.00001")

    assert code == 3
    assert "longer than" in out + said
    assert call("audit", tmp_path / "a.safetensors", "--policy", "static", "--timeout", "0")[0] == 2
    assert call("audit", tmp_path / "a.safetensors", "--policy", "static", "--timeout", "300")[0] == 0


NAMED_BY = {
    "a config": ("audit", "{file}", "--config", "{pipe}"),
    "a hunt's config": ("hunt", "{file}", "--config", "{pipe}"),
    "a policy": ("audit", "{file}", "--policy", "{pipe}"),
    "a baseline": ("audit", "{file}", "--baseline", "{pipe}"),
    "an allow-list": ("audit", "{file}", "--allow-list", "{pipe}"),
    "a block-list": ("audit", "{file}", "--block-list", "{pipe}"),
    "a template": ("audit", "{file}", "-f", "template", "--template", "{pipe}"),
    "a result to report": ("report", "{pipe}"),
    "a result to verify": ("verify", "{pipe}", "{file}"),
    "a suite": ("probes", "validate", "{pipe}"),
}


@pytest.mark.parametrize("kind", NAMED_BY)
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path, call: Called, kind: str) -> None:
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    file = write(tmp_path / "style.safetensors")

    code, out, said = call(*(each.format(pipe=pipe, file=file) for each in NAMED_BY[kind]))

    assert (code, out) == (2, "")
    assert "no regular file" in said


def test_a_manual_is_broken_at_the_terminal_s_width_and_left_as_it_is_for_a_file(call: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = call("explain", "LS801")[1]
    monkeypatch.setenv("COLUMNS", "50")
    assert call("explain", "LS801")[1] == whole

    monkeypatch.setattr("lorascan.commands._fitting.is_terminal", lambda: True)
    told = call("explain", "LS801")[1]

    assert max(map(len, told.splitlines())) <= 50
    assert told.split() == whole.split()


def test_a_manual_is_found_by_the_name_that_findings_print(call: Called) -> None:
    assert call("explain", "hidden-trigger") == call("explain", "LS801")
    assert call("explain", "hidden-triggers")[0] == 2


@pytest.mark.parametrize("command", [("rules",), ("probes", "list")])
def test_a_list_hangs_in_its_column_at_the_terminal_s_width(
    call: Called, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    whole = call(*command)[1]
    monkeypatch.setenv("COLUMNS", "80")
    assert call(*command)[1] == whole, "a file gets a line each"

    monkeypatch.setattr("lorascan.commands._fitting.is_terminal", lambda: True)
    told = call(*command)[1]

    assert max(map(len, told.splitlines())) <= 80 < max(map(len, whole.splitlines()))
    assert told.split() == whole.split()
    heads = [line for line in told.splitlines() if not line.startswith(" ")]
    assert [each.split()[0] for each in heads] == [each.split()[0] for each in whole.splitlines()]


def test_a_static_admit_is_verified_as_what_it_is(tmp_path: Path, call: Called) -> None:
    original, result = write(tmp_path / "style.safetensors"), tmp_path / "result.json"
    assert call("audit", original, "--policy", "static", "-o", result)[0] == 0

    assert call("verify", result, original)[1].startswith("ADMIT (static only)  the result speaks for this file")


@pytest.mark.parametrize("command", ["inspect {folder}", "compare {folder} nope", "compare {file} {folder}", "verify {file} {folder}"])
def test_a_folder_in_place_of_a_file_is_a_usage_error_that_names_it(tmp_path: Path, call: Called, command: str) -> None:
    folder, file = tmp_path / "adapters", write(tmp_path / "style.safetensors")
    folder.mkdir()

    name, *arguments = command.format(folder=folder, file=file).split()
    code, out, said = call(name, *arguments)

    assert (code, out) == (2, "")
    assert f"{folder} is a folder, and {name} takes one file" in said
