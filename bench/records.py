# SPDX-License-Identifier: MIT
"""Collections on their own: against what PocketBase publishes (f), and with
200,000 rows (g)."""
import os

import ask
import servers
from measure import ROUNDS, Published, Target, make_namespace
from processes import Failed

FEW_ROWS, MANY_ROWS, BULK = 10_000, 200_000, 1000
FAR = 190_000  # a row to which cursors go
POSTS = '/api/v1/posts'
FRESH = {'Cache-Control': 'no-cache'}  # asks the store, whatever is cached

# PocketBase's own benchmark on two shared cores, SQLite, requests a second.
PUBLISHED = {'create': 2015, 'read by id': 2640,
             'list of 20 of 10,000, with total': 678,
             'list of 20 of 10,000, without': 1316}
AIM = 5

WORDS = ['rapport', 'été', 'réunion', 'budget', 'Noël', 'planning', 'façade',
         'contrat', 'dossier', 'équipe']


def post(i):
    return {'number': f'N-{i}',
            'title': f'{WORDS[i % 10]} {WORDS[i // 10 % 10]} {i}',
            'department': f'Department {i % 50}',
            'amount': i * 7919 % 1_000_000 / 100, 'mark': i * 31 % 21,
            'note': 'What there is to say of it. ' * 4}


def fill(base, rows):
    connection = ask.connect(base)
    for first in range(0, rows, BULK):
        answer = ask.one(connection, 'POST', POSTS,
                         value=[post(i) for i in range(first, first + BULK)])
        if answer.status != 201:
            raise Failed(f'POST {POSTS}: {answer.body[:400].decode()}')
    connection.close()


def appliance(bench, name, database, rows):
    def start():
        made = servers.appliance(
            bench.folder, name, DATABASE_URL=database,
            APP_FILE=str(servers.here / 'records.json'))
        fill(made.url('https'), rows)
        return made
    return bench.server(name, start)


# --- (f) ---------------------------------------------------------------------

def paths_of(what):
    pages = range(1, FEW_ROWS // 20 + 1)
    return {
        'create': ['POST /api/v1/entries {"title":"Entry @n","active":true,'
                   '"amount":@n,"note":"some words about it"}'],
        'read by id': [f'{POSTS}/{i}' for i in range(1, FEW_ROWS + 1)],
        'list of 20 of 10,000, with total':
            [f'{POSTS}?perPage=20&page={i}' for i in pages],
        'list of 20 of 10,000, without':
            [f'{POSTS}?perPage=20&skipTotal=1&page={i}' for i in pages],
    }[what]


def case_f(bench, case, many):
    ours = appliance(bench, 'records', f'sqlite:{bench.folder}/records.db',
                     FEW_ROWS)
    cases = []
    for number, (what, rate) in enumerate(PUBLISHED.items()):
        file = bench.paths(f'published-{number}', paths_of(what))
        ways = [('', {})] if what == 'create' else \
            [(', from the cache', {}), (', from SQLite', FRESH)]
        for way, headers in ways:
            cases.append(case('f', f'{what}{way}, HTTPS', [
                Target('appliance', ours, ours.url('https'), many, headers,
                       paths=file),
                Published('PocketBase, published', rate),
            ], {'PocketBase, published': AIM}))
    return cases


# --- (g) ---------------------------------------------------------------------

def cursor_at(base, query, row):
    """The cursor behind which the row comes; pages of 500 to it."""
    connection, cursor = ask.connect(base), ''
    while row > 0:
        size = min(500, row)
        answer = ask.one(connection, 'GET', f'{POSTS}?{query}&perPage={size}'
                         f'&cursor={cursor}')
        if answer.status != 200:
            raise Failed(f'{POSTS}?{query}: {answer.body[:400].decode()}')
        cursor, row = answer.json()['next'], row - size
    connection.close()
    return cursor


OPERATIONS = {
    'first page': '',
    'page 1000 by offset': 'page=1000',
    'filtered by an indexed field': "filter=department='Department%207'",
    'filtered by an indexed field, no total':
        "filter=department='Department%207'%26%26mark>3&skipTotal=1",
    'sorted by an indexed field': 'sort=-amount',
    'sorted by a field without index': 'sort=mark&skipTotal=1',
    'newest first': 'sort=-created',
    'searched, one word': 'search=noel&skipTotal=1',
    'searched, two words': 'search=reunion%201234&skipTotal=1',
    'count and average by department':
        'aggregate=count,avg(amount)&groupBy=department',
}


def pages_of(base):
    pages = dict(OPERATIONS)
    for sort in ('id', '-amount'):
        for row in (10, FAR):
            cursor = cursor_at(base, f'sort={sort}', row)
            pages[f'cursor, sort={sort}, behind row {row:,}'] = \
                f'sort={sort}&cursor={cursor}'
    return {name: f'{POSTS}?{query}' for name, query in pages.items()}


def case_g(bench, case, many):
    stores = {'SQLite': f'sqlite:{bench.folder}/many.db',
              'PostgreSQL': make_namespace(os.environ['TEST_POSTGRES_URL'],
                                           'many')}
    cases = []
    for store, database in stores.items():
        ours = appliance(bench, f'many-{store}', database, MANY_ROWS)
        made = {}
        for name, path in pages_of(ours.url('https')).items():
            ask.good(ours.url('https'), path)
            made[name] = Target(name, ours, ours.url('https') + path, 1,
                                FRESH, seconds=1, rounds=min(3, ROUNDS),
                                database_pid=bench.postgres
                                if store == 'PostgreSQL' else None)
        title = f'200,000 rows, {store}, one client'
        for sort in ('id', '-amount'):
            near, far = (f'cursor, sort={sort}, behind row {row:,}'
                         for row in (10, FAR))
            cases.append(case('g', title, [made.pop(far), made.pop(near)],
                              {near: 0.8}))
        cases += [case('g', title, [t], {}) for t in made.values()]
    return cases
