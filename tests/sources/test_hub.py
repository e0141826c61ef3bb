"""Adapters from a hub: asked for only when allowed, pinned to a commit, bounded, and never believed beyond their digest."""

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from lorascan.core.errors import UsageError
from lorascan.sources import HubFile, _hub, address_of
from tests.adapters.builders import make_tensors
from tests.cli.in_process import Called, caller
from tests.sources.hub import COMMIT, REPOSITORY, Hub, serving

FILE, TOKEN = "sub/style.safetensors", "hf_thisIsNobodysSecretToken"
ADDRESS = f"hf://{REPOSITORY}/{FILE}"
ONLINE = ("--online", "--policy", "static", "-f", "json")
ADAPTER = save({name: np.asarray(value, np.float32) * np.float32(0.02) for name, value in make_tensors(dialect="peft").items()})


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """One repository with an adapter in large storage, a card beside it, and much that nobody needs."""
    files = {FILE: ADAPTER, "sub/README.md": b"a card", "README.md": b"another", "train.py": b"import os", "sub/big.bin": bytes(100)}
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "home"))
    with serving(Hub(files=files, stored={FILE})) as made:
        monkeypatch.setenv("HF_ENDPOINT", made.address)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        monkeypatch.setenv("LORASCAN_CACHE", "true")
        monkeypatch.setenv("LORASCAN_CACHE_DIR", str(tmp_path / "cache"))
        monkeypatch.chdir(tmp_path)
        yield made
    assert not list((tmp_path / "home").iterdir()), "what was fetched stays behind"


