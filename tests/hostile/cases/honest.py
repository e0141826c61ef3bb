"""Honest files and folders that look like bad ones."""

import json
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.adapters.builders import ATTENTION, TEXT
from tests.hostile.case import Case, Link, one, whole
from tests.hostile.pickles import START, STOP, archive, called, named, number
from tests.hostile.sound import Tensors, changed, config, configured, keras, sound, tensors, written
from tests.hostile.texts import HONEST

_REAL = Path(__file__).parent.parent.parent / "data" / "real_adapters"
_PEFT = sound(dialect="peft", alpha=None)
_LOHA: Tensors = {
    f"unet.{ATTENTION}.hada_w{side}_{factor}": np.full((64, 4) if factor == "a" else (4, 64), 0.05, dtype=np.float32)
    for side in (1, 2)
    for factor in "ab"
}
_KOHYA = {
    "ss_base_model_version": "sd_v1",
    "ss_network_module": "networks.lora",
    "ss_network_dim": "4",
    "ss_network_alpha": "4.0",
    "ss_network_args": json.dumps({"conv_dim": "4", "conv_alpha": "1", "block_dims": "4,4", "preset": "attn-mlp"}),
    "ss_optimizer": "bitsandbytes.optim.adamw.AdamW8bit(weight_decay=0.1,betas=(0.9, 0.99))",
    "ss_seed": "1026",
    "ss_sd_model_name": "v1-5-pruned-emaonly.safetensors",
    "ss_output_name": "sks_style_v2",
    "ss_resolution": "(512, 512)",
    "ss_dataset_dirs": json.dumps({"10_sks dog": {"n_repeats": 10, "img_count": 23}}),
    "ss_training_comment": "<3 thanks to all!",
    "ss_bucket_info": json.dumps({"buckets": {str(each): {"resolution": [512, 64 * each], "count": 9} for each in range(1, 40)}}),
    "ss_tag_frequency": json.dumps({"10_sks dog": {"sks dog": 23, "初音ミク": 4, "1girl": 9, ":3": 2, "<3": 1, "^_^": 1, "o.o": 1}}),
    "sshs_model_hash": "98ea6e4f" * 8,
    "sshs_legacy_hash": "deadbeef",
    "ss_session_id": "2847193",
    "ss_steps": "1600",
}
_MODELSPEC = {
    "modelspec.sai_model_spec": "1.0.0",
    "modelspec.architecture": "stable-diffusion-v1/lora",
    "modelspec.title": "Sks «style» — v2",
    "modelspec.author": "Zoë & 三毛",
    "modelspec.trigger_phrase": "sks dog, ohwx",
    "modelspec.license": "CreativeML Open RAIL-M",
    "modelspec.description": "Trained on my own photos. See https://host.example/p?id=1&x=2. Use 0.8 (not 1.2!).",
    "modelspec.thumbnail": "data:image/jpeg;base64," + "/9j/4AAQSkZJRgABAQAAAQABAAD" * 60,
    "modelspec.date": "2026-01-31T12:00:00",
}
_CARD = (
    b"---\nbase_model: runwayml/stable-diffusion-v1-5\ntags:\n- lora\ninstance_prompt: sks dog\n---\n# My LoRA\n```py\nimport torch\n```\n"
)
_ARRAY = called("numpy.core.multiarray", "_reconstruct", named("numpy", "ndarray") + b"(" + number(0) + b"tC\x01b")


def _remarked(length: int) -> bytes:
    """A sound file whose header has this length: the length's first byte is an opcode of pickle by chance."""
    plain = sound({"note": ""})
    missing = length - int.from_bytes(plain[:8], "little")
    return sound({"note": "." * missing})


def _marked(factor: NDArray[np.generic]) -> NDArray[np.generic]:
    """The factor with the marks of a zip as its first numbers."""
    mark = b"PK\x05\x06PK\x03\x04" * 4
    return np.frombuffer(mark + factor.tobytes()[len(mark) :], dtype=factor.dtype).reshape(factor.shape)


def _bf16() -> bytes:
    """The upper halves of float32 numbers, stored as BF16."""
    plain = sound(dialect="peft", alpha=None)
    size = int.from_bytes(plain[:8], "little")
    header = json.loads(plain[8 : 8 + size])
    payload, laid = b"", {}
    for name, entry in header.items():
        start, stop = entry["data_offsets"]
        halves = np.frombuffer(plain[8 + size + start : 8 + size + stop], dtype="<u2")[1::2].tobytes()
        laid[name] = {"dtype": "BF16", "shape": entry["shape"], "data_offsets": [len(payload), len(payload) + len(halves)]}
        payload += halves
    raw = json.dumps(laid).encode()
    return struct.pack("<Q", len(raw)) + raw + payload


