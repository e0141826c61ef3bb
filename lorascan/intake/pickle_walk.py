"""Follows a pickle on paper: a stack machine that calls nothing."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from lorascan.intake.opcodes import Broken, opcodes
from lorascan.intake.pickle_literals import decoded, little, number, place, quoted, text
from lorascan.intake.pickle_values import UNKNOWN, Global, Made, Persistent, Unknown

_MEMO_ROOM = 4096  # memo places beyond the opcodes so far; real ones count up from 0
_NEWEST_PROTOCOL = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What one stream would do.

    `imports` and `calls` as "module name"; `value` is what it would return; `end` is the offset behind its last
    opcode; `fault` says why it breaks off, `bomb` why loading it would exhaust memory or time: "" where it does not.
    """

    imports: frozenset[str]
    calls: frozenset[str]
    value: object
    end: int
    steps: int
    fault: str = ""
    bomb: str = ""


def walk(content: memoryview, at: int = 0, *, limit: int) -> Walk:
    """Follow one stream from byte `at` to its STOP, to where its loader would raise, or to `limit` opcodes.

    Stack, marks and memo are those of CPython's C unpickler. Time and memory grow with the opcodes alone.
    """
    machine, end, fault, bomb = _Machine(), at, "", ""
    try:
        for machine.steps, (name, argument, behind) in enumerate(opcodes(content, at), start=1):
            end = behind
            _STEPS[name](machine, argument)
            if machine.steps == limit and name != "STOP":
                bomb = f"more than {limit:,} opcodes"
                break
    except Broken as broken:
        fault, bomb = broken.why, broken.why if broken.bomb else ""
    value = UNKNOWN if fault or bomb else machine.stack[-1]
    return Walk(
        imports=frozenset(machine.imports),
        calls=frozenset(machine.calls),
        value=value,
        end=end,
        steps=machine.steps,
        fault=fault,
        bomb=bomb,
    )


class _Machine:
    """The unpickler's stack, marks and memo."""

    __slots__ = ("calls", "imports", "marks", "memo", "stack", "steps")

    def __init__(self) -> None:
        self.stack: list[object] = []
        self.marks: list[int] = []
        self.memo: dict[int, object] = {}
        self.imports: set[str] = set()
        self.calls: set[str] = set()
        self.steps = 0

    def demand(self, count: int) -> None:
        """Raise Broken unless so many values lie above the last mark."""
        if len(self.stack) - (self.marks[-1] if self.marks else 0) < count:
            raise Broken("the stack runs empty")

    def pop(self) -> object:
        self.demand(1)
        return self.stack.pop()

    def pop_mark(self) -> list[object]:
        """The values above the last mark, taken off with it."""
        if not self.marks:
            raise Broken("there is no mark")
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def store(self, place: int) -> None:
        self.demand(1)
        if place > 2 * self.steps + _MEMO_ROOM:
            raise Broken(f"memo place {place:,}: the loader makes room for as many", bomb=True)
        self.memo[place] = self.stack[-1]

    def fetch(self, place: int) -> None:
        if place not in self.memo:
            raise Broken(f"memo place {place:,} is empty")
        self.stack.append(self.memo[place])

    def name(self, module: object, name: object) -> Global:
        """An import; what is no text is called ?, which nothing allowed is called."""
        found = Global(module if isinstance(module, str) else "?", name if isinstance(name, str) else "?")
        self.imports.add(str(found))
        return found

    def make(self, function: object, arguments: object) -> None:
        if isinstance(function, Global):
            self.calls.add(str(function))
            if function.name == "_reconstruct" and not _is_empty(arguments):
                raise Broken("an array that has a size before it has any content", bomb=True)
        self.stack.append(Made(function, arguments))

    def set_pairs(self, values: list[object]) -> None:
        self.demand(1)
        target = self.stack[-1]
        if isinstance(target, Made):
            target.pairs.extend(zip(values[::2], values[1::2], strict=False))

    def extend(self, values: list[object]) -> None:
        self.demand(1)
        target = self.stack[-1]
        if isinstance(target, list):
            target.extend(values)


def _is_empty(arguments: object) -> bool:
    """Whether a numpy array is made as pickles make it: empty, and filled afterwards."""
    return isinstance(arguments, tuple) and len(arguments) == 3 and arguments[1] == (0,)


_Step = Callable[[_Machine, bytes], None]


def _proto(machine: _Machine, argument: bytes) -> None:
    del machine
    if argument[0] > _NEWEST_PROTOCOL:
        raise Broken(f"protocol {argument[0]}")


def _stop(machine: _Machine, argument: bytes) -> None:
    del argument
    machine.demand(1)


def _global(machine: _Machine, argument: bytes) -> None:
    module, _, name = argument.decode("utf-8", "replace").partition("\n")
    machine.stack.append(machine.name(module, name))


def _stack_global(machine: _Machine, argument: bytes) -> None:
    del argument
    name, module = machine.pop(), machine.pop()
    for part in (module, name):
        if not isinstance(part, str | Made | Unknown):
            raise Broken("an import by something that is no text")
    machine.stack.append(machine.name(module, name))


def _instance(machine: _Machine, argument: bytes) -> None:
    arguments = tuple(machine.pop_mark())
    module, _, name = argument.decode("utf-8", "replace").partition("\n")
    machine.make(machine.name(module, name), arguments)


