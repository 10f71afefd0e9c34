#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Boot the test machine once, run tests in it, and judge what it printed.

    boot.py [options] TEST...      for a single boot by hand
"""

import argparse
import re
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True

import ktap                             # noqa: E402
import stage2                           # noqa: E402
from machine import OUT, Machine        # noqa: E402

LOGS = OUT / "check"
# The last line of a guest that has done all it was told to
DONE = b"# guest: done"
POWEROFF_S = 5
# The igb's own part of it. If it was probed after its port, so that it may wake the machine, its
# shutdown resets it twice and polls its PHY: hundreds of sleeps and no wait for DMA. That is 0.9 s
# natively (0.4 s if it was probed before) and 1.0 s protected; a busy machine stretches each sleep.
POWEROFF_IGB_S = 30
# What the kernel prints when it, or the hypervisor, is in trouble
SPLAT = re.compile(r"Kernel panic|hyp panic|Internal error: |Unable to handle kernel|"
                   r"\bBUG: |\bWARNING: (?!.*experimental)|rcu: INFO: .*stall|"
                   r"blocked for more than|soft lockup|possible circular locking|"
                   r"CMD_SYNC timeout|\bCMDQ error|Initramfs unpacking failed")


@dataclass
class Boot:
    name: str
    machine: Machine
    tests: list
    params: str = ""            # more of the kernel command line
    crash: tuple = ()           # tests of the crash kernel, which the first boots by a panic
    timeout: int = 1200         # seconds, many times what it takes
    log_has: tuple = ()         # patterns that the kernel log must contain
    log_lacks: tuple = ()       # and must not
    skips: str = "not applicable"   # pattern of reasons that a test may skip for
    kunit: bool = False         # the kernel's own suites are run, before the tests
    noise: str = "$^"           # pattern of lines that are no splat here
    outside: bool = False       # walk the device stage 2 in the machine's memory

    def log(self):
        return LOGS / f"{self.name}.log"


class Monitor:
    """Hands lines of the console that say "# qemu: COMMAND" to QEMU's monitor."""

    def __init__(self, path):
        self.path, self.socket, self.rest = path, None, b""

    def arguments(self):
        return ["-monitor", f"unix:{self.path},server=on,wait=off"]

    def console(self, data):
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            command = re.match(rb"# qemu: (.*?)\r*$", line)
            if command:
                self.say(command[1])

    def say(self, command):
        if not self.socket:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(str(self.path))
        self.socket.sendall(command + b"\n")


def run_qemu(command, monitor, log, timeout, fds=(), look=None):
    """
    Run COMMAND with its console in LOG; say what went wrong, or nothing. LOOK is
    called when the guest is done, with the machine stopped.
    """
    end = time.monotonic() + timeout
    command = command + monitor.arguments() + ["-serial", "stdio"]
    tail = b""
    with open(log, "wb") as console, \
         subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, pass_fds=fds) as qemu, \
         selectors.DefaultSelector() as selector:
        selector.register(qemu.stdout, selectors.EVENT_READ)
        while True:
            left = end - time.monotonic()
            if left <= 0 or not selector.select(left):
                qemu.kill()
                return f"timed out after {timeout} s"
            data = qemu.stdout.read1(65536)
            if not data:
                break
            console.write(data)
            console.flush()
            monitor.console(data)
            tail = tail[-len(DONE):] + data
            if look and DONE in tail:
                qemu.send_signal(signal.SIGSTOP)
                look()
                qemu.send_signal(signal.SIGCONT)
                look = None
        status = qemu.wait()
    return f"QEMU exited with {status}" if status else ""


def sections(text):
    """What each test printed: its output and its exit status."""
    tests = {}
    for match in re.finditer(r"^# guest: begin (\S+)\n(.*?)^# guest: end \1 (\d+)$",
                             text, re.M | re.S):
        tests[match[1]] = (match[2], int(match[3]))
    return tests


def judge_tests(boot, tests):
    points = []
    for test in [*boot.tests, *boot.crash]:
        if test in ("pause", "load"):
            continue
        if test not in tests:
            points.append(ktap.Point(f"{test} ran", False, why="no end of it in the log"))
            continue
        text, status = tests[test]
        found = ktap.parse(text, test)
        points += found
        if status not in (0, 4) and all(point.passed for point in found):
            points.append(ktap.Point(f"{test} exits cleanly", False, why=f"exit status {status}"))
    for point in points:
        if point.skipped is not None and not re.search(boot.skips, point.skipped):
            point.passed, point.why = False, f"skipped: {point.skipped}"
            point.skipped = None
    return points


def poweroff_trouble(text):
    """What is wrong with the time from the first device's shutdown to the end, or nothing."""
    lines = re.findall(r"^\[ *([0-9.]+)\] (.*): (shutdown|Power down|Restarting system)$", text,
                       re.M)
    if len(lines) < 2 or lines[-1][1] != "reboot":
        return "the kernel does not say when"
    taken = {"igb": 0, "others": 0}
    for (begin, device, _), (end, *_) in zip(lines, lines[1:]):
        taken["igb" if device.startswith("igb ") else "others"] += float(end) - float(begin)
    if taken["others"] > POWEROFF_S or taken["igb"] > POWEROFF_IGB_S:
        return " and ".join(f"{what} took {seconds:.1f} s" for what, seconds in taken.items())
    return ""


