"""The bad files: a sentence, the rule that must refuse it, its bytes."""

import json

from tests.hostile.builders import (
    adapter,
    container,
    entries,
    header_that_unpickles,
    one_tensor,
    pickle_that_calls,
    tar_archive,
    two_tensors,
    with_config,
    zip_archive,
    zip_in_last_tensor,
)

_DEEP = b'{"a":' + b"[" * 60_000 + b"]" * 60_000 + b"}"
_MANY = container(entries({f"t{number}": ("U8", (1,)) for number in range(20_001)})[0], bytes(20_001))
_TWICE = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
_LFS = b"version https://git-lfs.example/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 3227336\n"
_REGEX = r"(([a-z0-9_]+)+\.?)+!"
_TAR = tar_archive()
_SEVENTH = b"7z\xbc\xaf\x27\x1c" + bytes(26)


def _number(text: str) -> bytes:
    return container(f'{{"a":{{"dtype":"F32","shape":[{text}],"data_offsets":[0,8]}}}}'.encode(), bytes(8))


REFUSED: dict[str, tuple[str, bytes]] = {
    "nothing at all": ("LS113", b""),
    "seven bytes": ("LS101", b"\xff" * 7),
    "a header length beyond every limit": ("LS101", b"\xff" * 64),
    "a header length of zero": ("LS101", container(b"", bytes(64))),
    "a header cut in the middle": ("LS103", adapter()[:100]),
    "the last byte missing": ("LS103", adapter()[:-1]),
    "one byte too many": ("LS104", adapter() + b"\0"),
    "a header that is a list": ("LS102", container([])),
    "a header that begins with white space": ("LS102", container(b"  {}", bytes(64))),
    "a header that is no UTF-8": ("LS102", container(b'{"\xff":1}')),
    "a header that is no JSON": ("LS102", container(b"{'a': 1}")),
    "a header with a NUL behind it": ("LS102", container(b"{}\0")),
    "half a character": ("LS102", container(b'{"__metadata__":{"a":"\\ud800"}}')),
    "nesting that overflows a recursive parser": ("LS102", container(_DEEP)),
    "unbalanced brackets": ("LS102", container(b'{"a":[}')),
    "NaN as a dimension": ("LS102", _number("NaN")),
    "Infinity as a dimension": ("LS102", _number("Infinity")),
    "a dimension that is a fraction": ("LS102", _number("2.0")),
    "a dimension of a million digits": ("LS102", _number("9" * 1_000_000)),
    "a dimension that is true": ("LS102", one_tensor(shape=[True])),
    "a negative dimension": ("LS102", one_tensor(shape=[-2])),
    "a shape that is a word": ("LS102", one_tensor(shape="2")),
    "a hundred dimensions": ("LS102", one_tensor(shape=[1] * 100)),
    "a dtype nobody knows": ("LS102", one_tensor("F128")),
    "a dtype that is a list": ("LS102", one_tensor([])),
    "a tensor that is a number": ("LS102", container({"a": 1})),
    "a tensor with one field more": (
        "LS102",
        container({"a": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0], "x": 1}}),
    ),
    "metadata that is a list": ("LS102", container({"__metadata__": []})),
    "a metadata value that is a number": ("LS102", adapter({"a": 1})),
    "metadata nested like a tree": ("LS102", adapter({"a": {"b": "c"}})),
    "offsets that run backwards": ("LS105", one_tensor(offsets=[8, 0])),
    "negative offsets": ("LS105", one_tensor(offsets=[-8, 0])),
    "three offsets": ("LS105", one_tensor(offsets=[0, 8, 8])),
    "a shape larger than its bytes": ("LS105", one_tensor(shape=[3])),
    "a shape whose product wraps to its size in 64 bits": ("LS105", one_tensor(shape=[2**30, 2**30, 16])),
    "half a byte": ("LS105", one_tensor("F4", [3], [0, 2], bytes(2))),
    "two tensors on the same bytes": ("LS105", two_tensors((0, 4), (2, 8), 8)),
    "a hole between two tensors": ("LS105", two_tensors((0, 4), (6, 8), 8)),
    "a tensor name twice": ("LS106", container(_TWICE, bytes(8))),
    "a metadata key twice": ("LS106", container(b'{"__metadata__":{"a":"1","a":"2"}}')),
    "a config key twice": ("LS106", adapter({"lora_adapter_metadata": '{"r":4,"r":8}'})),
    "no values of a huge dimension": ("LS108", one_tensor(shape=[0, 2**62], offsets=[0, 0], payload=b"")),
    "twenty thousand tensors and one": ("LS109", _MANY),
    "a zip inside the last tensor": ("LS110", zip_in_last_tensor()),
    "a zip behind the last tensor": ("LS104", adapter() + zip_archive(a__py=b"1")),
    "a 7z behind the last tensor": ("LS104", adapter() + _SEVENTH),
    "a 7z inside a tensor": ("LS110", one_tensor("U8", [32], [0, 32], _SEVENTH)),
    "a header length that is a pickle opcode": ("LS111", header_that_unpickles()),
    "a git-LFS pointer": ("LS112", _LFS),
    "an HTML page": ("LS113", b"<!DOCTYPE html><html><body>404</body></html>"),
    "an HTML page after a blank line": ("LS113", b"\n <html lang=en>" + b"x" * 9_000),
    "a GGUF model": ("LS113", b"GGUF\x03\0\0\0" + bytes(64)),
    "a Linux program": ("LS113", b"\x7fELF\x02\x01\x01" + bytes(64)),
    "a Windows program": ("LS113", b"MZ\x90\0\x03\0\0\0\x04" + bytes(64)),
    "a PNG picture": ("LS113", b"\x89PNG\r\n\x1a\n" + bytes(64)),
    "a JPEG picture": ("LS113", b"\xff\xd8\xff\xe0" + bytes(64)),
    "a tar archive": ("LS113", _TAR),
    "a zip of pictures": ("LS113", zip_archive(a__png=b"\x89PNG")),
    "JSON": ("LS113", b'{"error": "not found"}'),
    "plain text": ("LS113", "Zugriff verweigert: bitte anmelden …".encode()),
    "an old pickle": ("LS303", b"\x80\x02}q\x00." + bytes(8)),
    "a pickle that calls": ("LS303", pickle_that_calls()),
    "a PyTorch checkpoint that calls": ("LS303", zip_archive(archive__pkl=b"\x80\x02" + pickle_that_calls())),
    "half a zip": ("LS303", zip_archive(archive__pkl=bytes(999))[:100]),
    "a config that is no JSON": ("LS400", adapter({"lora_adapter_metadata": "r=4"})),
    "a config that is a list": ("LS400", adapter({"lora_adapter_metadata": "[]"})),
    "a config nested too deep": ("LS400", adapter({"lora_adapter_metadata": '{"r":' + "[" * 99 + "]" * 99 + "}"})),
    "a config whose switch is a word": ("LS400", with_config(use_rslora="yes")),
    "a regular expression that never returns": ("LS401", with_config(r=4, target_modules=_REGEX)),
    "a regular expression as a rank's key": ("LS401", with_config(r=4, rank_pattern={_REGEX: 8})),
    "a regular expression as an alpha's key": ("LS401", with_config(r=4, alpha_pattern={_REGEX: 8})),
    "a regular expression that excludes": ("LS401", with_config(r=4, exclude_modules=_REGEX)),
    "a regular expression of layers": ("LS401", with_config(r=4, layers_pattern=[_REGEX])),
    "a regular expression of saved modules": ("LS401", with_config(r=4, modules_to_save=_REGEX)),
    "a regular expression of a bare model": (
        "LS401",
        adapter({"lora_adapter_metadata": json.dumps({"target_modules": _REGEX})}),
    ),
    "a module path of ten thousand letters": ("LS401", with_config(target_modules="a" * 10_000)),
    "a rank of four billion": ("LS402", with_config(r=2**32)),
    "a rank of zero": ("LS402", with_config(r=0)),
    "a rank that is a fraction": ("LS402", with_config(r=4.5)),
    "a rank that is true": ("LS402", with_config(r=True)),
    "an absurd rank in a pattern": ("LS402", with_config(r=4, rank_pattern={"to_q": 10**9})),
    "an alpha that is a word": ("LS403", with_config(r=4, lora_alpha="8")),
    "an infinite alpha": ("LS403", adapter({"lora_adapter_metadata": '{"r":4,"lora_alpha":1e999}'})),
    "an alpha that is NaN": ("LS400", adapter({"lora_adapter_metadata": '{"r":4,"lora_alpha":NaN}'})),
}
