"""What else a config can ask for, inside the file and beside it."""

import numpy as np

from tests.hostile.case import Case, one, whole
from tests.hostile.sound import STEM, changed, config, configured, sound

_CONFIGS: dict[str, tuple[str, dict[str, object]]] = {
    "a rank that is a text": ("LS402", {"r": "4"}),
    "a rank below zero": ("LS402", {"r": -4}),
    "a rank that is a list": ("LS402", {"r": [4]}),
    "an alpha that is true": ("LS403", {"lora_alpha": True}),
    "an alpha beyond floats": ("LS403", {"lora_alpha": 1e308}),
    "an alpha next to nothing": ("LS403", {"lora_alpha": 1e-12}),
    "a pattern that is a list": ("LS400", {"alpha_pattern": [["x", 1]]}),
    "a pattern of words": ("LS403", {"alpha_pattern": {"to_q": "9"}}),
    "targets that are numbers": ("LS400", {"target_modules": [1, 2]}),
    "targets that are a map": ("LS400", {"target_modules": {"to_q": 1}}),
    "a lookahead inside a repetition": ("LS401", {"target_modules": r"(?=(\w+\.?)+$)x"}),
    "overlapping alternatives": ("LS401", {"rank_pattern": {r"(a|ab|b)*c$": 8}}),
    "alternatives that begin alike": ("LS401", {"alpha_pattern": {r"(to_q|to_|q)+x": 8}}),
    "two adjacent wildcards, nine times": ("LS401", {"exclude_modules": r".*.*.*.*.*.*.*.*.*="}),
    "a condition on a group": ("LS401", {"target_modules": r"(a)?(?(1)b|c)+"}),
    "a pattern of a million letters": ("LS401", {"target_modules": "a" * 1_000_000}),
    "an unknown type": ("LS409", {"peft_type": "LORA2"}),
    "a type that is a number": ("LS400", {"peft_type": 1}),
    "adapters to fetch": ("LS408", {"adapters": {"0": "evil/repo"}}),
    "a base in the system's folder": ("LS408", {"base_model_name_or_path": "%SYSTEMROOT%\\x"}),
    "a base by javascript": ("LS408", {"base_model_name_or_path": "javascript:alert(1)"}),
    "a base of this machine's devices": ("LS408", {"base_model_name_or_path": "\\\\.\\pipe\\x"}),
    "a base that climbs": ("LS408", {"base_model_name_or_path": "../../../../etc"}),
    "an extended path": ("LS408", {"base_model_name_or_path": "\\\\?\\C:\\x"}),
    "a tokenizer's remote code": ("LS404", {"tokenizer": {"trust_remote_code": True}}),
    "an object by its reduce": ("LS404", {"x": {"__reduce__": ["os.system", ["id"]]}}),
    "a hydra target": ("LS404", {"init": {"_target_": "os.system"}}),
    "a library of another's": ("LS404", {"auto_mapping": {"parent_library": "os", "base_model_class": "X"}}),
    "layers many times over": ("LS407", {"layer_replication": [[0, 2**40]]}),
    "an embedding's rows": ("LS405", {"trainable_token_indices": {"token_embedding": [49406]}}),
    "a whole embedding": ("LS405", {"modules_to_save": ["token_embedding"]}),
    "biases of another kind": ("LS406", {"bias": "everything"}),
    "a config inside": ("LS400", {"unet": {"r": 4, "lora_alpha": 8e9}}),
    "a field below a field": ("LS400", {"r.x": 4096}),
    "a quantised start": ("LS407", {"loftq_config": {"loftq_bits": 4}, "init_lora_weights": "loftq"}),
}

CASES: tuple[Case, ...] = (
    *(one(name, configured(**fields), code) for name, (code, fields) in _CONFIGS.items()),
    *(
        whole(
            f"{name}, in a folder",
            {"adapter_model.safetensors": sound(dialect="peft", alpha=None), "adapter_config.json": config(**fields)},
            code,
        )
        for name, (code, fields) in _CONFIGS.items()
        if code in ("LS402", "LS403", "LS404", "LS405", "LS407")
    ),
    one(
        "an alpha under a second name",
        changed(lambda found: {**found, f"{STEM}.network_alpha": np.array(9, dtype=np.float32)}),
        "LS505",
        "LS604",
    ),
    one("a config twice in escapes", sound({"lora_adapter_metadata": '{"r": 4, "\\u0072": 4096}'}), "LS106"),
)
