# SPDX-License-Identifier: MIT
"""One run of load against one server, and rounds of such runs."""
import json
import os
import pathlib
import re
import resource
import signal
import statistics
import subprocess
import time

import processes
from ask import PROXY
from processes import Failed

here = pathlib.Path(__file__).parent
SECONDS = int(os.environ.get('BENCH_SECONDS', '2'))
PATIENCE = int(os.environ.get('BENCH_PATIENCE', '60'))
DISTURBED = 0.2  # cores that others use
ROUNDS = int(os.environ.get('BENCH_ROUNDS', '5'))


class Target:
    """What is put under load: asked over HTTP by wrk, or, with no server,
    PostgreSQL itself by pgbench."""

    def __init__(self, name, server=None, url=None, connections=16,
                 headers=None, paths=None, database_pid=None,
                 seconds=SECONDS, rounds=ROUNDS, background=None):
        self.name, self.server, self.url = name, server, url
        self.seconds, self.rounds = seconds, rounds
        self.connections, self.paths = connections, paths
        plain = url is not None and url.startswith('http:')
        self.headers = {**(PROXY if plain else {}), **(headers or {})}
        self.database_pid = database_pid
        self.background = background
        self.samples = []

    def server_pid(self):
        return self.server.process.pid if self.server else None

    def median(self, what):
        values = [s[what] for s in self.samples]
        return None if None in values else statistics.median(values)

    def spread(self, what):
        values = [s[what] for s in self.samples]
        return min(values), max(values)

    def errors(self):
        return sum(s['errors'] for s in self.samples)


class Background:
    """Load that goes on while something else is measured."""

    def __init__(self, url, script, connections, arguments):
        self.command = ['wrk', '-t1', f'-c{connections}', '-d60s', '-s',
                        str(here / script), url, '--', *arguments]

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, text=True,
            preexec_fn=processes.on_core(processes.LOAD_CORE))
        time.sleep(0.5)

    def stop(self):
        """How many requests it sent a second."""
        self.process.send_signal(signal.SIGINT)
        text, _ = self.process.communicate(timeout=20)
        seen = json.loads(text.splitlines()[-1])
        return seen['requests'] / seen['us'] * 1e6


class Published(Target):
    """A rate that somebody else has measured elsewhere."""

    def __init__(self, name, rate):
        super().__init__(name)
        self.samples = [{'rate': rate, 'errors': 0, 'cpu_us': None,
                         'database_cpu_us': None, 'p50_ms': None,
                         'p99_ms': None}]


def run_load(command):
    done = subprocess.run(command, capture_output=True, text=True,
                          preexec_fn=processes.on_core(processes.LOAD_CORE))
    if done.returncode != 0:
        raise Failed(f'{command[0]}: {done.stderr or done.stdout}')
    return done.stdout


# --- wrk ---------------------------------------------------------------------

def wrk(target, seconds):
    command = ['wrk', '-t1', f'-c{target.connections}', f'-d{seconds}s',
               '-s', str(here / 'load.lua')]
    for name, value in target.headers.items():
        command += ['-H', f'{name}: {value}']
    command.append(target.url)
    if target.paths:
        command += ['--', target.paths]
    seen = json.loads(run_load(command).splitlines()[-1])
    return {
        'requests': seen['requests'],
        'rate': seen['requests'] / seen['us'] * 1e6,
        'p50_ms': seen['p50_us'] / 1e3, 'p99_ms': seen['p99_us'] / 1e3,
        'errors': seen['bad_status'] + seen['socket_errors'],
    }


# --- pgbench -----------------------------------------------------------------

def postgres_program(name):
    found = pathlib.Path('/usr/lib/postgresql').glob(f'*/bin/{name}')
    newest = sorted(found, key=lambda path: int(path.parts[-3]))
    return str(newest[-1]) if newest else name


def pgbench_program():
    return postgres_program('pgbench')


def make_namespace(url, name):
    """One of its own for an app file of its own; the URL that leads there."""
    run_load([postgres_program('psql'), '-q', '-c',
              f'CREATE SCHEMA IF NOT EXISTS {name}', url])
    return f'{url}{"&" if "?" in url else "?"}options=-csearch_path%3D{name}'


def pgbench_fill(url):
    run_load([pgbench_program(), '-i', '-q', '-s', '1', url])


def pgbench(target, seconds):
    text = run_load([
        pgbench_program(), '-n', '-S', '-M', 'prepared', '-j', '1',
        '-c', str(target.connections), '-T', str(seconds),
        target.url])

    def number(pattern):
        found = re.search(pattern, text)
        if not found:
            raise Failed(f'pgbench said:\n{text}')
        return float(found[1])

    return {
        'requests': int(number(r'actually processed: (\d+)')),
        'rate': number(r'tps = ([\d.]+) \(without'),
        'p50_ms': number(r'latency average = ([\d.]+) ms'), 'p99_ms': None,
        'errors': int(number(r'failed transactions: (\d+)')),
    }


# --- rounds ------------------------------------------------------------------

def load_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def clocks(target):
    return (processes.cpu_seconds(target.server_pid()),
            processes.cpu_seconds(target.database_pid),
            load_seconds(), processes.busy_seconds())


def run_once(target, seconds):
    if target.server:
        target.server.trim_log()
    load = wrk if target.server else pgbench
    before = clocks(target)
    if target.background:
        target.background.start()
    sample = load(target, seconds)
    if target.background:
        sample['background_rate'] = target.background.stop()
    server, database, client, busy = (
        after - start for after, start in zip(clocks(target), before))
    n = max(1, sample['requests'])
    sample['cpu_us'] = server / n * 1e6 if target.server else None
    sample['database_cpu_us'] = (
        database / n * 1e6 if target.database_pid else None)
    sample['logged'] = (
        target.server.logged_lines() / n if target.server else None)
    # What the rest of the machine did meanwhile, in cores.
    sample['others'] = max(0.0, busy - server - database - client) / seconds
    return sample


class Patience:
    """Seconds that may go into waiting for others and doing things again."""

    def __init__(self, seconds):
        self.left = seconds

    def wait_for_calm(self):
        while self.left > 0:
            before = processes.busy_seconds()
            time.sleep(0.5)
            self.left -= 0.5
            if processes.busy_seconds() - before < 0.5 * DISTURBED:
                break

    def run(self, target):
        while True:
            sample = run_once(target, target.seconds)
            if sample['others'] <= DISTURBED or self.left <= 0:
                return sample
            self.left -= target.seconds
            self.wait_for_calm()


def run_rounds(cases, say):
    patience = Patience(PATIENCE)
    ours = [[t for t in case.targets if not isinstance(t, Published)]
            for case in cases]
    for targets in ours:
        for target in targets:
            run_once(target, 1)  # to warm up
    for number in range(ROUNDS):
        say(f'round {number + 1} of {ROUNDS}')
        for targets in ours:
            first = number % len(targets)
            for target in targets[first:] + targets[:first]:
                if number < target.rounds:
                    target.samples.append(patience.run(target))
