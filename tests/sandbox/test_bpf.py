"""The filters, judged by a BPF interpreter; no kernel is asked."""

import errno
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascan.sandbox import bpf, seccomp
from lorascan.sandbox.seccomp import ALLOW, AUDIT_ARCHITECTURES, KILL
from lorascan.sandbox.syscalls import ARCHITECTURES, NUMBERS

OWN = 4321
STAGES: tuple[seccomp.Stage, ...] = (1, 2)
GOLDEN = Path(__file__).parent / "golden"
ANY_WORD = st.integers(0, 2**64 - 1)


def action(architecture: str, stage: seccomp.Stage, call: str | int, *arguments: int) -> int:
    number = NUMBERS[architecture][call] if isinstance(call, str) else call
    program = seccomp.program(architecture, stage, OWN)
    return bpf.interpret(program, bpf.record(AUDIT_ARCHITECTURES[architecture], number, arguments))


def says(value: int) -> str:
    if value == ALLOW:
        return "allow"
    return "kill" if value == KILL else errno.errorcode[value & 0xFFFF]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_answer_to_every_call_with_zero_arguments_is_the_reviewed_one(architecture: str) -> None:
    names = {number: name for name, number in NUMBERS[architecture].items()}

    lines = [
        f"{number} {names.get(number, '?')} {' '.join(says(action(architecture, stage, number)) for stage in STAGES)}"
        for number in range(512)
    ]

    refused = f"{says(seccomp.refusal(errno.EPERM))} {says(seccomp.refusal(errno.EPERM))}"
    told = [line for line in lines if not line.endswith(f"? {refused}")]
    assert told == (GOLDEN / f"{architecture}.txt").read_text().splitlines()


CASES = [
    ("clone", (0x3D0F00,), "allow"),  # what pthread_create asks for
    ("clone", (17,), "EPERM"),  # SIGCHLD: a fork
    ("clone", (0x3D0F00 | 0x10000000,), "EPERM"),  # CLONE_THREAD with CLONE_NEWUSER
    ("clone", (0x3D0F00 | 0x00020000,), "EPERM"),  # CLONE_NEWNS
    ("clone", (0x1 << 48 | 17,), "EPERM"),
    ("mmap", (0, 4096, 3, 0x22), "allow"),  # MAP_PRIVATE | MAP_ANONYMOUS
    ("mmap", (0, 4096, 3, 0x20022), "allow"),  # with MAP_STACK: a thread's
    ("mmap", (0, 4096, 1, 0x01), "allow"),  # MAP_SHARED of a file
    ("mmap", (0, 4096, 3, 0x21), "EPERM"),  # MAP_SHARED | MAP_ANONYMOUS
    ("mmap", (0, 4096, 3, 0x23), "EPERM"),  # MAP_SHARED_VALIDATE | MAP_ANONYMOUS
    ("mmap", (0, 4096, 3, 0x7F00000021), "EPERM"),
    ("mmap", (0, 4096, 3, 0x122), "EPERM"),  # MAP_GROWSDOWN
    ("ioctl", (0, 0x5413), "allow"),  # TIOCGWINSZ
    ("ioctl", (0, 0x5412), "ENOTTY"),  # TIOCSTI
    ("ioctl", (0, 0x7F00000000 | 0x5412), "ENOTTY"),  # TIOCSTI with high bits
    ("ioctl", (0, 0xFFFFFFFF00005412), "ENOTTY"),
    ("tgkill", (OWN, 1, 6), "allow"),
    ("tgkill", (1, 1, 9), "EPERM"),
    ("tgkill", (0xFFFFFFFF, 1, 9), "EPERM"),
    ("prlimit64", (0, 7, 0, 0xDEADBEEF), "allow"),
    ("prlimit64", (OWN, 7, 0, 0xDEADBEEF), "allow"),
    ("prlimit64", (1, 7, 0, 0), "EPERM"),
    ("prlimit64", (0, 7, 0xDEADBEEF, 0), "EPERM"),
    ("prlimit64", (0, 7, 0x7F0000000000, 0), "EPERM"),  # a pointer whose low half is zero
    ("prctl", (15,), "allow"),
    ("prctl", (1, 0), "EPERM"),  # SET_PDEATHSIG
    ("prctl", (4, 1), "EPERM"),  # SET_DUMPABLE
    ("prctl", (22, 1), "EPERM"),  # SET_SECCOMP
    ("prctl", (47,), "EPERM"),  # CAP_AMBIENT
    ("fcntl", (3, 3), "allow"),
    ("fcntl", (3, 8), "EPERM"),  # F_SETOWN
    ("fcntl", (3, 1033), "EPERM"),  # F_ADD_SEALS
    ("fcntl", (3, 6), "EPERM"),  # F_SETLK
    ("sched_setaffinity", (0,), "allow"),
    ("sched_setaffinity", (1,), "EPERM"),
    ("sched_getaffinity", (OWN,), "allow"),
]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(("call", "arguments", "expected"), CASES)
def test_arguments_decide_by_their_low_half_and_pointers_by_both(
    architecture: str, stage: seccomp.Stage, call: str | int, arguments: Any, expected: str
) -> None:
    assert says(action(architecture, stage, call, *arguments)) == expected


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("flags", [0o1, 0o2, 0o3, 0o100, 0o1000, 0o2000, 0o20000000, 0o2101])
def test_only_the_second_stage_refuses_to_open_for_writing(architecture: str, flags: int) -> None:
    reading = 0o2000000 | 0o200000  # O_CLOEXEC | O_DIRECTORY

    assert says(action(architecture, 1, "openat", 0, 0, flags)) == "allow"
    assert says(action(architecture, 2, "openat", 0, 0, flags | reading)) == "EPERM"
    assert says(action(architecture, 2, "openat", 0, 0, reading)) == "allow"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_one_further_filter_may_be_taken_and_no_more(architecture: str) -> None:
    assert says(action(architecture, 1, "seccomp", 1, 1)) == "allow"
    assert says(action(architecture, 1, "seccomp", 1, 8)) == "EPERM"  # a listener
    assert says(action(architecture, 1, "seccomp", 0)) == "EPERM"
    assert says(action(architecture, 2, "seccomp", 1, 1)) == "EPERM"


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    ("architecture", "audit", "number"),
    [
        ("x86_64", 0x40000003, 4),  # i386
        ("x86_64", AUDIT_ARCHITECTURES["x86_64"], 0x40000000 | 1),  # x32
        ("x86_64", AUDIT_ARCHITECTURES["x86_64"], 0xFFFFFFFF),
        ("x86_64", AUDIT_ARCHITECTURES["aarch64"], 63),
        ("aarch64", 0x40000028, 3),  # 32-bit ARM
        ("aarch64", AUDIT_ARCHITECTURES["x86_64"], 0),
    ],
)
def test_another_architecture_is_killed(architecture: str, stage: seccomp.Stage, audit: int, number: int) -> None:
    program = seccomp.program(architecture, stage, OWN)

    assert bpf.interpret(program, bpf.record(audit, number)) == KILL


