"""System call numbers by name, for two architectures.

Source: Linux 6.1 headers, ``asm/unistd_64.h`` for x86_64 and ``asm-generic/unistd.h`` for aarch64; numbers never
change once given. Each entry reads ``name x86_64 aarch64``; ``-`` means that the architecture has no such call.
"""

from __future__ import annotations

ARCHITECTURES = ("x86_64", "aarch64")

_NUMBERS = """
read 0 63; pread64 17 67; readv 19 65; preadv 295 69; preadv2 327 286; write 1 64; pwrite64 18 68;
writev 20 66; lseek 8 62; close 3 57; close_range 436 436; open 2 -; openat 257 56; stat 4 -; fstat 5 80;
lstat 6 -; newfstatat 262 79; statx 332 291; access 21 -; faccessat 269 48; faccessat2 439 439; readlink 89 -;
readlinkat 267 78; getdents64 217 61; getcwd 79 17; dup 32 23; dup2 33 -; dup3 292 24; statfs 137 43;
fstatfs 138 44; fadvise64 221 223; umask 95 166; ftruncate 77 46; mkdir 83 -; mkdirat 258 34; unlink 87 -;
unlinkat 263 35; rmdir 84 -; rename 82 -; renameat 264 38; renameat2 316 276; mmap 9 222; munmap 11 215;
mprotect 10 226; mremap 25 216; madvise 28 233; brk 12 214; mincore 27 232; membarrier 324 283; futex 202 98;
futex_waitv 449 449; set_robust_list 273 99; rseq 334 293; set_tid_address 218 96; gettid 186 178; exit 60 93;
exit_group 231 94; sched_yield 24 124; sched_getparam 143 121; sched_getscheduler 145 120;
sched_get_priority_max 146 125; sched_get_priority_min 147 126; getcpu 309 168; getpid 39 172; getppid 110 173;
getuid 102 174; geteuid 107 175; getgid 104 176; getegid 108 177; getresuid 118 148; getresgid 120 150;
getgroups 115 158; getpgrp 111 -; getpgid 121 155; getsid 124 156; uname 63 160; sysinfo 99 179;
getrusage 98 165; times 100 153; getrlimit 97 163; getpriority 140 141; rt_sigaction 13 134;
rt_sigprocmask 14 135; rt_sigreturn 15 139; rt_sigpending 127 136; rt_sigtimedwait 128 137;
rt_sigsuspend 130 133; sigaltstack 131 132; restart_syscall 219 128; pause 34 -; clock_gettime 228 113;
clock_getres 229 114; gettimeofday 96 169; time 201 -; nanosleep 35 101; clock_nanosleep 230 115; poll 7 -;
ppoll 271 73; select 23 -; pselect6 270 72; epoll_create 213 -; epoll_create1 291 20; epoll_ctl 233 21;
epoll_wait 232 -; epoll_pwait 281 22; eventfd2 290 19; pipe 22 -; pipe2 293 59; getrandom 318 278;
arch_prctl 158 -; capget 125 90; clone 56 220; clone3 435 435; openat2 437 437; io_uring_setup 425 425;
io_uring_enter 426 426; io_uring_register 427 427; ioctl 16 29; prctl 157 167; fcntl 72 25; prlimit64 302 261;
tgkill 234 131; sched_setaffinity 203 122; sched_getaffinity 204 123; seccomp 317 277; socket 41 198;
socketpair 53 199; connect 42 203; bind 49 200; listen 50 201; accept 43 202; accept4 288 242; sendto 44 206;
sendmsg 46 211; recvfrom 45 207; execve 59 221; execveat 322 281; fork 57 -; vfork 58 -; kill 62 129;
tkill 200 130; ptrace 101 117; process_vm_readv 310 270; process_vm_writev 311 271; pidfd_open 434 434;
pidfd_getfd 438 438; pidfd_send_signal 424 424; process_madvise 440 440; memfd_create 319 279;
memfd_secret 447 447; shmget 29 194; msgget 68 186; semget 64 190; mq_open 240 180; add_key 248 217;
request_key 249 218; keyctl 250 219; mount 165 40; umount2 166 39; unshare 272 97; setns 308 268;
pivot_root 155 41; chroot 161 51; fsopen 430 430; open_tree 428 428; move_mount 429 429; mount_setattr 442 442;
bpf 321 280; perf_event_open 298 241; userfaultfd 323 282; chmod 90 -; fchmod 91 52; fchmodat 268 53;
chown 92 -; fchown 93 55; utimensat 280 88; setxattr 188 5; truncate 76 45; creat 85 -; link 86 -;
linkat 265 37; symlink 88 -; symlinkat 266 36; mknod 133 -; mknodat 259 33; splice 275 76; tee 276 77;
vmsplice 278 75; sendfile 40 71; copy_file_range 326 285; flock 73 32; inotify_init1 294 26;
fanotify_init 300 262; setuid 105 146; setgid 106 144; setresuid 117 147; setresgid 119 149; setgroups 116 159;
setrlimit 160 164; personality 135 92; init_module 175 105; finit_module 313 273; delete_module 176 106;
kexec_load 246 104; reboot 169 142; swapon 167 224; acct 163 89; quotactl 179 60; iopl 172 -; ioperm 173 -;
modify_ldt 154 -; capset 126 91; landlock_create_ruleset 444 444; landlock_add_rule 445 445;
landlock_restrict_self 446 446; rt_sigqueueinfo 129 138; rt_tgsigqueueinfo 297 240; setsid 112 157;
setpgid 109 154; setpriority 141 140; sched_setscheduler 144 119; sched_setattr 314 274; syslog 103 116;
name_to_handle_at 303 264; open_by_handle_at 304 265; kcmp 312 272; mlock 149 228; mbind 237 235;
set_mempolicy 238 237; get_mempolicy 239 236; timer_create 222 107; timerfd_create 283 85; signalfd4 289 74; remap_file_pages 216 234;
shmat 30 196; statmount 457 457; listmount 458 458; mseal 462 462
"""


def _parsed() -> dict[str, dict[str, int]]:
    tables: dict[str, dict[str, int]] = {name: {} for name in ARCHITECTURES}
    for entry in _NUMBERS.replace("\n", " ").split(";"):
        name, *numbers = entry.split()
        for architecture, number in zip(ARCHITECTURES, numbers, strict=True):
            if number != "-":
                tables[architecture][name] = int(number)
    return tables


NUMBERS = _parsed()
""" ``NUMBERS[architecture][name]`` is the number of the call. """
