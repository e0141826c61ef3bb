"""Archives are looked into without unpacking them."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lorascan.core.adapter import FileIdentity
from lorascan.core.errors import Refusal, Refused
from lorascan.intake import Received, vet_received
from lorascan.intake.tars import read_tar
from lorascan.intake.zips import read_zip
from lorascan.settings import Limits
from tests.hostile.builders import adapter
from tests.hostile.pickles import EVIL, START, STOP, archive, checkpoint

ELF = b"\x7fELF\x02\x01\x01" + bytes(99)
PLAIN = {"a/a.safetensors": adapter(), "a/1.png": b"\x89PNG"}


def refusals(content: bytes, name: str = "a.zip") -> tuple[Refusal, ...]:
    identity = FileIdentity(name=name, path=name, size=len(content), sha256="")
    with pytest.raises(Refused) as caught:
        vet_received(Received(identity=identity, content=memoryview(content)), Limits())
    return caught.value.refusals


def codes(content: bytes) -> set[str]:
    return {each.code for each in refusals(content)}


def tar(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as opened:
        for member, content in members:
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, link
    return found


def linked(name: str, target: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        member = zipfile.ZipInfo(name)
        member.external_attr = 0o120777 << 16
        opened.writestr(member, target)
    return buffer.getvalue()


def doubled() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr("a/data.pkl", START + b"N" + STOP)
        with pytest.warns(UserWarning, match="Duplicate"):
            opened.writestr("a/data.pkl", START + EVIL + STOP)
    return buffer.getvalue()


def patched(content: bytes, old: bytes, new: bytes, count: int = 1) -> bytes:
    assert old in content
    return content.replace(old, new, count)


def bomb() -> bytes:
    return archive({"a.txt": bytes(80 * 2**20)}, method=zipfile.ZIP_DEFLATED)


def shared() -> bytes:
    """Two directory entries that point at one member."""
    content = archive({"a.txt": b"x" * 99})
    at = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    record = content[at:end]
    tail = content[end : end + 8] + struct.pack("<HHII", 2, 2, 2 * len(record), at) + b"\0\0"
    return content[:at] + record + patched(record, b"a.txt", b"b.txt") + tail


CASES = {
    "a name that climbs": (archive({"../../.bashrc": b""}), "LS306"),
    "an absolute name": (archive({"/etc/cron.d/x": b""}), "LS306"),
    "a drive": (archive({"C:\\x.txt": b""}), "LS306"),
    "a name of Windows that climbs": (archive({"a\\..\\..\\x": b""}), "LS306"),
    "a symbolic link": (linked("weights", "/etc/passwd"), "LS306"),
    "a bomb": (bomb(), "LS306"),
    "members that share bytes": (shared(), "LS306"),
    "an archive in an archive": (archive({"b.zip": archive(PLAIN)}), "LS306"),
    "a program": (archive({"weights.dat": ELF}), "LS304"),
    "a script": (archive({"install.py": b""}), "LS304"),
    "a pickle that calls": (archive({"a.txt": START + EVIL + STOP}), "LS301"),
    "one name twice": (doubled(), "LS307"),
    "an encrypted member": (patched(archive({"a.txt": b"x"}), b"PK\x03\x04\x14\0\0", b"PK\x03\x04\x14\0\1"), "LS307"),
    "two names of one member": (patched(archive({"a.txt": b"x"}), b"a.txt", b"b.txt"), "LS307"),
    "another method": (archive({"a.txt": b"x" * 99}, method=zipfile.ZIP_LZMA), "LS307"),
    "bytes behind the end": (archive(PLAIN) + bytes(70_000), "LS307"),
    "a second archive before it": (archive({"a": b""}) + archive(PLAIN), "LS307"),
    "a checkpoint of two archives": (archive({"x": b""}) + checkpoint({"a": ("Float", (1,), bytes(4))}), "LS307"),
    "a tar member that climbs": (tar((entry("../../x"), b"")), "LS306"),
    "a tar with a link": (tar((entry("x", tarfile.SYMTYPE, "/etc"), b"")), "LS306"),
    "a tar with a hard link": (tar((entry("x", tarfile.LNKTYPE, "/etc/passwd"), b"")), "LS306"),
    "a tar with a device": (tar((entry("x", tarfile.CHRTYPE), b"")), "LS306"),
    "a tar member with a long name that climbs": (tar((entry("../" * 60 + "x"), b""), form=tarfile.GNU_FORMAT), "LS306"),
    "a tar member with an extended name that climbs": (tar((entry("../" * 60 + "x"), b"")), "LS306"),
    "a tar with a program": (tar((entry("x"), ELF)), "LS304"),
    "a tar with a pickle": (tar((entry("x"), START + EVIL + STOP)), "LS301"),
    "a tar that is cut": (tar((entry("x"), bytes(9_999)))[:2_000], "LS103"),
    "a gzip bomb": (gzip.compress(bytes(100 * 2**20)), "LS306"),
    "a bzip2 bomb": (bz2.compress(bytes(80 * 2**20)), "LS306"),
    "an xz bomb": (lzma.compress(bytes(80 * 2**20), preset=0), "LS306"),
    "a packed tar that climbs": (gzip.compress(tar((entry("../x"), b""))), "LS306"),
    "a packed pickle": (lzma.compress(START + EVIL + STOP), "LS301"),
    "a packed program": (bz2.compress(ELF), "LS304"),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("case", CASES)
def test_what_an_archive_would_do_is_told(case: str) -> None:
    """Nothing is unpacked to find it."""
    content, code = CASES[case]

    assert code in codes(content)


@pytest.mark.parametrize("write", [archive(PLAIN), gzip.compress(adapter()), tar((entry("a.safetensors"), adapter()))])
def test_an_honest_archive_is_only_called_what_it_is(write: bytes) -> None:
    """It is no adapter until somebody unpacks it."""
    (found,) = refusals(write)

    assert found.code == "LS113"
    assert "archive" in str(found.measured)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_python_zips_is_sound(method: int) -> None:
    """Directories, comments and empty members too."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as opened:
        opened.writestr("a.txt", "hello " * 99)
        opened.mkdir("folder")
        opened.writestr("folder/b", b"")
        with opened.open("big", "w", force_zip64=True) as stream:
            stream.write(bytes(99))
        opened.comment = b"made by hand"

    found = read_zip(memoryview(buffer.getvalue()))

    assert found.faults == ()
    assert [each.name for each in found.members] == ["a.txt", "folder/", "folder/b", "big"]


@settings(deadline=None)
@given(st.integers(0, len(archive(PLAIN)) - 1), st.binary(min_size=1, max_size=6), st.binary(max_size=80))
def test_any_zip_and_tar_is_walked(at: int, patch: bytes, noise: bytes) -> None:
    """Whatever the numbers in them say."""
    content = archive(PLAIN)

    read_zip(memoryview(content[:at] + patch + content[at + len(patch) :]))
    read_zip(memoryview(noise + b"PK\x05\x06" + noise))
    whole = tar((entry("x"), b"hello"))
    read_tar(memoryview(whole[: at % 1500] + patch + whole[at % 1500 + len(patch) :]))
