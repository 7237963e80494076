# SPDX-License-Identifier: MIT
"""The same numbers for the terminal, for results/latest.md and .json."""
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess

import measure
import servers

RESULTS = pathlib.Path(__file__).parent / 'results'


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0] if lines else 'unknown'


def processor():
    for line in pathlib.Path('/proc/cpuinfo').read_text().splitlines():
        if line.startswith('model name'):
            return line.split(':', 1)[1].strip()
    return platform.machine()


def python_versions():
    return first_line(
        '/usr/bin/python3', '-c',
        'import importlib.metadata as m;print(*(f"{n} {m.version(n)}" for n '
        'in "Flask gunicorn SQLAlchemy redis fastapi uvicorn uvloop httptools '
        'asyncpg psycopg2".split()), sep=", ")')


def logs_text(cases):
    """Lines that the appliance dropped make its numbers look better."""
    if not servers.LOGGING:
        return 'off'
    ours = [s['logged'] for c in cases for s in c.targets[0].samples
            if s.get('logged') is not None]
    least = f'; of its lines at least {min(ours) * 100:.1f} % were written' \
        if ours else ''
    return f'to a file, appliance and nginx alike{least}'


def about(cases):
    others = [s['others'] for c in cases for t in c.targets
              for s in t.samples if 'others' in s]
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        'when': now.strftime('%Y-%m-%d %H:%M UTC'),
        'appliance': first_line(servers.APPLIANCE, 'version'),
        'machine': f'{processor()}, {os.cpu_count()} cores, '
                   f'Linux {platform.release()}',
        'rounds': f'{measure.ROUNDS} of {measure.SECONDS} s each',
        'request logs': logs_text(cases),
        'used by others meanwhile': f'{statistics.median(others):.2f} cores '
                                    '(median)' if others else 'not measured',
        'nginx': first_line('nginx', '-v'),
        'pgbench': first_line(measure.pgbench_program(), '--version'),
        'Python': python_versions(),
    }


# --- tables ------------------------------------------------------------------

def number(value, digits=1):
    if value is None:
        return ''
    return f'{value:,.0f}' if abs(value) >= 1000 else f'{value:.{digits}f}'


def ratio(ours, theirs):
    return ours / theirs if ours is not None and theirs else None


def verdict(case, ours, theirs):
    if ours.errors() or theirs.errors():
        return 'invalid'
    aim = case.aims[theirs.name]
    return 'yes' if case.ratio(theirs) >= aim else 'no'


def ratio_rows(cases):
    rows = []
    for case in cases:
        ours = case.targets[0]
        for theirs in case.targets[1:]:
            if theirs.name not in case.aims:
                continue
            cpu = ratio(theirs.median('cpu_us'), ours.median('cpu_us'))
            rows.append([
                f'({case.letter}) {case.title}', theirs.name,
                number(case.ratio(theirs), 2),
                number(cpu, 2), f'≥ {case.aims[theirs.name]:.3g}',
                verdict(case, ours, theirs)])
    return rows


def measured_rows(cases):
    rows = []
    for case in cases:
        for t in case.targets:
            low, high = t.spread('rate')
            rows.append([
                f'({case.letter}) {case.title}', t.name, str(t.connections),
                number(t.median('rate'), 0), f'{low:,.0f}–{high:,.0f}',
                number(t.median('cpu_us')), number(t.median('database_cpu_us')),
                number(t.median('p50_ms'), 2), number(t.median('p99_ms'), 2),
                str(t.errors()) if t.errors() else ''])
    return rows


def footprint_rows(footprint):
    return [[what, f'{number(middle)} {unit}',
             '' if low == high else f'{number(low)}–{number(high)}']
            for what, middle, low, high, unit in footprint]


RATIOS = ['case', 'against', 'ours / theirs', 'CPU: theirs / ours',
          'aim', 'met']
MEASURED = ['case', 'server', 'conn.', 'requests/s', 'min–max',
            'server CPU µs/req', 'PostgreSQL CPU µs/req', 'p50 ms', 'p99 ms',
            'errors']
FOOTPRINT = ['(e)', 'median', 'min–max']


def tables(cases, footprint):
    made = []
    if cases:
        made += [('Ratios', RATIOS, ratio_rows(cases)),
                 ('Measured', MEASURED, measured_rows(cases))]
    if footprint:
        made.append(('Footprint', FOOTPRINT, footprint_rows(footprint)))
    return made


def aligned(head, rows):
    widths = [max(map(len, column)) for column in zip(head, *rows)]
    for row in [head] + rows:
        yield '  '.join(x.ljust(w) for x, w in zip(row, widths)).rstrip()


def markdown(head, rows):
    yield '| ' + ' | '.join(head) + ' |'
    yield '|' + '---|' * len(head)
    for row in rows:
        yield '| ' + ' | '.join(row) + ' |'


# --- where they go -----------------------------------------------------------

def show(facts, cases, footprint):
    print()
    for name, value in facts.items():
        print(f'{name}: {value}')
    for title, head, rows in tables(cases, footprint):
        print(f'\n{title}\n')
        print('\n'.join(aligned(head, rows)))
    print()


def markdown_text(facts, cases, footprint):
    lines = ['# Last run of the benchmark', '',
             'Written by `make bench`; how it measures: [README](../README.md).',
             '']
    lines += [f'- {name}: {value}' for name, value in facts.items()]
    for title, head, rows in tables(cases, footprint):
        lines += ['', f'## {title}', '', *markdown(head, rows)]
    return '\n'.join(lines) + '\n'


def as_data(facts, cases, footprint):
    return {
        'about': facts,
        'cases': [{
            'case': case.letter, 'title': case.title, 'aims': case.aims,
            'servers': [{'name': t.name, 'connections': t.connections,
                         'rounds': t.samples} for t in case.targets],
        } for case in cases],
        'footprint': [dict(zip(('what', 'median', 'min', 'max', 'unit'), row))
                      for row in footprint],
    }


def save(facts, cases, footprint):
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / 'latest.md').write_text(
        markdown_text(facts, cases, footprint))
    (RESULTS / 'latest.json').write_text(
        json.dumps(as_data(facts, cases, footprint), indent=1,
                   ensure_ascii=False) + '\n')
