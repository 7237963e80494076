# SPDX-License-Identifier: MIT
"""Size on disk, memory when idle, and the time from exec to the first
answer over HTTPS (over HTTP for the Python peers, which have no TLS)."""
import http.client
import os
import shutil
import statistics
import time

import ask
import cases
import processes
import servers
from processes import Failed

STARTS = 5
PATIENCE_S = 20


def first_answer(base, path, began):
    """Milliseconds until 200; asks again as soon as it has failed."""
    while time.monotonic() - began < PATIENCE_S:
        connection = ask.connect(base)
        try:
            if ask.one(connection, 'GET', path).status == 200:
                return (time.monotonic() - began) * 1000
        except (OSError, http.client.HTTPException):
            time.sleep(0.0005)
        finally:
            connection.close()
    raise Failed(f'{base}{path} does not answer')


def start_appliance(folder, data):
    """Nothing configured but ports that are known beforehand."""
    port = processes.free_port()
    env = {'LISTEN': f'127.0.0.1:{port}', 'LISTEN_HTTP': 'off',
           'LISTEN_OPS': 'off', 'DATA_DIR': data}
    began = time.monotonic()
    process = processes.start([servers.APPLIANCE], f'{folder}/start.log', env)
    ms = first_answer(f'https://127.0.0.1:{port}', '/health', began)
    return process, ms


def appliance_starts(folder):
    first, again, memory = [], [], []
    for _ in range(STARTS):
        data = f'{folder}/start.data'
        for times in (first, again):
            process, ms = start_appliance(folder, data)
            times.append(ms)
            time.sleep(0.2)
            memory.append(processes.memory_bytes(process.pid))
            processes.stop(process)
        shutil.rmtree(data)
    return [
        ('appliance: first start (makes certificate and database)', first),
        ('appliance: started again', again),
    ], memory


def peer_starts(start, scheme, path):
    """start: gives a started server; its process began a moment before."""
    times, memory = [], []
    for _ in range(STARTS):
        began = time.monotonic()
        server = start()
        times.append(first_answer(server.url(scheme), path, began))
        time.sleep(0.2)
        memory.append(processes.memory_bytes(server.process.pid))
        server.stop()
    return times, memory


def measured(bench):
    base = bench.cached().url('http')
    small = cases.warm(base, cases.RECORD)
    asset = cases.asset_answer(base)
    starts, memory = appliance_starts(bench.folder)
    memories = [('appliance, idle', memory)]
    peers = [
        ('nginx', lambda: servers.nginx(bench.folder, small, asset), 'https'),
        ('flask', lambda: servers.flask(bench.folder), 'http'),
        ('fastapi', lambda: servers.fastapi(bench.folder), 'http'),
    ]
    for name, start, scheme in peers:
        times, used = peer_starts(start, scheme, cases.RECORD)
        starts.append((f'{name} ({scheme.upper()})', times))
        memories.append((f'{name}, idle', used))
    return starts, memories


def footprint(bench):
    """Rows of (what, median, least, most, unit)."""
    rows = []
    size = os.path.getsize(servers.APPLIANCE) / 1e6
    starts, memories = measured(bench)

    rows.append(('size of the executable', size, size, size, 'MB'))
    for name, values in memories:
        values = [v / 1e6 for v in values]
        rows.append((f'memory (PSS): {name}', statistics.median(values),
                     min(values), max(values), 'MB'))
    for name, server in bench.kept.items():
        if name in ('cached', 'uncached'):
            used = processes.memory_bytes(server.process.pid) / 1e6
            rows.append((f'memory (PSS): appliance ({name}), after the load',
                         used, used, used, 'MB'))
    for name, values in starts:
        rows.append((f'exec to first answer: {name}',
                     statistics.median(values), min(values), max(values),
                     'ms'))
    return rows
