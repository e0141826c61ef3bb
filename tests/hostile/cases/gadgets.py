"""Calls that no list of forbidden names has yet, and places where a pickle is not looked for."""

import struct

from tests.hostile.case import Case, one
from tests.hostile.cases.serialised import honest_tensors
from tests.hostile.pickles import EVIL, START, STOP, called, checkpoint, legacy, named, number, state_dict, text

_SOUND = honest_tensors()
_CALL = START + EVIL + STOP
_GADGETS = {
    "a code object": ("types", "FunctionType"),
    "a pathlib write": ("pathlib", "Path.write_text"),
    "a copy of files": ("shutil", "copyfile"),
    "a process by asyncio": ("asyncio.subprocess", "create_subprocess_shell"),
    "a pool": ("multiprocessing.util", "spawnv_passfds"),
    "a logger's config": ("logging.config", "listen"),
    "a zip importer": ("zipimport", "zipimporter"),
    "a site's hook": ("site", "execsitecustomize"),
    "an import by pkgutil": ("pkgutil", "resolve_name"),
    "a test's runner": ("test.support.script_helper", "assert_python_ok"),
    "a profile": ("cProfile", "run"),
    "a trace": ("trace", "Trace.run"),
    "a doctest": ("doctest", "debug_script"),
    "an idle shell": ("idlelib.pyshell", "ModifiedInterpreter.runcommand"),
    "a compiler's front": ("torch._inductor.codecache", "compile_file"),
    "torch's dynamo guard": ("torch._dynamo.guards", "GuardBuilder.get"),
    "torch's own eval": ("torch.fx.experimental.symbolic_shapes", "eval"),
    "torch's library loader": ("torch.ops", "load_library"),
    "torch's jit unpickler": ("torch.jit.unsupported_tensor_ops", "execWrapper"),
    "torch's own run": ("torch.utils.bottleneck.__main__", "run_cprofile"),
    "numpy's loader": ("numpy", "load"),
    "numpy's string to function": ("numpy.f2py.crackfortran", "getlincoef"),
    "a memory map": ("numpy", "memmap"),
    "joblib": ("joblib", "load"),
    "dill": ("dill._dill", "_create_code"),
    "cloudpickle": ("cloudpickle.cloudpickle", "_make_function"),
    "a model hub's loader": ("transformers.dynamic_module_utils", "get_class_from_dynamic_module"),
    "a tool of diffusers": ("diffusers.utils.dynamic_modules_utils", "get_cached_module_file"),
    "pandas' evaluation": ("pandas", "eval"),
    "an allowed name below": ("torch._utils", "_rebuild_tensor_v2.__globals__"),
    "an allowed module's neighbour": ("torch._utils", "_get_available_device_type"),
    "an allowed class's brother": ("collections", "namedtuple"),
    "a codec that is none": ("_codecs", "lookup"),
    "a name in other letters": ("OS", "System"),
    "a name in wide letters": ("\uff4fs", "system"),
    "a name with a line of its own": ("os ", " system"),
    "getattr by its C name": ("_operator", "attrgetter"),
    "a thread": ("_thread", "start_new_thread"),
    "a signal": ("signal", "raise_signal"),
    "a breakpoint": ("builtins", "breakpoint"),
}


CASES: tuple[Case, ...] = (
    *(
        one(f"a call of {name}", checkpoint(_SOUND, data=state_dict(_SOUND, before=called(*gadget) + b"0")), "LS301", called="adapter.bin")
        for name, gadget in _GADGETS.items()
    ),
    one(
        "a state that is set",
        state_dict(_SOUND, before=called("collections", "OrderedDict") + named("os", "system") + b"b0"),
        "LS301",
        called="a.bin",
    ),
    one(
        "a call hidden in a storage's key",
        legacy(_SOUND, data=START + b"(" + text("storage") + EVIL + b"tQ" + STOP),
        "LS301",
        called="a.pt",
    ),
    one("a call as a key of the dict", checkpoint(_SOUND, data=START + b"}" + EVIL + b"Ns" + STOP), "LS301", called="a.bin"),
    one("a call behind a proto in the middle", checkpoint(_SOUND, data=START + b"\x80\x05" + EVIL + b"0}" + STOP), "LS301", called="a.bin"),
    one(
        "a call in a frame",
        checkpoint(_SOUND, data=b"\x80\x04\x95" + struct.pack("<Q", len(EVIL) + 1) + EVIL + STOP),
        "LS301",
        called="a.bin",
    ),
    one(
        "a call in a frame that lies",
        checkpoint(_SOUND, data=b"\x80\x04\x95" + struct.pack("<Q", 2**60) + EVIL + STOP),
        "LS301",
        called="a.bin",
    ),
    one("an object of the registry", checkpoint(_SOUND, data=START + b"\x82\x01)R" + STOP), "LS303", called="a.bin"),
    one(
        "a stream behind ten thousand marks", START + b"(" * 10_000 + b"1" * 10_000 + EVIL + STOP, "LS301", "LS309", "LS308", called="a.bin"
    ),
    one("a second data.pkl", checkpoint(_SOUND, more={"other/data.pkl": _CALL}), "LS301", called="a.bin"),
    one("a pickle without a suffix in a checkpoint", checkpoint(_SOUND, more={"archive/.hidden": _CALL}), "LS301", called="a.bin"),
    one("a pickle in capitals", checkpoint(_SOUND, more={"archive/CONSTANTS.PKL": EVIL + STOP}), "LS301", called="a.bin"),
    one("an older file whose keys call", legacy(_SOUND) + _CALL, "LS301", "LS104", called="a.pt"),
    one("a number of a thousand ranks", checkpoint(_SOUND, data=state_dict(_SOUND, before=number(2**30) + b"0")), "LS303", called="a.bin"),
)
