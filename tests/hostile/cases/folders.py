"""Folders: what stands beside the weights, links, configs and cards."""

from tests.hostile.builders import pickle_that_calls
from tests.hostile.case import Case, Link, whole
from tests.hostile.pickles import EVIL, START, STOP, archive
from tests.hostile.sound import config, keras, sound

_PEFT = sound(dialect="peft", alpha=None)
_REGEX = r"(([a-z0-9_]+)+\.?)+!"
OBJECTS = b"\x93NUMPY\x01\0\x40\0" + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(63) + b"\n"
_ELF = b"\x7fELF\x02\x01\x01" + bytes(99)


def _beside(name: str, rule: str, **more: bytes | Link) -> Case:
    return whole(name, {"adapter.safetensors": sound(), **{key.replace("__", "."): value for key, value in more.items()}}, rule)


def _peft(name: str, rule: str, raw: bytes, **more: bytes) -> Case:
    files = {"adapter_model.safetensors": _PEFT, "adapter_config.json": raw}
    return whole(name, {**files, **{key.replace("__", "."): value for key, value in more.items()}}, rule)


CASES: tuple[Case, ...] = (
    _beside("a custom pipeline", "LS304", pipeline__py=b"import os"),
    _beside("a program called a picture", "LS304", preview__png=_ELF),
    _beside("an installer", "LS304", Setup__exe=b"MZ"),
    _beside("a script without a suffix", "LS304", run=b"#!/bin/sh\nid\n"),
    _beside("a shared library", "LS304", fast__so=b""),
    _beside("code that the model's index names", "LS304", unet_x__py=b"", model_index__json=b'{"unet": ["unet_x", "X"]}'),
    _peft("code that the config names", "LS304", config(auto_map={"AutoModel": "modeling_x.X"}), modeling_x__py=b"import os"),
    _beside("a pickle that calls", "LS301", random_states_0__pkl=START + EVIL + STOP),
    _beside("a pickle that calls, without a suffix", "LS301", state=START + EVIL + STOP),
    _beside("an archive with a pickle that calls", "LS301", extra__zip=archive({"a": pickle_that_calls()})),
    _beside("a Keras model with a layer of code", "LS304", model__keras=archive({"config.json": keras("Lambda")})),
    _beside("an older Keras model with a layer of code", "LS304", model__h5=b"\x89HDF\r\n\x1a\n" + bytes(64) + keras("Lambda")),
    _beside("an archive that climbs", "LS306", extra__zip=archive({"../../x": b""})),
    _beside("a link to a file of the machine", "LS305", notes__txt=Link(target="/etc/passwd")),
    _beside("a link that climbs", "LS305", notes__txt=Link(target="../../../../etc/hostname")),
    _beside("a link to a folder of the machine", "LS305", images=Link(target="/etc")),
    _beside("a link to nothing outside", "LS305", images=Link(target="/nonexistent/x")),
    whole("weights that are a link to the machine", {"a.safetensors": sound(), "b.safetensors": Link(target="/etc/hostname")}, "LS305"),
    whole("a bad file between good ones", {"a/1.safetensors": sound(), "a/2.bin": pickle_that_calls(), "3.safetensors": sound()}, "LS301"),
    whole("a page between good ones", {"1.safetensors": sound(), "2.safetensors": b"<html></html>"}, "LS113"),
    *(
        _beside(f"code called {name}", "LS304", **{name.replace(".", "__"): b"x"})
        for name in ("x.rb", "x.php", "x.psm1", "x.so.1", "x.cpp", "x.docm")
    ),
    _beside("compiled Python called a note", "LS304", note__dat=b"\xa7\r\r\n" + bytes(12)),
    _beside("a macOS program of the other order", "LS304", note__dat=b"\xfe\xed\xfa\xcf" + bytes(60)),
    _beside("code in an archive", "LS304", extra__zip=archive({"train.py": b"import os"})),
    _beside("an archive that nobody looked into", "LS304", extra__7z=b"7z\xbc\xaf\x27\x1c\0\4" + bytes(50)),
    _beside("an archive in an archive", "LS304", extra__zip=archive({"b.zip": archive({"a": b"x"})})),
    _beside("an array of objects", "LS301", latents__npy=OBJECTS + START + EVIL + STOP),
    _beside("an archive of arrays of objects", "LS301", latents__npz=archive({"a.npy": OBJECTS + START + EVIL + STOP})),
    _beside("a model's config that imports", "LS404", config__json=b'{"auto_map": {"AutoModel": "o/n--modeling.X"}}'),
    _beside(
        "a tokenizer's config that imports", "LS404", tokenizer_config__json=b'{"a": {"auto_map": {"AutoTokenizer": ["o/n--t.T", null]}}}'
    ),
    _beside("a template that reaches into the interpreter", "LS404", tokenizer_config__json=b'{"chat_template": "{{ x.__class__ }}"}'),
    _beside("YAML that makes objects", "LS404", config__yaml=b"a: !!python/object/apply:os.system [id]"),
    whole(
        "an adapter config of no adapter",
        {"a.safetensors": sound(), "b.safetensors": sound(seed=1), "adapter_config.json": config(target_modules=_REGEX)},
        "LS401",
    ),
    whole("a line break in a name", {"a.safetensors": sound(), "a\nb.txt": b"x"}, "LS202"),
    whole("an escape in a neighbour's name", {"a.safetensors": sound(), "a\x1b[2J.txt": b"x"}, "LS202"),
    whole("a name that is no text", {"a.safetensors": sound(), "a\udcff.png": b"x"}, "LS202"),
    whole("a shell's command as a name", {"a.safetensors": sound(), "`id`.txt": b"x"}, "LS203"),
    whole("markup as a neighbour's name", {"a.safetensors": sound(), "<img src=x onerror=alert(1)>.png": b"x"}, "LS201"),
    whole("a script as a folder's name", {"<svg onload=alert(1)>/a.safetensors": sound()}, "LS201"),
    whole("a name that cannot be seen", {"\u200b.safetensors": sound()}, "LS204"),
    _peft("a regular expression that never returns", "LS401", config(target_modules=_REGEX)),
    _peft("a regular expression as a rank's key", "LS401", config(rank_pattern={_REGEX: 8})),
    _peft("a regular expression that excludes", "LS401", config(exclude_modules=_REGEX)),
    _peft("a config that is cut", "LS400", config()[:40]),
    _peft("a config that is a page", "LS400", b"<html></html>"),
    _peft("a config with a key twice", "LS106", b'{"peft_type": "LORA", "r": 4, "r": 8}'),
    _peft("a config with NaN", "LS400", b'{"peft_type": "LORA", "r": 4, "lora_alpha": NaN}'),
    _peft("a config nested too deep", "LS400", b'{"peft_type": "LORA", "r": ' + b"[" * 999 + b"]" * 999 + b"}"),
    _peft("a config of an absurd rank", "LS402", config(r=2**40)),
    _peft("a config that scales up", "LS403", config(lora_alpha=1e8)),
    _peft("a config that scales one layer up", "LS403", config(alpha_pattern={"mid_block.attentions.0.to_q": 40_000})),
    _peft("a config that imports", "LS404", config(auto_mapping={"base_model_class": "X", "parent_library": "evil"})),
    _peft("a config that trusts remote code", "LS404", config(trust_remote_code=True)),
    _peft("a config that saves modules", "LS405", config(modules_to_save=["conv_in"])),
    _peft("a config that trains biases", "LS406", config(bias="all")),
    _peft("a config that changes the base", "LS407", config(init_lora_weights="pissa")),
    _peft("a config that repeats layers", "LS407", config(layer_replication=[[0, 4], [2, 5]])),
    _peft("a config of a share", "LS408", config(base_model_name_or_path=r"\\host\share\model")),
    _peft("a config that is no update", "LS409", config(peft_type="PROMPT_TUNING")),
    _peft("a config of multipliers beside pairs of factors", "LS410", config(peft_type="IA3")),
    _peft("a config of Hadamard products beside pairs of factors", "LS410", config(peft_type="LOHA")),
    _peft("a config of a type from the future", "LS409", config(peft_type="EVIL")),
)
