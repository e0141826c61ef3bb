"""A real file whose name, keys and metadata attack their reader, audited and written in every format."""

import json
import re
import unicodedata

import pytest

from lorascan.auditing import audit
from lorascan.core.report import Report
from lorascan.reporting import formats, render
from lorascan.settings import settings_of
from tests.hostile.builders import container, entries, kohya_tensors

ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\x1b[2J\x1b]0;owned\x07",
    "\n::add-path::/tmp\n##vso[task.setvariable variable=a]b",
    "\u202egpj.exe\u2066\u200b",
    "| a | b |\n# heading\n[x](javascript:alert(1))",
    "{{ ''.__class__ }} ${jndi:ldap://x}",
)
NAME = "\u202e<svg onload=alert(1)>\x1b[31m::error::.safetensors".replace("/", "")
LIBRARY = re.compile(r"<script>\s*/\*\s*\* Licensed to the Apache.*?</script>", re.DOTALL)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    laid, payload = entries(kohya_tensors() | dict.fromkeys(ATTACKS, ("F32", (1,))))
    metadata = {attack: attack for attack in ATTACKS} | {"modelspec.trigger_phrase": ATTACKS[0], "ss_base_model_version": ATTACKS[2]}
    metadata["ss_tag_frequency"] = json.dumps({"a": dict.fromkeys(ATTACKS, 3)})
    path = tmp_path_factory.mktemp("hostile") / NAME
    path.write_bytes(container({"__metadata__": metadata, **laid}, payload))
    return audit(path, settings_of(policy="static"), command=f"lorascan audit {NAME}")


def test_what_the_file_holds_is_found(report: Report) -> None:
    assert {"LS201", "LS202", "LS203", "LS204", "LS210"} <= {each.rule.code for each in report.findings}


@pytest.mark.parametrize("name", sorted(each.name for each in formats().values() if each.pack is None))
def test_nothing_of_it_is_active_in_any_format(report: Report, name: str) -> None:
    """A new format joins by itself."""
    written = LIBRARY.sub("", render(report, name))

    odd = {each for each in written if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert odd <= {"\n"}
    for line in written.splitlines():
        ours = formats()[name].commands and line.count("::") == 2
        assert ours or not line.lstrip().startswith(("::", "##vso[", "##["))
    if name in ("html", "markdown"):
        for markup in ("<script>alert", "<img src=x", "<svg onload"):
            assert markup not in written
    assert name != "markdown" or "](javascript:" not in written


def test_json_keeps_the_truth(report: Report) -> None:
    told = json.loads(render(report, "json"))

    assert told["subject"]["name"] == NAME
    assert {f"__metadata__.{each}" for each in ATTACKS} <= {each["path"] for each in told["file"]["claims"]["metadata"]}
