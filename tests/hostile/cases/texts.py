"""Hostile texts in metadata, tags, tensor names and file names."""

import json

import numpy as np

from tests.hostile.case import Case, one
from tests.hostile.sound import STEM, changed, sound
from tests.hostile.texts import HOSTILE

_BIG = 2_500_000  # characters


def _named(name: str) -> bytes:
    return changed(lambda tensors: {**tensors, name: np.zeros(1, dtype=np.float32)})


CASES: tuple[Case, ...] = (
    *(one(f"{name}, in the metadata", sound({"note": text}), code) for name, (code, text) in HOSTILE.items()),
    one("a script in a metadata key", sound({"<script>alert(1)</script>": "x"}), "LS201"),
    one("a script in a tag", sound({"ss_tag_frequency": json.dumps({"10_x": {"<img src=x onerror=alert(1)>": 3}})}), "LS201"),
    one("a script in a tensor's name", _named("<script>alert(1)</script>"), "LS201"),
    one("a terminal escape in a tensor's name", _named("x\x1b[2J\x1b[H"), "LS202"),
    one("a terminal escape behind JSON escapes", sound({"ss_tag_frequency": '{"a": {"\\u001b[2Jx": 3}}'}), "LS202"),
    one("a workflow command in a folder's name", sound({"ss_dataset_dirs": "x\n::set-env name=PATH::/tmp"}), "LS203"),
    one("a right-to-left override in the file's name", sound(), "LS204", called="nice\u202esrotnesfatefas.safetensors"),
    one("a script in the file's name", sound(), "LS201", called="<img src=x onerror=alert(1)>.safetensors"),
    one("an escape in the file's name", sound(), "LS202", called="a\x1b[31m.safetensors"),
    one("texts longer than anybody reads", sound({"a": "x " * _BIG, "b": "y " * _BIG}), "LS207"),
    one("a tensor that climbs", _named("../../../etc/cron.d/x"), "LS209"),
    one("a tensor with a NUL in its name", _named(f"{STEM}.lora_up.weight\0.txt"), "LS209"),
    one("a tensor of another drive", _named("C:\\Windows\\x"), "LS209"),
    one("a tensor named like a share", _named("\\\\host\\share\\x"), "LS209"),
)
