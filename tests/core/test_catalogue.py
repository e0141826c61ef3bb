"""Members of a package are found by their modules."""

import subprocess
import sys

import pytest

from lorascan.core.catalogue import members
from lorascan.reporting import Format, format_named, formats


def test_every_format_is_found_by_its_name_and_by_its_aliases() -> None:
    known = formats()

    assert len(known) > 10
    for name, each in known.items():
        assert format_named(name) is each
        assert all(format_named(alias) is each for alias in each.aliases)


def test_a_format_that_is_named_brings_no_library_of_another() -> None:
    program = (
        "import sys, lorascan.reporting as r\n"
        "assert r.format_named('json').name == 'json'\n"
        "print([each for each in ('junitparser', 'lorascan.reporting.html', 'lorascan.reporting.sarif') if each in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_members_whose_name_begins_otherwise_are_left_out() -> None:
    assert set(members("lorascan.reporting", "FORMAT", Format, "json")) == {"json_v1"}
    assert set(members("lorascan.reporting", "FORMAT", Format, "nothing")) == set()


def test_a_module_without_its_constant_is_an_error_and_no_silence() -> None:
    with pytest.raises(TypeError, match="must define NOTHING"):
        members("lorascan.reporting", "NOTHING", Format, "json")
