"""What a PEFT config inside the file asks of its loader."""

import json

from tests.hostile.case import Case, one
from tests.hostile.files import REFUSED
from tests.hostile.sound import configured, sound


def _asking(name: str, rule: str, **fields: object) -> Case:
    return one(name, configured(**fields), rule)


_WIDE = {"\uff52": 4096}

CASES: tuple[Case, ...] = (
    *(one(name, content, code) for name, (code, content) in REFUSED.items() if code > "LS399"),
    _asking("alpha of a hundred million", "LS403", lora_alpha=1e8),
    _asking("a scaling of twenty", "LS403", lora_alpha=80),
    _asking("a negative alpha", "LS403", lora_alpha=-4e9),
    _asking("an alpha of zero", "LS403", lora_alpha=0),
    _asking("one layer times ten thousand", "LS403", alpha_pattern={"mid_block.attentions.0.to_q": 40_000}),
    _asking("a rank of one under a large alpha", "LS403", r=400, lora_alpha=400, rank_pattern={"up_blocks.0.to_q": 1}),
    _asking("rank-stabilised scaling", "LS403", r=4, lora_alpha=400, use_rslora=True),
    _asking("code by auto_map", "LS404", auto_map={"AutoModel": "x.Y"}),
    _asking("trust in remote code", "LS404", trust_remote_code=True),
    _asking("another parent library", "LS404", auto_mapping={"parent_library": "evil", "base_model_class": "X"}),
    _asking("another Megatron", "LS404", megatron_core="evil"),
    _asking("code by a nested auto_map", "LS404", base_config={"auto_map": {"AutoModel": "x.Y"}}),
    _asking("code by auto_map in other letters", "LS404", Auto_Map={"AutoModel": "x.Y"}),
    _asking("an object of a deserialiser", "LS404", extra={"py/reduce": [{"py/type": "os.system"}]}),
    _asking("a class by its path", "LS404", init={"class_path": "subprocess.Popen"}),
    _asking("a class by its dunder", "LS404", extra={"__class__": "os.system"}),
    _asking("a parent library that climbs", "LS404", auto_mapping={"parent_library": "diffusers.x/../y", "base_model_class": "X"}),
    _asking(
        "a class that is a function of a module", "LS404", auto_mapping={"parent_library": "diffusers", "base_model_class": "os.system"}
    ),
    _asking("a pattern for a module that the file lacks", "LS403", alpha_pattern={r"mid_.*\.nowhere": 8e9}),
    _asking("an unknown initialisation", "LS407", init_lora_weights="evil"),
    _asking("an initialisation that is a list", "LS407", init_lora_weights=["pissa"]),
    _asking("a switch that is a word", "LS400", use_dora="yes"),
    _asking("a field in wide letters", "LS400", **_WIDE),
    _asking("a field with a blank", "LS400", **{"lora_alpha ": 1e9}),
    _asking("a field in capitals", "LS400", LORA_ALPHA=1e9),
    _asking("a base of the system's own", "LS408", base_model_name_or_path=r"C:\Windows\System32\config\SAM"),
    _asking("a base by another scheme", "LS408", base_model_name_or_path="hdfs://host.example/x"),
    _asking("a base by half a scheme", "LS408", base_model_name_or_path="https:\\\\host.example\\x"),
    _asking("a base that a shell would run", "LS408", base_model_name_or_path="`id`"),
    _asking("an update that is hidden in a seed", "LS409", peft_type="VERA"),
    _asking("modules to save", "LS405", modules_to_save=["conv_in", "conv_out"]),
    _asking("all biases", "LS406", bias="all"),
    _asking("its own biases", "LS406", bias="lora_only"),
    _asking("a bias beside every update", "LS406", bias="none", lora_bias=True),
    _asking("pissa", "LS407", init_lora_weights="pissa_niter_16"),
    _asking("olora", "LS407", init_lora_weights="olora"),
    _asking("loftq", "LS407", init_lora_weights="loftq"),
    _asking("repeated layers", "LS407", layer_replication=[[0, 4], [2, 5]]),
    _asking("a base on a share", "LS408", base_model_name_or_path=r"\\host\share"),
    _asking("a base by a file address", "LS408", base_model_name_or_path="file:///etc/passwd"),
    _asking("a base on the network", "LS408", base_model_name_or_path="https://host.example/model"),
    _asking("a type that is no update", "LS409", peft_type="PREFIX_TUNING"),
    _asking("targets that the file does not have", "LS410", target_modules=r".*\.no_such_module"),
    one("a config that is a number", sound({"lora_adapter_metadata": "4"}), "LS400"),
    one("a config with half a character", sound({"lora_adapter_metadata": '{"unet.r": "\\ud800"}'}), "LS400"),
    one("a config with a huge integer", sound({"lora_adapter_metadata": '{"unet.r": ' + "9" * 5_000 + "}"}), "LS400", "LS402"),
    one("a config with a component twice", sound({"lora_adapter_metadata": '{"unet.r": 4, "unet.r": 4096}'}), "LS106"),
    one(
        "a config of a hundred thousand ranks",
        sound({"lora_adapter_metadata": json.dumps({"unet.r": 4, "unet.rank_pattern": {f"a.{each}": 4 for each in range(250_000)}})}),
        "LS400",
    ),
)
