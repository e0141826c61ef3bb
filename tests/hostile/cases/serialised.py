"""Pickles, checkpoints and archives, and names that lie about them."""

import gzip
import struct

from tests.hostile.builders import pickle_that_calls
from tests.hostile.case import Case, one
from tests.hostile.files import REFUSED
from tests.hostile.pickles import EVIL, START, STOP, Tensors, archive, called, checkpoint, legacy, named, state_dict, text
from tests.hostile.sound import sound, tensors
from tests.intake.test_archives import CASES as ARCHIVES
from tests.intake.test_pickles import BOMBS, BROKEN, CALLS


def honest_tensors() -> Tensors:
    """A sound adapter's tensors, as PyTorch stores them."""
    return {name: ("Float", value.shape, value.tobytes()) for name, value in tensors("peft", alpha=None).items()}


_SOUND = honest_tensors()
_GADGETS = {
    "subprocess": ("subprocess", "Popen"),
    "builtins": ("builtins", "exec"),
    "posix": ("posix", "system"),
    "nt": ("nt", "system"),
    "importlib": ("importlib", "import_module"),
    "runpy": ("runpy", "run_path"),
    "pip": ("pip._internal.cli.main", "main"),
    "operator": ("operator", "attrgetter"),
    "functools": ("functools", "partial"),
    "numpy's own run": ("numpy.testing._private.utils", "runstring"),
    "torch's own load": ("torch", "load"),
    "torch's hub": ("torch.hub", "load"),
    "a debugger": ("pdb", "run"),
    "a timer": ("timeit", "timeit"),
    "a type from the dark": ("types", "CodeType"),
    "a shelf": ("shelve", "open"),
    "a network request": ("urllib.request", "urlopen"),
    "a library by path": ("ctypes", "CDLL"),
    "a web browser": ("webbrowser", "open"),
    "an extension of the list": ("torch._utils", "_import_dotted_name"),
}

CASES: tuple[Case, ...] = (
    *(one(name, content, code, called="adapter.bin") for name, (code, content) in REFUSED.items() if "LS300" < code < "LS400"),
    *(
        one(
            f"{name}, in a checkpoint",
            checkpoint(_SOUND, data=state_dict(_SOUND, before=before + (b"" if "import" in name else b"0"))),
            "LS301",
            called="pytorch_lora_weights.bin",
        )
        for name, before in CALLS.items()
    ),
    *(
        one(
            f"a call of {name}",
            legacy(_SOUND, data=state_dict(_SOUND, before=called(*gadget) + b"0", last=b"N")),
            "LS301",
            called="adapter.pt",
        )
        for name, gadget in _GADGETS.items()
    ),
    *(
        one(f"{name}, in a checkpoint", checkpoint(_SOUND, data=state_dict(_SOUND, before=before)), "LS309", called="adapter.ckpt")
        for name, before in BOMBS.items()
    ),
    *(one(f"a pickle {name}", checkpoint(_SOUND, data=data), "LS308", called="adapter.bin") for name, data in BROKEN.items()),
    *(one(f"an archive: {name}", content, code, called="adapter.zip") for name, (content, code) in ARCHIVES.items()),
    one("a checkpoint that only holds tensors", checkpoint(_SOUND), "LS303", called="adapter.bin"),
    one("an older checkpoint that only holds tensors", legacy(_SOUND), "LS303", called="adapter.pt"),
    one("a checkpoint called safetensors", checkpoint(_SOUND), "LS302"),
    one("a pickle called safetensors", START + EVIL + STOP, "LS301"),
    one("a pickle without a mark called safetensors", EVIL + STOP, "LS301"),
    one("a safetensors file called bin", sound(), "LS302", called="adapter.bin"),
    one("a safetensors file called a picture", sound(), "LS302", called="preview.png"),
    one("a program called safetensors", b"\x7fELF\x02\x01\x01" + bytes(99), "LS113"),
    one("a packed pickle called ckpt", gzip.compress(START + EVIL + STOP), "LS301", "LS113", called="adapter.ckpt"),
    one("a payload in a second stream", legacy(_SOUND)[:15] + START + EVIL + STOP, "LS301", called="adapter.pt"),
    one(
        "a payload that hides behind a good one", checkpoint(_SOUND, more={"archive/data/99": START + EVIL + STOP}), "LS301", called="a.bin"
    ),
    one("a TorchScript archive", checkpoint(_SOUND, more={"archive/code/__torch__.py": b"def f(): pass"}), "LS304", called="adapter.pt"),
    one("a list of tensors", checkpoint(_SOUND, data=START + b"](N" + b"e" + STOP), "LS303", called="adapter.bin"),
    one("a whole module", checkpoint(_SOUND, data=START + called("__main__", "Net") + STOP), "LS301", called="adapter.pt"),
    one("a name from outside ASCII in a zip", archive({"ä/data.pkl": START + EVIL + STOP}), "LS301", called="adapter.bin"),
    one("text of a script behind a pickle", START + text("x") + STOP + b"#!/bin/sh\nid\n", "LS301", "LS308", called="adapter.bin"),
    one("an import that is never called", START + named("antigravity", "x") + STOP, "LS301", called="adapter.bin"),
    one("a pickle of protocol 0", pickle_that_calls("nt", "system"), "LS301", called="adapter.bin"),
    one("a storage that is cut", legacy(_SOUND)[:-3], "LS103", called="adapter.pt"),
    one("bytes behind the last storage", legacy(_SOUND) + struct.pack("<I", 7), "LS104", called="adapter.pt"),
)
