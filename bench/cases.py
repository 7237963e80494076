# SPDX-License-Identifier: MIT
"""What is compared with what. Each function makes sure that the answers are
right and the same, then says what to put under load."""
import os
import re

import ask
import measure
import people
import processes
import records
import servers
from measure import Target
from processes import Failed

USERS = 1000
LIST_PAGES = 10
FEW = int(os.environ.get('BENCH_CONNECTIONS', '16'))
MANY = int(os.environ.get('BENCH_CONNECTIONS', '64'))
ASSET_BYTES = 50_000
RECORD = '/api/v1/users/1'


class Case:
    """The first target is the appliance; aims: the least ratio wanted of its
    rate to that of another; of its p99, that of the other to its own."""

    def __init__(self, letter, title, targets, aims, what='rate'):
        self.letter, self.title = letter, title
        self.targets, self.aims, self.what = targets, aims, what

    def ratio(self, theirs):
        ours, other = (t.median(self.what) for t in (self.targets[0], theirs))
        if self.what == 'p99_ms':
            ours, other = other, ours
        return ours / other if ours is not None and other else None


class Bench:
    """The servers that cases share: each is started when first wanted."""

    def __init__(self, folder):
        self.folder = folder
        self.kept = {}
        self.postgres = processes.server_pid('TEST_POSTGRES_CTL',
                                             'data/postmaster.pid')
        servers.make_certificate(folder)

    def server(self, name, start):
        if name not in self.kept:
            self.kept[name] = start()
        return self.kept[name]

    def appliance(self, name, **options):
        def start():
            made = servers.appliance(
                self.folder, name,
                DATABASE_URL=os.environ['TEST_POSTGRES_URL'], **options)
            fill_users(made)
            return made
        return self.server(name, start)

    def cached(self):
        return self.appliance('cached',
                              REDIS_URL=os.environ['TEST_REDIS_URL'])

    def uncached(self):
        return self.appliance('uncached', CACHE_BYTES='0')

    def flask(self):
        return self.server('flask', lambda: servers.flask(self.folder))

    def fastapi(self):
        return self.server('fastapi', lambda: servers.fastapi(self.folder))

    def nginx(self):
        def start():
            base = self.cached().url('http')
            return servers.nginx(self.folder, warm(base, RECORD),
                                 asset_answer(base))
        return self.server('nginx', start)

    def paths(self, name, paths):
        path = f'{self.folder}/{name}.paths'
        with open(path, 'w', encoding='utf-8') as out:
            out.writelines(f'{p}\n' for p in paths)
        return path


# --- what is asked for -------------------------------------------------------

def fill_users(made):
    """By the API itself, once."""
    connection = ask.connect(made.url('https'))
    have = ask.one(connection, 'GET', '/api/v1/users?perPage=1').json()
    if have['totalItems'] >= USERS:
        return
    for i in range(1, USERS + 1):
        user = {'name': f'User {i:05}', 'email': f'user{i:05}@example.org'}
        answer = ask.one(connection, 'POST', '/api/v1/users', value=user,
                         headers=made.admin)
        if answer.status != 201:
            raise Failed(f'POST /api/v1/users: {answer.body.decode()}')
    connection.close()


def warm(base, path):
    """The second answer comes out of the cache."""
    ask.good(base, path)
    answer = ask.good(base, path)
    if answer.header('x-cache') != 'hit':
        raise Failed(f'{path} was not cached: {answer.headers}')
    return answer


def asset_answer(base):
    """The compressed asset of the page that is nearest to 50 kB."""
    page = ask.good(base, '/api/docs', {'Accept': 'text/html'}).body.decode()
    paths = sorted(set(re.findall(r'/static/[^"\s]+\.(?:js|css)', page)))
    found = [ask.good(base, path, {'Accept-Encoding': encoding})
             for path in paths for encoding in ('br', 'gzip')]
    found = [a for a in found if a.header('content-encoding')]
    if not found:
        raise Failed('the page has no compressed asset')
    return min(found, key=lambda a: abs(len(a.body) - ASSET_BYTES))


def same_bytes(ours, theirs, who):
    if (ours.status, ours.type, ours.body) != (theirs.status, theirs.type,
                                               theirs.body):
        raise Failed(f'{who} answers {ours.path} differently: '
                     f'{theirs.status} {theirs.type} {theirs.body[:200]}')