CASES: tuple[Case, ...] = (
    *(one(f"{name}, in the metadata", sound({"note": text})) for name, text in HONEST.items()),
    *(one(f"{dialect} names", sound(dialect=dialect, alpha=None)) for dialect in ("peft", "diffusers_legacy")),
    *(one(f"rank {rank}", sound(rank=rank, alpha=float(rank))) for rank in (1, 2, 16, 32)),
    *(one(f"{dtype} numbers", sound(dtype=dtype)) for dtype in ("float16", "float64")),
    *(
        one(f"a published file: {path.stem}", path.read_bytes(), called=path.name)
        for path in (_REAL / "catundchat/pytorch_lora_weights.safetensors", _REAL / "cloneofsimo/analog_svd_rank4.safetensors")
    ),
    one("bfloat16 numbers", _bf16()),
    one("no metadata", sound()),
    one("empty metadata", sound({})),
    one("an alpha of one", sound(rank=32, alpha=1.0)),
    *(one(f"alpha {alpha:g} at rank {rank}", sound(rank=rank, alpha=alpha)) for rank, alpha in ((8, 1.0), (16, 32.0), (1, 1.0))),
    one(
        "an alpha that is a whole number",
        changed(lambda found: {k: each.astype(np.int64) if k.endswith("alpha") else each for k, each in found.items()}),
    ),
    one(
        "one update ten times the other",
        changed(
            lambda found: {k: each.astype(np.float32) * np.float32(10 if "te_" in k and "up" in k else 1) for k, each in found.items()}
        ),
    ),
    one(
        "updates of the first steps",
        changed(lambda found: {k: each.astype(np.float32) * np.float32(1e-4 if "up" in k else 1) for k, each in found.items()}),
    ),
    one("an initialisation by variance", configured(init_lora_weights="eva", eva_config={"rho": 2.0, "tau": 0.99})),
    one("an orthogonal initialisation", configured(init_lora_weights="orthogonal")),
    one(
        "a class of the library that wrote it",
        configured(auto_mapping={"base_model_class": "UNet2DConditionModel", "parent_library": "diffusers.models.unets.unet_2d_condition"}),
    ),
    *(
        one(f"a base at {place}", configured(base_model_name_or_path=place))
        for place in (r"D:\AI\models\sd-v1-5", "../models/sd15", "$MODEL_NAME", "urn:air:sd1:checkpoint:civitai:4201@130072", "o/n")
    ),
    one("a pattern for a module that only another file has", configured(alpha_pattern={r"mid_.*\.nowhere": 4})),
    one("padding to eight bytes", sound(padding=b"       ")),
    one("padding of four kilobytes", sound(padding=b" " * 4096)),
    one("a training log of kohya", sound(_KOHYA)),
    one("a model specification", sound({**_MODELSPEC, "format": "pt"})),
    one("everything at once", sound({**_KOHYA, **_MODELSPEC})),
    one(
        "a log of half a million characters",
        sound({"ss_tag_frequency": json.dumps({"1_x": {f"tag {each} 蓝": each for each in range(1, 12_000)}})}),
    ),
    one("an update of the UNet alone", changed(lambda found: {name: each for name, each in found.items() if "unet" in name})),
    one("an update of the text encoder alone", changed(lambda found: {name: each for name, each in found.items() if "lora_te" in name})),
    one(
        "a config that PEFT writes",
        configured(target_modules=["to_q"], init_lora_weights=True, bias="none", lora_bias=False, megatron_core="megatron.core"),
    ),
    one("a rank-stabilised config", configured(use_rslora=True)),
    one("a pattern for one layer", configured(rank_pattern={ATTENTION: 4}, alpha_pattern={ATTENTION: 4})),
    one("a readable regular expression", configured(target_modules=r"down_blocks\.\d+\..*\.(to_q|to_k)")),
    one("the other suffix", sound(), called="adapter.sft"),
    one("capitals in the suffix", sound(), called="Adapter.SAFETENSORS"),
    one("no suffix, as a cache's blob", sound(), called="98ea6e4f" * 8),
    one("a name with spaces, brackets and CJK", sound(), called="my style (v2) [0.8] 初音 – é.safetensors"),
    one("a name with an emoji of joiners", sound(), called="👩\u200d🚀 lora.safetensors"),
    one("a header length that is an import opcode", _remarked(0x463)),
    one("a header length that is a stack import", _remarked(0x493)),
    one("a header length that is MZ", _remarked(0x5A4D)),
    one(
        "weights in which PK stands",
        changed(lambda found: {name: _marked(each) if each.ndim and "down" in name else each for name, each in found.items()}),
    ),
    whole("a PEFT folder of AdaLoRA", {"adapter_model.safetensors": _PEFT, "adapter_config.json": config(peft_type="ADALORA")}),
    whole(
        "a PEFT folder of Hadamard products",
        {"adapter_model.safetensors": written(_LOHA), "adapter_config.json": config(peft_type="LOHA", alpha=4)},
    ),
    whole("a PEFT folder", {"adapter_model.safetensors": _PEFT, "adapter_config.json": config(), "README.md": _CARD}),
    whole(
        "a PEFT folder, its file named",
        {"adapter_model.safetensors": _PEFT, "adapter_config.json": config()},
        target="adapter_model.safetensors",
    ),
    whole(
        "what a site's user keeps",
        {
            "a.safetensors": sound(),
            "a.civitai.info": json.dumps(
                {"trainedWords": ["sks"], "description": "<p>x</p>", "files": [{"hashes": {"SHA256": "A" * 64}}]}
            ).encode(),
            "a.json": b'{"activation text": "sks", "sd version": "SD1"}',
            "civitai.url": b"[InternetShortcut]\nURL=https://host.example/models/1\n",
            "\u753b\u50cf/\u30b5\u30f3\u30d7\u30eb \uff11 (2) [3].png": b"\x89PNG",
            "d'\u00e9t\u00e9 & co; 100% #1 ~.txt": b"x",
            "\u2764\ufe0f\u200d\U0001f525.jpeg": b"\xff\xd8\xff",
            "latents.npy": b"\x93NUMPY\x01\0\x40\0"
            + b"{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }".ljust(63)
            + b"\n"
            + bytes(16),
            "config.yaml": b"job: extension\nconfig:\n  name: x\n",
            "model_index.json": b'{"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}',
            "tokenizer/tokenizer_config.json": b'{"auto_map": null, "tokenizer_class": "CLIPTokenizer"}',
        },
    ),
    whole("a Keras model of plain layers beside", {"a.safetensors": sound(), "tagger.keras": archive({"config.json": keras("Dense")})}),
    whole("an older Keras model of plain layers beside", {"a.safetensors": sound(), "tagger.h5": b"\x89HDF\r\n\x1a\n" + keras("Dense")}),
    whole("a folder of many adapters", {f"{each}/a.safetensors": sound(seed=each) for each in range(4)}),
    whole("a folder of adapters in one place", {f"style {each}.safetensors": sound(seed=each) for each in range(3)}),
    whole(
        "what a repository holds",
        {
            "pytorch_lora_weights.safetensors": _PEFT,
            "README.md": _CARD,
            ".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n",
            "LICENSE": b"MIT",
            "images/1.png": b"\x89PNG\r\n\x1a\n" + bytes(64),
            "samples.zip": archive({"1.png": b"\x89PNG", "1.txt": b"a dog"}),
            ".git/hooks/pre-commit": b"#!/bin/sh\n",
            "training_params.json": b'{"rank": 4, "auto_map": null}',
            "captions.csv": b"a,b\n",
        },
    ),
    whole(
        "what a training run leaves",
        {
            "pytorch_lora_weights.safetensors": _PEFT,
            "random_states_0.pkl": START + _ARRAY + STOP,
            "log/events.out.tfevents.1": bytes(64),
            "config.toml": b"[x]\n",
            "sample_prompts.txt": b"a photo of sks dog --w 512",
        },
    ),
    whole(
        "a snapshot of the hub's cache",
        {
            "models--o--n/blobs/98ea": _PEFT,
            "models--o--n/blobs/77ab": _CARD,
            "models--o--n/refs/main": b"0f",
            "models--o--n/snapshots/0f/pytorch_lora_weights.safetensors": Link(target="../../blobs/98ea"),
            "models--o--n/snapshots/0f/README.md": Link(target="../../blobs/77ab"),
        },
        target="models--o--n/snapshots/0f",
    ),
    whole(
        "the hub's cache",
        {
            "models--o--n/blobs/98ea": _PEFT,
            "models--o--n/snapshots/0f/pytorch_lora_weights.safetensors": Link(target="../../blobs/98ea"),
        },
        target="models--o--n",
    ),
    whole(
        "links that stay in the folder",
        {"a/1.safetensors": sound(), "latest.safetensors": Link(target="a/1.safetensors"), "b": Link(target="a")},
    ),
    one(
        "a text encoder's module with conv ranks of one",
        written({name: each for name, each in tensors("peft", rank=1, alpha=None).items() if TEXT in name}),
    ),
)
