"""Finds the tensors in what a pickle would return."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lorascan.core.errors import Refusal, Refused
from lorascan.intake.pickle_values import Global, Made, Persistent
from lorascan.settings import Limits

STORAGES = {
    "FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16", "DoubleStorage": "F64",
    "LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8", "BoolStorage": "BOOL",
}  # fmt: skip
BYTES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
_WRAPPERS = 3  # {"state_dict": {…}} and the like
_MAX_DIMENSIONS = 8
_DICTS = ("None", "collections OrderedDict")


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The bytes that tensors are views of, by the archive's own key; `count` in elements."""

    key: str
    dtype: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One tensor: `offset` and `stride` in elements of its storage."""

    name: str
    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def dense(self) -> bool:
        """Whether its elements stand one behind the other, the last dimension fastest."""
        expected, sound = 1, True
        for size, step in zip(reversed(self.shape), reversed(self.stride), strict=True):
            sound &= step == expected or size <= 1
            expected *= size
        return sound


def views(value: object, limits: Limits) -> list[View]:
    """The tensors of a flat dict by name, alone or wrapped as {"state_dict": …}; numbers and texts beside them are left.

    Raises Refused: LS106 for a name that stands twice, LS108, LS109 for absurd sizes, LS303 for what is no flat dict of
    plain tensors.
    """
    pairs = _pairs(value)
    for _ in range(_WRAPPERS):
        inner = [each for _, each in pairs if _is_dict(each)]
        if len(inner) != 1 or any(_is_tensor(each) for _, each in pairs):
            break
        pairs = _pairs(inner[0])
    found = [_view(name, each, limits) for name, each in pairs if not isinstance(each, int | float | str | None)]
    if not found:
        raise unread("it holds no tensor")
    if len(found) > limits.tensors:
        message = f"{len(found):,} tensors, at most {limits.tensors:,} are read"
        raise Refused(Refusal(code="LS109", message=message, where="pickle", measured=len(found), threshold=limits.tensors))
    if len({each.name for each in found}) != len(found):
        raise Refused(Refusal(code="LS106", message="a tensor name stands twice in the pickle", where="pickle"))
    return found


def unread(why: str, where: str = "pickle") -> Refused:
    """The refusal of a pickle that does nothing forbidden and that still cannot be read."""
    message = f"a pickle whose tensors cannot be read without running it: {why}; convert it to safetensors"
    return Refused(Refusal(code="LS303", message=message, where=where, measured=why))


def texts(value: object) -> Mapping[str, str]:
    """The texts that stand beside the tensors, by name: claims of the file about itself."""
    return {name: each for name, each in _pairs(value) if isinstance(name, str) and isinstance(each, str)} if _is_dict(value) else {}


def _is_dict(value: object) -> bool:
    return isinstance(value, Made) and str(value.function) in _DICTS


def _pairs(value: object) -> list[tuple[object, object]]:
    if not (isinstance(value, Made) and _is_dict(value)):
        raise unread("it is no dict of tensors")
    return [*_first_pairs(value.arguments), *value.pairs]


def _first_pairs(arguments: object) -> Iterator[tuple[object, object]]:
    """What OrderedDict([[name, tensor], …]) is made with."""
    listed = arguments[0] if isinstance(arguments, tuple) and arguments else ()
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, list | tuple) and len(each) == 2:
            yield each[0], each[1]


def _is_tensor(value: object) -> bool:
    return isinstance(value, Made) and str(value.function).startswith("torch._utils _rebuild_")


def _view(name: object, value: object, limits: Limits) -> View:
    if not isinstance(name, str) or not isinstance(value, Made):
        raise unread("it holds something else than named tensors")
    arguments = value.arguments if isinstance(value.arguments, tuple) else ()
    if str(value.function) == "torch._utils _rebuild_parameter" and arguments and isinstance(arguments[0], Made):
        value = arguments[0]
        arguments = value.arguments if isinstance(value.arguments, tuple) else ()
    if str(value.function) != "torch._utils _rebuild_tensor_v2" or len(arguments) < 4:
        raise unread("it holds something else than plain tensors", name)
    storage, offset, shape, stride = _storage(name, arguments[0]), arguments[1], _sizes(arguments[2]), _sizes(arguments[3])
    if type(offset) is not int or shape is None or stride is None or len(shape) != len(stride) or len(shape) > _MAX_DIMENSIONS:
        raise unread("a tensor's shape is no list of whole numbers", name)
    if max(shape, default=0) >= limits.dimension:
        message = f"a dimension of {max(shape):,}"
        raise Refused(Refusal(code="LS108", message=message, where=name, measured=max(shape), threshold=limits.dimension))
    last = offset + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))
    if offset < 0 or (0 not in shape and last >= storage.count):
        raise Refused(Refusal(code="LS105", message="a tensor reaches out of its storage", where=name, measured=last))
    return View(name=name, storage=storage, offset=offset, shape=shape, stride=stride)


def _storage(name: str, value: object) -> Storage:
    """The storage that a persistent id ("storage", type, key, device, count) names."""
    key = value.key if isinstance(value, Persistent) else None
    if isinstance(key, tuple) and len(key) in (5, 6) and key[0] == "storage" and (len(key) == 5 or key[5] is None):
        _, kind, own, _, count = key[:5]
        dtype = STORAGES.get(kind.name) if isinstance(kind, Global) and kind.module == "torch" else None
        if dtype and isinstance(own, str) and type(count) is int and count >= 0:
            return Storage(key=own, dtype=dtype, count=count)
    raise unread("a tensor's storage is of no known kind", name)


def _sizes(value: object) -> tuple[int, ...] | None:
    if isinstance(value, Made) and str(value.function) == "torch Size" and isinstance(value.arguments, tuple) and value.arguments:
        value = value.arguments[0]
    if isinstance(value, list | tuple):
        found = tuple(each for each in value if type(each) is int and each >= 0)
        return found if len(found) == len(value) else None
    return None
