"""The command line as users and CI jobs rely on it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from tests.adapters.builders import make_adapter, make_tensors
from tests.cli.starting import wait_until_started

REAL = Path(__file__).parent.parent / "data" / "real_adapters"


def run(*arguments: str | Path, cwd: Path | None = None, **environment: str) -> "subprocess.CompletedProcess[str]":
    """lorascan in a process of its own, without a terminal."""
    command = [sys.executable, "-m", "lorascan", *map(str, arguments)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", **environment},
        check=False,
    )


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.fixture
def honest(tmp_path: Path) -> Path:
    small = {name: (0.02 * value).astype(np.float32) for name, value in make_tensors(dialect="peft").items()}
    return write(tmp_path, "honest.safetensors", save(small))


def assert_clear(done: "subprocess.CompletedProcess[str]", code: int, *words: str) -> None:
    """The exit code, no traceback, and the words on one of the streams."""
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert "Traceback" not in said
    for word in words:
        assert word.lower() in " ".join(said.lower().split()), said


def test_version_and_help_load_no_heavy_library() -> None:
    heavy = ("torch", "diffusers", "peft", "transformers", "open_clip", "pandas", "numpy", "pydantic")
    probe = (
        "import sys\nsys.argv = ['lorascan', *sys.argv[1:]]\nfrom lorascan.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('loaded', [name for name in {heavy!r} if name in sys.modules])"
    )
    for option in ("--version", "--help"):
        done = subprocess.run([sys.executable, "-c", probe, option], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "loaded []", done.stdout


def test_the_static_stages_load_no_torch_and_say_that_behaviour_was_not_tested(honest: Path) -> None:
    blocked = ("torch", "diffusers", "peft", "transformers", "open_clip", "pandas")
    probe = (
        f"import sys\nfor name in {blocked!r}: sys.modules[name] = None\n"
        "sys.argv = ['lorascan', 'audit', '--policy', 'static', sys.argv[1]]\nfrom lorascan.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", probe, str(honest)], capture_output=True, text=True, check=False)
    assert_clear(done, 0, "admit", "behaviour was not tested")


def test_every_exit_code_is_in_the_help() -> None:
    assert_clear(run("audit", "--help"), 0, "0 admit", "1 reject", "2 usage", "3 could not decide", "4 no input", "5 review")


def test_a_missing_file_and_a_folder_without_adapters_match_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    nothing = run("audit", tmp_path / "nowhere.safetensors")
    assert_clear(nothing, 4, "no adapter found")
    assert nothing.stdout == ""
    assert_clear(run("audit", tmp_path / "empty"), 4, "no adapter found")
    assert_clear(run("audit", tmp_path / "*.safetensors"), 4, "no adapter found")


def test_a_truncated_file_is_rejected_and_the_missing_bytes_are_told(tmp_path: Path) -> None:
    path = write(tmp_path, "short.safetensors", make_adapter()[:-100])
    assert_clear(run("audit", path), 1, "LS103", "100")


def test_text_named_as_safetensors_is_rejected_by_its_real_kind(tmp_path: Path) -> None:
    assert_clear(run("audit", write(tmp_path, "a.safetensors", b"hello, I am a text file\n" * 20)), 1, "LS1")
    assert_clear(
        run("audit", write(tmp_path, "b.safetensors", b"<!doctype html><html><body>404</body></html>")),
        1,
        "LS113",
        "html",
    )
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 123\n"
    assert_clear(run("audit", write(tmp_path, "c.safetensors", pointer)), 1, "LS112", "lfs")
    assert_clear(run("audit", write(tmp_path, "d.safetensors", b"")), 1, "LS1")


def test_a_file_that_may_not_be_read_is_undecided(tmp_path: Path, honest: Path) -> None:
    link = tmp_path / "dangling.safetensors"
    link.symlink_to(tmp_path / "gone")
    assert_clear(run("audit", link), 3)
    if os.geteuid() != 0:
        honest.chmod(0)
        assert_clear(run("audit", honest), 3)


def test_an_unknown_base_option_policy_or_format_is_a_usage_error(honest: Path) -> None:
    assert_clear(run("audit", honest, "--base", "no/such/base/at/all"), 2, "unknown base")
    assert_clear(run("audit", honest, "--polcy", "ci"), 2, "polcy")
    assert_clear(run("audit", honest, "--policy", "lax"), 2, "lax")
    assert_clear(run("audit", honest, "-f", "pdf"), 2, "unknown format")
    assert_clear(run("audit", honest, "--device", "tpu"), 2, "device")
    assert_clear(run("audit", honest, "-o", "report.docx"), 2, ".docx")
    assert_clear(run("explain", "LS000"), 2)


def test_a_report_that_cannot_be_written_is_undecided_and_the_verdict_is_told(tmp_path: Path, honest: Path) -> None:
    full = run("audit", honest, "--policy", "static", "-o", "/dev/full", "-f", "json")
    assert_clear(full, 2)
    link = tmp_path / "full.json"
    link.symlink_to("/dev/full")
    done = run("audit", honest, "--policy", "static", "-o", link)
    assert_clear(done, 3, "cannot write", "admit")
    (tmp_path / "folder.json").mkdir()
    assert_clear(run("audit", honest, "--policy", "static", "-o", tmp_path / "folder.json"), 3, "cannot write", "admit")
    missing = run("audit", honest, "--policy", "static", "-o", tmp_path / "no" / "folder" / "report.json")
    assert_clear(missing, 2, "there is no folder")
    assert Path("/dev/full").is_char_device()


def test_a_half_written_report_is_not_left_behind(tmp_path: Path, honest: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "report.json").mkdir()
    assert run("audit", honest, "--policy", "static", "-o", target / "report.json").returncode == 3
    assert [each.name for each in target.iterdir()] == ["report.json"]


def test_json_of_one_file_is_an_object_and_of_several_a_list(tmp_path: Path, honest: Path) -> None:
    one = run("audit", honest, "--policy", "static", "-f", "json")
    assert json.loads(one.stdout)["verdict"]["decision"] == "admit"
    shutil.copy(honest, tmp_path / "second.safetensors")
    several = run("audit", tmp_path, "--policy", "static", "-f", "json")
    assert [each["verdict"]["decision"] for each in json.loads(several.stdout)] == ["admit", "admit"]


def test_a_corrupt_sibling_does_not_hide_a_reject_and_the_worst_wins(tmp_path: Path, honest: Path) -> None:
    write(tmp_path, "bad.safetensors", b"nothing of the kind")
    assert_clear(run("audit", honest.parent, "--policy", "static"), 1)
    assert_clear(run("audit", honest, tmp_path / "gone.safetensors", "--policy", "static"), 4)
    assert_clear(run("audit", honest.parent, "--policy", "static", "--exit-zero"), 0, "reject")


def test_nothing_but_the_report_is_on_stdout(honest: Path) -> None:
    done = run("audit", honest, "--policy", "static", "-f", "json")
    json.loads(done.stdout)
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("cloneofsimo/analog_svd_rank4.safetensors", (0,)),
        ("cloneofsimo/lora_disney.safetensors", (5,)),
        ("catundchat/pytorch_lora_weights.safetensors", (0,)),
        ("catundchat/pytorch_lora_weights.bin", (5,)),
    ],
)
def test_real_published_files_end_with_an_honest_exit_code(name: str, codes: Sequence[int]) -> None:
    done = run("audit", REAL / name, "--policy", "static", "-f", "json")
    assert done.returncode in codes, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    report = json.loads(done.stdout)
    if name.endswith(".bin"):
        assert [each["rule"] for each in report["findings"] if each["severity"] != "low"] == ["LS303"]
        return
    read = 2 * len(report["weights"]["layers"])
    assert read + len(report["leftovers"]) == report["file"]["tensor_count"], "a tensor is neither update nor leftover"


def test_a_real_adapter_without_its_base_is_undecided_and_the_missing_base_is_named() -> None:
    done = run("audit", REAL / "catundchat/pytorch_lora_weights.safetensors")
    assert_clear(done, 3, "--base", "Stable Diffusion 1")


def test_ctrl_c_exits_130_and_leaves_no_process(tmp_path: Path, honest: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(400):
        shutil.copy(honest, folder / f"{number}.safetensors")
    process = subprocess.Popen(
        [sys.executable, "-m", "lorascan", "audit", str(folder), "--policy", "static"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    wait_until_started(process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_every_rule_is_listed_and_explained() -> None:
    listed = [line.split()[0] for line in run("rules").stdout.splitlines()]
    assert len(listed) == len(set(listed)) > 40
    explained = run("explain", listed[0])
    assert_clear(explained, 0, "why it matters", "when it is wrong")