@given(st.sampled_from(ARCHITECTURES), st.sampled_from(STAGES), st.integers(0, 2**32 - 1), st.lists(ANY_WORD, max_size=6))
def test_every_call_with_any_arguments_gets_one_of_four_answers(
    architecture: str, stage: seccomp.Stage, number: int, arguments: Any
) -> None:
    answer = says(action(architecture, stage, number, *arguments))

    assert answer in {"allow", "kill", "EPERM", "ENOSYS", "ENOTTY"}


@given(st.sampled_from(ARCHITECTURES), st.integers(0, 511), st.lists(ANY_WORD, min_size=6, max_size=6))
def test_the_second_stage_allows_nothing_that_the_first_refuses(architecture: str, number: int, arguments: Any) -> None:
    first, second = (says(action(architecture, stage, number, *arguments)) for stage in STAGES)

    assert second != "allow" or first == "allow"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("stage", STAGES)
def test_a_program_is_short_enough_and_its_jumps_stay_inside(architecture: str, stage: seccomp.Stage) -> None:
    program = seccomp.program(architecture, stage, OWN)

    assert len(bpf.assembled(program)) == 8 * len(program) <= 8 * bpf.MAX_INSTRUCTIONS
    for position, instruction in enumerate(program):
        assert position + 1 + max(instruction.if_true, instruction.if_false) < len(program) or instruction.code == bpf.RETURN


def test_a_program_too_long_for_the_kernel_is_refused() -> None:
    with pytest.raises(ValueError, match="4096"):
        bpf.assembled([bpf.answer(0)] * 4097)


def test_an_instruction_that_is_not_ours_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="unknown BPF instruction"):
        bpf.interpret([bpf.Instruction(0x04, 0, 0, 0)], bpf.record(0, 0))


def test_the_fingerprint_differs_by_architecture_and_not_by_process() -> None:
    assert len({seccomp.fingerprint(architecture) for architecture in ARCHITECTURES}) == 2
    assert seccomp.fingerprint("x86_64") == seccomp.fingerprint("x86_64")


GPU_CASES = [
    ("ioctl", (3, 0xC020462A), "allow"),  # a driver's
    ("ioctl", (3, 0x30000001), "allow"),
    ("ioctl", (3, 27), "allow"),
    ("ioctl", (0, 0x5413), "allow"),  # TIOCGWINSZ
    ("ioctl", (0, 0x5412), "ENOTTY"),  # TIOCSTI
    ("ioctl", (0, 0x541C), "ENOTTY"),  # TIOCLINUX
    ("ioctl", (0, 0x540E), "ENOTTY"),  # TIOCSCTTY
    ("ioctl", (0, 0x7F00005412), "ENOTTY"),
    ("memfd_create", (1, 1), "allow"),
    ("mlock", (), "allow"),
    ("mmap", (0, 4096, 3, 0x21), "allow"),
    ("execveat", (), "EPERM"),
    ("socket", (1,), "EPERM"),
    ("clone", (17,), "EPERM"),
]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(("call", "arguments", "expected"), GPU_CASES)
def test_the_filter_of_a_gpu_lets_the_driver_be_asked_and_no_terminal(
    architecture: str, stage: seccomp.Stage, call: str, arguments: Any, expected: str
) -> None:
    program = seccomp.program(architecture, stage, OWN, gpu=True)
    words = bpf.record(AUDIT_ARCHITECTURES[architecture], NUMBERS[architecture][call], arguments)

    assert says(bpf.interpret(program, words)) == expected


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("stage", STAGES)
def test_the_filter_of_a_gpu_allows_nothing_else_that_the_plain_one_refuses(architecture: str, stage: seccomp.Stage) -> None:
    plain, wide = (seccomp.program(architecture, stage, OWN, gpu=gpu) for gpu in (False, True))

    differing = {
        name
        for name, number in NUMBERS[architecture].items()
        for words in [bpf.record(AUDIT_ARCHITECTURES[architecture], number)]
        if bpf.interpret(plain, words) != bpf.interpret(wide, words)
    }

    assert differing == {"memfd_create", "mbind", "get_mempolicy", "set_mempolicy", "mlock", "ioctl"}
    assert seccomp.fingerprint(architecture) != seccomp.fingerprint(architecture, gpu=True)
