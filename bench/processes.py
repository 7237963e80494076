# SPDX-License-Identifier: MIT
"""Starting servers on one core, stopping them whatever happens, and what
their processes have used."""
import os
import pathlib
import signal
import socket
import subprocess
import time

TICKS = os.sysconf('SC_CLK_TCK')
SERVER_CORE, LOAD_CORE = (sorted(os.sched_getaffinity(0)) + [None, None])[:2]

running = []


class Failed(Exception):
    """Ends the benchmark with one line."""


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def on_core(core):
    return lambda: os.sched_setaffinity(0, {core})


def start(command, log, env=None, cwd=None):
    """A server in a session of its own, logging to the end of the file log.
    Linux shares a busy core out by session: load and server must not have to
    share theirs."""
    with open(log, 'ab') as out:
        process = subprocess.Popen(
            command, env={'PATH': os.environ['PATH'], **(env or {})}, cwd=cwd,
            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True, preexec_fn=on_core(SERVER_CORE))
    running.append(process)
    return process


def stop(process):
    for sig, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, sig)
            process.wait(seconds)
            break
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            break
    if process in running:
        running.remove(process)


def stop_all():
    for process in running[::-1]:
        stop(process)


def wait_until(what, probe, process, log, seconds=20):
    """Until probe gives something true, the process ends or time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = probe()
        if found:
            return found
        if process.poll() is not None:
            break
        time.sleep(0.02)
    tail = pathlib.Path(log).read_text(errors='replace')[-2000:]
    raise Failed(f'{what} does not start:\n{tail}')


# --- what processes have used ------------------------------------------------

def children(pid):
    try:
        text = pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text()
    except OSError:
        return []
    return [int(child) for child in text.split()]


def family(pid):
    return [pid] + [p for child in children(pid) for p in family(child)]


def stat_ticks(pid, with_ended):
    """User and system time; with that of children that have ended."""
    try:
        text = pathlib.Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return 0
    fields = text.rsplit(')', 1)[1].split()
    return sum(map(int, fields[11:15 if with_ended else 13]))


def cpu_seconds(pid):
    """Of a process and all it has started."""
    if pid is None:
        return 0.0
    return sum(stat_ticks(p, True) for p in family(pid)) / TICKS


def busy_seconds():
    """Of all cores, whoever used them."""
    first = pathlib.Path('/proc/stat').read_text().splitlines()[0]
    user, nice, system, _, _, irq, softirq, steal = map(
        int, first.split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


def memory_bytes(pid):
    """Proportional set size: what several processes share counts once."""
    total = 0
    for p in family(pid):
        text = pathlib.Path(f'/proc/{p}/smaps_rollup').read_text()
        line = next(x for x in text.splitlines() if x.startswith('Pss:'))
        total += int(line.split()[1]) * 1024
    return total


def server_pid(ctl_variable, file):
    """with-servers keeps the pid beside the program that controls it."""
    ctl = os.environ.get(ctl_variable)
    if ctl is None:
        return None
    text = (pathlib.Path(ctl).parent / file).read_text()
    return int(text.split()[0])
