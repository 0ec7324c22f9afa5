"""Runs a program as tongma's systemd unit would, as far as that is possible without systemd.

    locked.py UNIT PROGRAM ARGUMENT...

The unit's SystemCallFilter= becomes a seccomp filter with the same calls and the same error, its
MemoryDenyWriteExecute= and NoNewPrivileges= what the kernel offers for them, its LimitNOFILE= the
limit. The sets of calls are asked of systemd-analyze, so they are systemd's own.
"""

import ctypes
import errno
import os
import resource
import subprocess
import sys

PR_SET_NO_NEW_PRIVS = 38
PR_SET_MDWE = 65
PR_MDWE_REFUSE_EXEC_GAIN = 1
SCMP_ACT_ALLOW = 0x7FFF0000
SCMP_ACT_ERRNO = 0x00050000


def settings(unit):
    found = {}
    with open(unit, encoding="utf-8") as lines:
        for line in lines:
            name, equals, value = line.strip().partition("=")
            if equals and not name.startswith("#"):
                found.setdefault(name, []).append(value)
    return found


def calls_of(name):
    if not name.startswith("@"):
        return {name}
    listed = subprocess.run(
        ["systemd-analyze", "--no-pager", "syscall-filter", name],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    calls = set()
    for line in listed.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            calls |= calls_of(word)
    return calls


def allowed(filters):
    calls = calls_of("@default")
    for line in filters:
        forbids = line.startswith("~")
        for name in line.lstrip("~").split():
            if forbids:
                calls -= calls_of(name)
            else:
                calls |= calls_of(name)
    return calls


def lock(calls):
    seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    seccomp.seccomp_load.argtypes = [ctypes.c_void_p]
    seccomp.seccomp_rule_add.argtypes = [
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
    ]
    context = seccomp.seccomp_init(SCMP_ACT_ERRNO | errno.EPERM)
    added = 0
    for call in sorted(calls):
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        # Calls of other processors have no number here.
        if number >= 0 and seccomp.seccomp_rule_add(context, SCMP_ACT_ALLOW, number, 0) == 0:
            added += 1
    if added < 200 or seccomp.seccomp_load(context) != 0:
        sys.exit(f"the filter was not loaded ({added} calls)")


def main():
    unit, program, *arguments = sys.argv[1:]
    wanted = settings(unit)
    calls = allowed(wanted["SystemCallFilter"])
    limit = int(wanted["LimitNOFILE"][0])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, most), min(limit, most)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    assert wanted["NoNewPrivileges"] == ["yes"] and wanted["MemoryDenyWriteExecute"] == ["yes"]
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        sys.exit("no_new_privs is not to be had")
    # Linux has it since 6.3; before, systemd itself used a filter.
    if prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0:
        print("locked.py: this kernel cannot deny memory that is written and run", file=sys.stderr)
    os.umask(0o077)
    lock(calls)
    os.execv(program, [program, *arguments])


main()