@pytest.fixture
def call(hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Called:
    del hub
    return caller(monkeypatch, capsys)


def resolved(hub: Hub) -> list[str]:
    """The files that were fetched, in their order; each at the commit."""
    marks = [each.partition(f"/{REPOSITORY}/resolve/{COMMIT}/") for each in hub.asked if not each.startswith("/api/")]
    assert all(before == "" and mark for before, mark, _ in marks), marks
    return [path for _, _, path in marks]


def undecided(call: Called, *more: str) -> str:
    """The message of LS911 of an audit that ends undecided, with a report and without a kept result."""
    code, out, said = call("audit", ADDRESS, *ONLINE, *more)
    told = json.loads(out)
    assert (code, told["verdict"]["decision"]) == (3, "undecided"), said
    assert not list(Path("cache").glob("*/*.json"))
    (message,) = [each["message"] for each in told["findings"] if each["rule"] == "LS911"]
    return str(message)


def test_nothing_is_asked_without_the_option(call: Called, hub: Hub) -> None:
    code, _, said = call("audit", ADDRESS, "--policy", "static")

    assert (code, "--online" in said, hub.asked) == (2, True, [])


def test_a_file_is_pinned_to_its_commit_and_only_what_is_needed_comes(call: Called, hub: Hub) -> None:
    code, out, _ = call("audit", ADDRESS, *ONLINE)

    told = json.loads(out)
    assert (code, told["verdict"]["decision"]) == (0, "admit")
    assert told["subject"] == {
        "name": "style.safetensors",
        "path": f"hf://{REPOSITORY}@{COMMIT}/{FILE}",
        "sha256": hashlib.sha256(ADAPTER).hexdigest(),
        "size": len(ADAPTER),
    }
    assert resolved(hub) == ["sub/README.md", FILE]
    assert set(hub.tokens) == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("revision", ["v1", "refs/pr/3", COMMIT])
def test_a_revision_is_asked_for_by_its_name_and_fetched_by_its_commit(call: Called, hub: Hub, revision: str) -> None:
    hub.revisions = {revision: COMMIT}

    code, out, _ = call("audit", f"hf://{REPOSITORY}@{revision}/{FILE}", *ONLINE)

    assert (code, json.loads(out)["subject"]["path"]) == (0, f"hf://{REPOSITORY}@{COMMIT}/{FILE}")
    assert hub.asked[0] == f"/api/models/{REPOSITORY}/revision/{revision}"
    assert FILE in resolved(hub)


def test_a_config_of_peft_comes_with_its_adapter_and_not_with_one_among_several(call: Called, hub: Hub) -> None:
    config = json.dumps({"peft_type": "LORA", "r": 4, "lora_alpha": 4, "target_modules": ["to_q"]}).encode()
    hub.files = {"adapter_model.safetensors": ADAPTER, "adapter_config.json": config, FILE: ADAPTER, "sub/adapter_config.json": config}
    hub.files["sub/other.safetensors"] = ADAPTER

    code, _, _ = call("audit", f"hf://{REPOSITORY}/adapter_model.safetensors", *ONLINE)
    assert (code, resolved(hub)) == (0, ["adapter_config.json", "adapter_model.safetensors"])
    hub.asked.clear()
    code, _, _ = call("audit", ADDRESS, *ONLINE)
    assert (code, resolved(hub)) == (0, [FILE])


def test_a_config_beyond_every_limit_is_refused_without_being_fetched(call: Called, hub: Hub) -> None:
    hub.files |= {"sub/adapter_config.json": b"{}"}
    hub.files.pop("sub/big.bin")
    hub.listed["sub/adapter_config.json"] = 2**32

    code, out, _ = call("audit", ADDRESS, *ONLINE)

    assert (code, [each["rule"] for each in json.loads(out)["findings"]]) == (1, ["LS400"])
    assert "sub/adapter_config.json" not in resolved(hub)


def test_a_kept_result_is_found_by_the_hub_s_digest_before_anything_large_comes(call: Called, hub: Hub) -> None:
    first = json.loads(call("audit", ADDRESS, *ONLINE)[1])
    hub.asked.clear()

    again = json.loads(call("audit", ADDRESS, *ONLINE)[1])

    assert (first.pop("cached"), again.pop("cached")) == (False, True)
    assert again == first
    assert resolved(hub) == ["sub/README.md"]
    hub.stored.clear()
    assert json.loads(call("audit", ADDRESS, *ONLINE)[1])["cached"], "of a small file the hub knows no SHA-256: it comes first"
    assert resolved(hub)[-1] == FILE


def test_a_redirect_elsewhere_is_followed_without_the_token_and_believed_by_its_digest(call: Called, hub: Hub) -> None:
    with serving(Hub(files={FILE: ADAPTER})) as other:
        hub.elsewhere[FILE] = other.address
        code, out, said = call("audit", ADDRESS, *ONLINE, "-v", "-o", "a.sarif", "-o", "a.html")
        assert (code, other.asked, other.tokens) == (0, [f"/{FILE}"], [None])
        assert TOKEN not in "".join((out, said, *(Path(each).read_text() for each in ("a.sarif", "a.html"))))
        call("cache", "clear")
        other.sends[FILE] = ADAPTER[:-1] + b"\x01"

        assert "is not the file that the hub lists" in undecided(call)


@pytest.mark.parametrize("kept_in", ["large storage", "git"])
def test_other_bytes_than_those_listed_are_not_the_file(call: Called, hub: Hub, kept_in: str) -> None:
    hub.stored = {FILE} if kept_in == "large storage" else set()
    hub.sends[FILE] = ADAPTER[:-1] + bytes([ADAPTER[-1] ^ 1])

    message = undecided(call)

    wanted = hashlib.sha256(ADAPTER) if hub.stored else hashlib.sha1(b"blob %d\x00" % len(ADAPTER) + ADAPTER)
    assert f"listed is {wanted.hexdigest()}" in message


def test_what_is_not_there_is_told_as_no_input(call: Called, hub: Hub) -> None:
    for address in (f"hf://owner/nothing/{FILE}", f"hf://{REPOSITORY}@v9/{FILE}", f"hf://{REPOSITORY}/gone.safetensors"):
        code, _, said = call("audit", address, "--online", "--policy", "static")
        assert (code, f"no adapter found at {address}" in said) == (4, True), said
    assert FILE not in resolved(hub)
    code, out, _ = call("audit", f"hf://{REPOSITORY}/gone.safetensors", ADDRESS, *ONLINE)
    assert (code, [each["subject"]["name"] for each in json.loads(out)]) == (4, ["style.safetensors"])


def test_a_file_larger_than_the_limit_is_not_fetched(call: Called, hub: Hub) -> None:
    hub.listed[FILE] = 10**10

    assert "10,000,000,000 bytes" in undecided(call)
    hub.listed[FILE] = len(ADAPTER)
    assert "the limit is 1,000" in undecided(call, "--max-size", "1kB")
    assert resolved(hub) == []


def test_more_bytes_than_listed_are_not_taken(call: Called, hub: Hub) -> None:
    hub.sends[FILE] = ADAPTER + bytes(5_000_000)

    assert f"more bytes came than the {len(ADAPTER):,}" in undecided(call)


def test_a_body_that_breaks_off_again_and_again_is_given_up(call: Called, hub: Hub) -> None:
    hub.cut[FILE] = 1000

    assert "did not send" in undecided(call, "--timeout", "4")


def test_a_body_that_comes_drop_by_drop_is_given_up(call: Called, hub: Hub) -> None:
    hub.slow.add(FILE)

    assert re.search(r"did not send .* whole within 2 s", undecided(call, "--timeout", "2"))


@pytest.mark.parametrize("code", [401, 403, 500])
def test_a_hub_that_refuses_is_told_with_its_answer(call: Called, hub: Hub, code: int) -> None:
    hub.status[FILE] = code

    assert f"HTTP {code}" in undecided(call) or code == 401


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b"{}",
        b'{"id": 1, "sha": 5, "siblings": {}}',
        b'{"id": "a", "sha": "../../../../etc", "siblings": []}',
        b'{"id": "a", "sha": "%s", "siblings": [{"rfilename": "%s"}]}' % (COMMIT.encode(), FILE.encode()),
        b'{"id": "a", "sha": "%s", "siblings": [{"rfilename": "%s", "size": -1, "blobId": []}]}' % (COMMIT.encode(), FILE.encode()),
        b'{"id": "a", "sha": "%s", "siblings": [{"rfilename": "%s", "lfs": 3}]}' % (COMMIT.encode(), FILE.encode()),
    ],
)
def test_an_answer_that_makes_no_sense_is_undecided(call: Called, hub: Hub, answer: bytes) -> None:
    hub.answer = answer

    assert undecided(call)
    assert resolved(hub) == []