def judge(boot, text, trouble):
    """All test points of a boot, from its console."""
    points = judge_tests(boot, sections(text))
    if boot.kunit:
        points += ktap.parse(re.split("^# guest: ", text, 1, re.M)[0], "kunit")
    if not trouble and DONE.decode() not in text:
        trouble = "it did not get to its end"
    quiet = "\n".join(line for line in text.split("\n") if not re.search(boot.noise, line))
    splat = SPLAT.search(quiet)
    slow = trouble or poweroff_trouble(text.rpartition("# guest: done")[2])
    points.append(ktap.Point(f"powers off within {POWEROFF_S} s", not slow, why=slow))
    points.append(ktap.Point("boots and powers off", not trouble, why=trouble))
    points.append(ktap.Point("no kernel or hypervisor splat", not splat,
                             why=quiet[splat.start():splat.end() + 80].splitlines()[0]
                             if splat else ""))
    for pattern in boot.log_has:
        points.append(ktap.Point(f"log has /{pattern}/", bool(re.search(pattern, text)),
                                 why="it has not"))
    for pattern in boot.log_lacks:
        points.append(ktap.Point(f"log lacks /{pattern}/", not re.search(pattern, text),
                                 why="it has it"))
    for point in points:
        point.name = f"{boot.name}: {point.name}"
    return points


def console_text(boot):
    return boot.log().read_text(encoding="utf-8", errors="replace").replace("\r", "")


def look_from_outside(boot, ram):
    machine = boot.machine
    build = OUT / ("build-" + machine.variant if machine.variant else "build")
    return stage2.check(ram, machine.kernel(), build / "System.map", console_text(boot))


def run(boot):
    """Boot, keep the console and the KTAP under out/check, return the points."""
    LOGS.mkdir(parents=True, exist_ok=True)
    params = f"loglevel=7 guest_tests={','.join(boot.tests)} {boot.params}"
    seen = []
    if boot.crash:
        params += f" crashkernel=192M guest_crash={','.join(boot.crash)}"
    with tempfile.TemporaryDirectory(prefix="pkvm-smmuv3-") as scratch, \
         stage2.Ram(boot.machine.memory()) as ram:
        command = boot.machine.command(Path(scratch), params) + ram.arguments()
        trouble = run_qemu(command, Monitor(Path(scratch) / "monitor"), boot.log(), boot.timeout,
                           (ram.fd,),
                           boot.outside and (lambda: seen.extend(look_from_outside(boot, ram))))
    points = judge(boot, console_text(boot), trouble)
    if boot.outside:
        seen = seen or [ktap.Point("outside", False, why="the guest did not get to its end")]
        points += [ktap.Point(f"{boot.name}: {point.name}", point.passed, why=point.why)
                   for point in seen]
    ktap.write(boot.log().with_suffix(".ktap"), points)
    return points


def edit_of(text):
    """PATH [PROPERTY [TYPE VALUES...]] as an edit of the devicetree."""
    path, *edit = text.split()
    if len(edit) < 2:
        return (path, *edit)
    return path, edit[0], edit[1], edit[2:]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="manual")
    parser.add_argument("--cpu", default=Machine.cpu)
    parser.add_argument("--smp", type=int, default=Machine.smp)
    parser.add_argument("--mem", default=Machine.mem)
    parser.add_argument("--model", default=Machine.model)
    parser.add_argument("--variant", default="")
    parser.add_argument("--image", default="")
    parser.add_argument("--params", default=Machine.params, help="of the kernel")
    parser.add_argument("--timeout", type=int, default=Boot.timeout)
    parser.add_argument("--smmus", default="", metavar="STAGE,...", help="of several SMMUs")
    parser.add_argument("--expect", choices=("protected", "native"))
    parser.add_argument("--dt", action="append", default=[], metavar="'PATH PROPERTY TYPE VALUES'",
                        help="an edit of the devicetree, see machine.py")
    parser.add_argument("--qemu", default="", help="more options of QEMU's")
    parser.add_argument("--crash", default="", metavar="TEST,...", help="of a crash kernel")
    for flag in ("io", "vfio", "hot", "acpi", "kunit", "outside"):
        parser.add_argument(f"--{flag}", action="store_true")
    parser.add_argument("tests", nargs="*")
    args = parser.parse_args()

    machine = Machine(**{name: getattr(args, name) for name in (
        "cpu", "smp", "mem", "model", "variant", "image", "params", "io", "vfio", "hot", "acpi")},
        smmus=tuple(filter(None, args.smmus.split(","))),
        crash=bool(args.crash), dt=[edit_of(words) for words in args.dt], qemu=args.qemu.split())
    params = f"PKVM_SMMU_EXPECT={args.expect}" if args.expect else ""
    boot = Boot(args.name, machine, args.tests, params, timeout=args.timeout, kunit=args.kunit,
                outside=args.outside, crash=tuple(filter(None, args.crash.split(","))))
    if args.kunit:
        boot.params += " kunit.enable=1"
    points = run(boot)
    print(boot.log().read_text(encoding="utf-8", errors="replace"))
    print("\n".join(point.line(number) for number, point in enumerate(points, 1)))
    return not all(point.passed for point in points)


if __name__ == "__main__":
    sys.exit(main())
