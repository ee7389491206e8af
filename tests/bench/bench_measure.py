"""Runs one command and says how long it took, or how much memory it had."""
import os
import re
import select
import signal
import subprocess
import time

TIMEOUT_SECONDS = 300
SAMPLE_SECONDS = 0.01


class Measured:
    """One run; times in seconds.  own_cpu is that of the process started, other_cpu that of all below it."""

    def __init__(self, wall, own_cpu, other_cpu, status, output):
        self.wall, self.own_cpu, self.other_cpu = wall, own_cpu, other_cpu
        self.status, self.output = status, output

    @property
    def cpu(self):
        return self.own_cpu + self.other_cpu


def start(command, environment, output):
    return subprocess.Popen(command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=output,
                            stderr=subprocess.DEVNULL, start_new_session=True)


def process_cpu_seconds(pid):
    """CPU time of one process, not of its children; exact, and readable until it is reaped."""
    return time.clock_gettime((~pid << 3) | 2)


def wait_for_end(process):
    """Waits without reaping; kills what takes too long, or when the bench is stopped."""
    descriptor = os.pidfd_open(process.pid)
    ended = []
    try:
        ended = select.select([descriptor], [], [], TIMEOUT_SECONDS)[0]
    finally:
        os.close(descriptor)
        if not ended:
            os.killpg(process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


def reap(process):
    """(exit status, CPU seconds of the process and of the children it waited for)."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def timed_run(command, environment, keep_output=False):
    with open(os.devnull, "wb") as nowhere:
        begin = time.monotonic()
        process = start(command, environment, subprocess.PIPE if keep_output else nowhere)
        wait_for_end(process)
        wall = time.monotonic() - begin
    own_cpu = process_cpu_seconds(process.pid)
    status, all_cpu = reap(process)
    output = process.stdout.read().decode() if keep_output else ""
    return Measured(wall, own_cpu, max(0.0, all_cpu - own_cpu), status, output)


class Memory:
    """The most a process had while it ran, in KiB: resident, its proportional share, and resident shared memory."""

    def __init__(self):
        self.resident = self.proportional = self.shared = 0

    def see(self, pid):
        try:
            status = read_fields(f"/proc/{pid}/status")
            rollup = read_fields(f"/proc/{pid}/smaps_rollup")
        except OSError:
            return
        self.resident = max(self.resident, status.get("VmHWM", 0))
        self.shared = max(self.shared, status.get("RssShmem", 0))
        self.proportional = max(self.proportional, rollup.get("Pss", 0))


def read_fields(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return {name: int(value) for name, value in re.findall(r"^(\w+):\s+(\d+) kB$", file.read(), re.MULTILINE)}


def first_child(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return next(iter(file.read().split()), None)
    except OSError:
        return None


def memory_run(command, environment, target_is_child):
    """(memory of the target or None when it failed, memory of the tool's own process or None), looked at often."""
    target, tool = Memory(), Memory() if target_is_child else None
    with open(os.devnull, "wb") as nowhere:
        process = start(command, environment, nowhere)
    descriptor = os.pidfd_open(process.pid)
    while not select.select([descriptor], [], [], SAMPLE_SECONDS)[0]:
        if tool:
            tool.see(process.pid)
        target_pid = first_child(process.pid) if tool else process.pid
        if target_pid:
            target.see(target_pid)
    os.close(descriptor)
    status, _ = reap(process)
    return (target if status == 0 else None), tool