def _object(machine: _Machine, argument: bytes) -> None:
    del argument
    values = machine.pop_mark()
    if not values:
        raise Broken("the stack runs empty")
    machine.make(values[0], tuple(values[1:]))


def _reduce(machine: _Machine, argument: bytes) -> None:
    del argument
    arguments = machine.pop()
    machine.make(machine.pop(), arguments)


def _new_with_names(machine: _Machine, argument: bytes) -> None:
    names = machine.pop()
    _reduce(machine, argument)
    made = machine.stack[-1]
    if isinstance(made, Made) and isinstance(names, Made):
        made.pairs.extend(names.pairs)


def _build(machine: _Machine, argument: bytes) -> None:
    del argument
    machine.pop()
    machine.demand(1)


def _pop(machine: _Machine, argument: bytes) -> None:
    del argument
    if machine.marks and machine.marks[-1] == len(machine.stack):
        machine.marks.pop()
    else:
        machine.pop()


def _duplicate(machine: _Machine, argument: bytes) -> None:
    del argument
    machine.demand(1)
    machine.stack.append(machine.stack[-1])


def _tuple(count: int) -> _Step:
    def step(machine: _Machine, argument: bytes) -> None:
        del argument
        machine.demand(count)
        values = tuple(machine.stack[-count:])
        machine.stack[-count:] = [values]

    return step


def _set_item(machine: _Machine, argument: bytes) -> None:
    del argument
    value = machine.pop()
    machine.set_pairs([machine.pop(), value])


def _dict(machine: _Machine, argument: bytes) -> None:
    del argument
    values = machine.pop_mark()
    machine.stack.append(Made())
    machine.set_pairs(values)


def _push(read: Callable[[bytes], object]) -> _Step:
    return lambda machine, argument: machine.stack.append(read(argument))


def _drop_marked(machine: _Machine, argument: bytes) -> None:
    del argument
    machine.pop_mark()


def _frozen_set(machine: _Machine, argument: bytes) -> None:
    _drop_marked(machine, argument)
    machine.stack.append(UNKNOWN)


_STEPS: dict[str, _Step] = {
    "PROTO": _proto, "STOP": _stop, "FRAME": lambda _, __: None,
    "GLOBAL": _global, "STACK_GLOBAL": _stack_global, "INST": _instance, "OBJ": _object,
    "REDUCE": _reduce, "NEWOBJ": _reduce, "NEWOBJ_EX": _new_with_names, "BUILD": _build,
    "POP": _pop, "DUP": _duplicate, "POP_MARK": _drop_marked,
    "MARK": lambda machine, _: machine.marks.append(len(machine.stack)),
    "TUPLE1": _tuple(1), "TUPLE2": _tuple(2), "TUPLE3": _tuple(3),
    "EMPTY_TUPLE": lambda machine, _: machine.stack.append(()),
    "EMPTY_LIST": lambda machine, _: machine.stack.append([]),
    "EMPTY_DICT": lambda machine, _: machine.stack.append(Made()),
    "EMPTY_SET": lambda machine, _: machine.stack.append(UNKNOWN),
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.pop_mark())),
    "LIST": lambda machine, _: machine.stack.append(machine.pop_mark()),
    "FROZENSET": _frozen_set,
    "DICT": _dict, "SETITEM": _set_item,
    "SETITEMS": lambda machine, _: machine.set_pairs(machine.pop_mark()),
    "APPEND": lambda machine, _: machine.extend([machine.pop()]),
    "APPENDS": lambda machine, _: machine.extend(machine.pop_mark()),
    "ADDITEMS": lambda machine, _: machine.extend(machine.pop_mark()),
    "PUT": lambda machine, argument: machine.store(place(argument)),
    "BINPUT": lambda machine, argument: machine.store(argument[0]),
    "LONG_BINPUT": lambda machine, argument: machine.store(int.from_bytes(argument, "little")),
    "MEMOIZE": lambda machine, _: machine.store(len(machine.memo)),
    "GET": lambda machine, argument: machine.fetch(place(argument)),
    "BINGET": lambda machine, argument: machine.fetch(argument[0]),
    "LONG_BINGET": lambda machine, argument: machine.fetch(int.from_bytes(argument, "little")),
    "PERSID": _push(lambda argument: Persistent(text(argument))),
    "BINPERSID": lambda machine, _: machine.stack.append(Persistent(machine.pop())),
    "NONE": _push(lambda _: None), "NEWTRUE": _push(lambda _: True), "NEWFALSE": _push(lambda _: False),
    "INT": _push(number), "LONG": _push(number), "FLOAT": _push(lambda _: UNKNOWN),
    "BININT": _push(little), "LONG1": _push(little), "LONG4": _push(little),
    "BININT1": _push(lambda argument: argument[0]), "BININT2": _push(lambda argument: int.from_bytes(argument, "little")),
    "BINFLOAT": _push(lambda argument: struct.unpack(">d", argument)[0]),
    "UNICODE": _push(decoded("raw-unicode-escape")), "STRING": _push(quoted),
    "BINUNICODE": _push(text), "SHORT_BINUNICODE": _push(text), "BINUNICODE8": _push(text),
    "BINSTRING": _push(text), "SHORT_BINSTRING": _push(text),
    **dict.fromkeys(("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"), _push(lambda argument: argument)),
    **dict.fromkeys(("BYTEARRAY8", "NEXT_BUFFER", "EXT1", "EXT2", "EXT4"), _push(lambda _: UNKNOWN)),
    "READONLY_BUFFER": _stop,
}  # fmt: skip