def test_a_hub_that_is_not_reached_is_undecided(call: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    assert undecided(call) == "cannot reach the hub (ConnectError)"


def test_the_hub_s_own_switch_for_offline_work_wins(call: Called, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    code, _, said = call("audit", ADDRESS, *ONLINE)

    assert (code, "HF_HUB_OFFLINE" in said, hub.asked) == (2, True, [])


def test_without_the_hub_s_library_the_extra_is_named(call: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_hub, "find_spec", lambda _: None)

    code, _, said = call("audit", ADDRESS, *ONLINE)

    assert (code, "lorascan[hub]" in said) == (3, True)


@pytest.mark.parametrize(
    "bad",
    [
        "hf://",
        "hf://a/b",
        "hf://a/b/",
        "hf://a//c",
        "hf://a/b/../c",
        "hf://a/b/./c",
        "hf://a/b@/c",
        "hf://../b/c",
        "HF://a/b/c",
        "hf://a/b/c\n",
    ],
)
def test_an_address_that_is_not_well_written_is_a_usage_error(call: Called, hub: Hub, bad: str) -> None:
    code, _, said = call("audit", bad, *ONLINE)

    assert (code, "names no file on the hub" in said, hub.asked) == (2, True, [])


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
PARTS = st.lists(st.text(st.characters(min_codepoint=32, exclude_characters="/\\", codec="utf-8"), min_size=1), min_size=1)


@given(NAMES, NAMES, st.none() | NAMES, PARTS.filter(lambda parts: not {".", ".."} & set(parts)))
def test_an_address_is_read_back_as_it_was_written(owner: str, name: str, revision: str | None, parts: list[str]) -> None:
    wanted = HubFile(repository=f"{owner}/{name}", revision=revision, file="/".join(parts))
    text = f"hf://{owner}/{name}{f'@{revision}' if revision else ''}/{wanted.file}"

    assert len(text) > 1000 or address_of(text) == wanted


@given(st.text())
def test_any_other_text_is_a_usage_error_or_an_address(text: str) -> None:
    try:
        found = address_of(f"hf://{text}")
    except UsageError:
        return
    assert not {"", ".", ".."} & set(found.file.split("/"))
    assert found.repository.count("/") == 1
