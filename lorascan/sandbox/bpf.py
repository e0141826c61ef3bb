"""Assembles and interprets classic BPF programs."""

import struct
from collections.abc import Sequence
from typing import NamedTuple

LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
JUMP_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
JUMP_AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
JUMP_ANY_BIT = 0x45  # BPF_JMP | BPF_JSET | BPF_K
RETURN = 0x06  # BPF_RET | BPF_K

NUMBER = 0
ARCHITECTURE = 4
_RECORD = struct.Struct("<IIQ6Q")  # struct seccomp_data
_INSTRUCTION = struct.Struct("<HBBI")  # struct sock_filter
MAX_INSTRUCTIONS = 4096  # BPF_MAXINSNS


class Instruction(NamedTuple):
    """One `struct sock_filter`: operation, jump if true, jump if false, constant."""

    code: int
    if_true: int
    if_false: int
    constant: int


def low(argument: int) -> int:
    """Offset in `struct seccomp_data` of the low 32 bits of a system call's argument 0…5 (little endian)."""
    return 16 + 8 * argument


def high(argument: int) -> int:
    """Offset of the high 32 bits of that argument."""
    return 20 + 8 * argument


def load(offset: int) -> Instruction:
    """Load the 32-bit word at this offset of `struct seccomp_data`."""
    return Instruction(LOAD, 0, 0, offset)


def skip_unless_equal(constant: int, count: int) -> Instruction:
    """Go on if the word equals `constant`, else skip `count` instructions."""
    return Instruction(JUMP_EQUAL, 0, count, constant)


def skip_if_equal(constant: int, count: int) -> Instruction:
    """Skip `count` instructions if the word equals `constant`."""
    return Instruction(JUMP_EQUAL, count, 0, constant)


def skip_unless_at_least(constant: int, count: int) -> Instruction:
    """Go on if the word is at least `constant` (unsigned), else skip `count` instructions."""
    return Instruction(JUMP_AT_LEAST, 0, count, constant)


def skip_unless_any_bit(mask: int, count: int) -> Instruction:
    """Go on if the word and `mask` share a bit, else skip `count` instructions."""
    return Instruction(JUMP_ANY_BIT, 0, count, mask)


def answer(action: int) -> Instruction:
    """End with this seccomp action."""
    return Instruction(RETURN, 0, 0, action)


def assembled(program: Sequence[Instruction]) -> bytes:
    """The program as the kernel reads it. Raises ValueError if it is too long."""
    if not 0 < len(program) <= MAX_INSTRUCTIONS:
        message = f"a BPF program has 1 to {MAX_INSTRUCTIONS} instructions, not {len(program)}"
        raise ValueError(message)
    return b"".join(_INSTRUCTION.pack(*instruction) for instruction in program)


def record(architecture: int, number: int, arguments: Sequence[int] = ()) -> bytes:
    """The `struct seccomp_data` of one system call; numbers are taken modulo their width."""
    padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    return _RECORD.pack(number & 0xFFFFFFFF, architecture, 0, *(value & 0xFFFFFFFFFFFFFFFF for value in padded))


def interpret(program: Sequence[Instruction], words: bytes) -> int:
    """The action that the kernel would take for this `struct seccomp_data`.

    For tests: no kernel is asked. Raises ValueError on an instruction that this module does not assemble.
    """
    accumulator = 0
    position = 0
    while True:
        code, if_true, if_false, constant = program[position]
        position += 1
        if code == RETURN:
            return constant
        if code == LOAD:
            (accumulator,) = struct.unpack_from("<I", words, constant)
        else:
            position += if_true if _holds(code, accumulator, constant) else if_false


def _holds(code: int, accumulator: int, constant: int) -> bool:
    if code == JUMP_EQUAL:
        return accumulator == constant
    if code == JUMP_AT_LEAST:
        return accumulator >= constant
    if code == JUMP_ANY_BIT:
        return bool(accumulator & constant)
    message = f"unknown BPF instruction {code:#x}"
    raise ValueError(message)
