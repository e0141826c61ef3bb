"""The text detectors: loud on the hostile, silent on what looks like it."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascan.core.adapter import Claim, Claims, FileFacts
from lorascan.core.evidence import Evidence
from lorascan.core.findings import Finding, Severity
from lorascan.detectors import container, hidden_characters, hidden_payloads, hostile_text, tensor_names
from lorascan.intake.declarations import read_claims
from lorascan.settings import Limits
from tests.hostile.texts import HONEST, HOSTILE, TOKEN

DETECTORS = [each.DETECTOR for each in (container, hidden_characters, hidden_payloads, hostile_text, tensor_names)]


def evidence(claims: Claims | None = None, **facts: object) -> Evidence:
    fields: dict[str, object] = {
        "name": "a.safetensors",
        "path": "a.safetensors",
        "size": 1,
        "sha256": "",
        "tensor_hash": "",
        "autov3": "",
        "header_bytes": 1,
        "tensor_count": 1,
        "dtypes": {},
        "claims": claims or Claims(),
    }
    return Evidence(facts=(FileFacts(**{**fields, **facts}),))


def saying(text: str) -> Evidence:
    return evidence(Claims(metadata=(Claim(path="__metadata__.note", value=text),)))


def examine(gathered: Evidence) -> list[Finding]:
    return [finding for detector in DETECTORS for finding in detector.examine(gathered)]


@pytest.mark.parametrize("sentence", HOSTILE)
def test_a_hostile_text_is_found_in_metadata_names_and_tags(sentence: str) -> None:
    """Wherever it stands."""
    code, text = HOSTILE[sentence]
    tagged = read_claims({"ss_tag_frequency": json.dumps({"a": {text: 3}})}, Limits())

    for gathered in (
        saying(text),
        evidence(odd_names=(text,)),
        evidence(Claims(metadata=(Claim(path=text, value=""),))),
    ):
        assert code in {each.rule.code for each in examine(gathered)} or code == "LS207"
    if len(text) < 400:
        assert code in {each.rule.code for each in examine(evidence(tagged))}


@pytest.mark.parametrize("sentence", HONEST)
def test_an_honest_text_is_silent(sentence: str) -> None:
    """False alarms are what users of scanners complain about first."""
    assert examine(saying(HONEST[sentence])) == []


def test_a_secret_is_never_quoted() -> None:
    """A report is shown to more people than the file was."""
    (found,) = examine(saying(f"token {TOKEN}"))

    assert TOKEN not in repr(found)
    assert found.measured == "hf_a… (37 characters)"


def test_a_quotation_cannot_harm_its_reader() -> None:
    """Findings quote by visible escapes."""
    (found,) = examine(saying("x\x1b[2Jy"))

    assert "\x1b" not in str(found.measured)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/../../b", "..", r"a\..\b", "/etc/x", r"C:\x", "a\0b", r"\\host\x"])
def test_a_tensor_named_like_a_path_is_severe(name: str) -> None:
    """It would be written outside its folder."""
    assert [(each.rule.code, each.severity) for each in tensor_names.examine(evidence(odd_names=(name,)))] == [("LS209", Severity.HIGH)]


@pytest.mark.parametrize("name", ["<s1>", "unet/mid..block", "a/b/c", "text encoder", "a...b", "层.weight"])
def test_an_odd_tensor_name_is_no_path(name: str) -> None:
    """Trainers name tensors as they like."""
    assert list(tensor_names.examine(evidence(odd_names=(name,)))) == []


def test_a_megabyte_of_padding_is_reported_and_a_kilobyte_is_not() -> None:
    """Writers align; nobody aligns to a megabyte."""
    assert [each.rule.code for each in examine(evidence(header_padding=2**20 + 1))] == ["LS107"]
    assert examine(evidence(header_padding=1024)) == []


def test_a_safetensors_file_named_like_a_pickle_is_reported() -> None:
    """Loaders would unpickle it."""
    assert [each.rule.code for each in examine(evidence(name="a.CKPT"))] == ["LS302"]


def test_a_flood_of_hostile_texts_gives_a_bounded_list() -> None:
    """Twenty of a kind say enough."""
    claims = Claims(metadata=tuple(Claim(path=f"__metadata__.{each}", value="<script>") for each in range(999)))

    assert len(examine(evidence(claims))) == 20


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["<", "<a ", "<a on", "::error ", "ignore all ", "{{", "a", "A1", "curl ", "<a/", ZW := "\u200b", "eval("])
def test_no_text_of_a_million_characters_is_slow(unit: str) -> None:
    """Every pattern is bounded."""
    text = unit * (1_000_000 // len(unit))
    began = time.process_time()

    examine(saying(text))

    assert time.process_time() - began < 5.0


@given(st.text(st.characters(codec=None), max_size=80), st.sampled_from(sorted(HOSTILE)))
def test_any_text_is_examined_without_an_error(text: str, sentence: str) -> None:
    """Surrogates in file names included."""
    hostile = HOSTILE[sentence][1][:2_000]

    examine(evidence(name=text + hostile + text, odd_names=(text,)))


def test_text_that_was_not_looked_at_is_said() -> None:
    """A flood cannot hide what stands behind it, nor the short texts beside it."""
    claims = Claims(
        metadata=(
            Claim(path="__metadata__.long", value="a " * 2_100_000),
            Claim(path="__metadata__.x", value="<script>"),
        )
    )

    assert {each.rule.code for each in examine(evidence(claims))} == {"LS201", "LS207"}
