# SPDX-License-Identifier: MIT
"""What it costs to know who asks (h), and what a flood of sign-ins takes from
those who only read (i)."""
import ask
import servers
from measure import Background, Target
from processes import Failed

RECORD = '/api/v1/users/1'
EMAIL, PASSWORD = 'reader@example.org', 'nobody guesses this one'
FLOOD_CONNECTIONS, FLOOD_PAUSE_MS = 60, 10  # 5,000 a second and more


def signed_in(ours):
    """Headers of the three ways to say who one is."""
    servers.command(['user', 'add', EMAIL, '--password-file', '-'], ours.env,
                    PASSWORD)
    connection = ask.connect(ours.url('https'))
    cookie = ask.one(connection, 'POST', '/login', value={
        'email': EMAIL, 'password': PASSWORD}).header('set-cookie')
    token = ask.one(
        connection, 'POST', '/api/collections/users/auth-with-password',
        value={'identity': EMAIL, 'password': PASSWORD}).json()['token']
    connection.close()
    return {'by session cookie': {'Cookie': cookie.split(';')[0]},
            'by token': {'Authorization': token},
            'by API key': ours.admin}


def case_h(bench, case, many):
    ours = bench.cached()
    ways = signed_in(ours)
    cases = []
    for scheme in ('http', 'https'):
        url = ours.url(scheme) + RECORD
        nobody = Target('by nobody', ours, url, many)
        for name, headers in ways.items():
            ask.good(ours.url(scheme), RECORD, headers)
            answer = ask.good(ours.url(scheme), RECORD, headers)
            if answer.header('x-cache') != 'hit':
                raise Failed(f'{RECORD} {name} was not cached')
            cases.append(case('h', f'a cached record {name}, {scheme.upper()}',
                              [Target(name, ours, url, many, headers), nobody],
                              {'by nobody': 0.9}))
    return cases


def case_i(bench, case, many):
    ours = bench.cached()
    flood = Background(ours.url('https') + '/login', 'flood.lua',
                       FLOOD_CONNECTIONS, [str(FLOOD_PAUSE_MS)])
    return [case('i', f'a cached record, {scheme.upper()}, p99', [
        Target('during 5,000 sign-ins/s', ours, ours.url(scheme) + RECORD,
               many, background=flood),
        Target('in peace', ours, ours.url(scheme) + RECORD, many)],
        {'in peace': 0.5}, 'p99_ms') for scheme in ('http', 'https')]