def same_json(ours, theirs, who):
    if ours.json() != theirs.json():
        raise Failed(f'{who} answers {ours.path} differently: '
                     f'{theirs.body[:400]}')


# --- the cases ---------------------------------------------------------------

def against_nginx(bench, letter, title, answer, headers, aim):
    ours, theirs = bench.cached(), bench.nginx()
    cases = []
    for scheme in ('http', 'https'):
        for server in (ours, theirs):
            same_bytes(answer, ask.good(server.url(scheme), answer.path,
                                        headers), server.name)
        targets = [Target(name, server, server.url(scheme) + answer.path,
                          MANY, headers)
                   for name, server in (('appliance', ours),
                                        ('nginx', theirs))]
        cases.append(Case(letter, f'{title}, {scheme.upper()}', targets,
                          {'nginx': aim}))
    suites = {ask.cipher(s.url('https')) for s in (ours, theirs)}
    if len(suites) > 1:
        raise Failed(f'the servers agree on different ciphers: {suites}')
    return cases


def case_a(bench):
    small = warm(bench.cached().url('http'), RECORD)
    title = f'{len(small.body)} bytes of JSON from memory'
    return against_nginx(bench, 'a', title, small, {}, 2 / 3)


def case_b(bench):
    asset = asset_answer(bench.cached().url('http'))
    encoding = asset.header('content-encoding')
    title = f'{len(asset.body) / 1000:.0f} kB asset ({encoding})'
    return against_nginx(bench, 'b', title, asset,
                         {'Accept-Encoding': encoding}, 1)


def against_python(bench, ours, name, paths, peers):
    """Targets for the appliance and (name, server, prefix of the path), once
    they agree on the paths; a tenth of many is looked at."""
    targets = []
    for who, server, prefix in [('appliance', ours, ''), *peers]:
        base = server.url('http')
        for path in paths[::len(paths) // 10]:
            same_json(ask.good(ours.url('http'), path),
                      ask.good(base, prefix + path), who)
        file = bench.paths(f'{name}{prefix.replace("/", "-")}',
                           [prefix + path for path in paths])
        targets.append(Target(who, server, base, FEW, paths=file,
                              database_pid=bench.postgres))
    return targets


def case_c(bench):
    ours = bench.uncached()
    if ask.good(ours.url('http'), RECORD).header('x-cache') != 'bypass':
        raise Failed('with CACHE_BYTES=0 a record came out of a cache')
    paths = [f'/api/v1/users/{i}' for i in range(1, USERS + 1)]
    targets = against_python(bench, ours, 'records', paths, [
        ('flask', bench.flask(), ''), ('fastapi', bench.fastapi(), ''),
        ('fastapi, tuned', bench.fastapi(), '/tuned')])
    url = os.environ['TEST_POSTGRES_URL']
    measure.pgbench_fill(url)
    targets.insert(1, Target('pgbench', url=url, connections=FEW,
                             database_pid=bench.postgres))
    return [Case('c', 'one record of PostgreSQL, uncached', targets,
                 {'pgbench': 1 / 4, 'flask': 10, 'fastapi': 10,
                  'fastapi, tuned': 10})]


def case_d(bench):
    ours = bench.cached()
    paths = [f'/api/v1/users?page={i}' for i in range(1, LIST_PAGES + 1)]
    size = len(warm(ours.url('http'), paths[0]).body)
    targets = against_python(bench, ours, 'lists', paths, [
        ('flask', bench.flask(), ''), ('fastapi', bench.fastapi(), '')])
    return [Case('d', f'a cached list of 30, {size / 1000:.1f} kB', targets,
                 {'flask': 10, 'fastapi': 10})]


def case_f(bench):
    return records.case_f(bench, Case, MANY)


def case_g(bench):
    return records.case_g(bench, Case, MANY)


def case_h(bench):
    return people.case_h(bench, Case, MANY)


def case_i(bench):
    return people.case_i(bench, Case, MANY)


ALL = {'a': case_a, 'b': case_b, 'c': case_c, 'd': case_d, 'f': case_f,
       'g': case_g, 'h': case_h, 'i': case_i}
