# SPDX-License-Identifier: MIT
"""One request, to see that an answer is right before it is measured."""
import http.client
import json
import ssl
import urllib.parse

from processes import Failed

# What the appliance's plain listener needs to serve, and all others get too.
PROXY = {'X-Forwarded-Proto': 'https'}

# Made anew for each answer, or by the server itself.
NOT_KEPT = {'date', 'content-type', 'content-length', 'x-request-id',
            'server-timing', 'connection', 'server'}


class Answer:
    def __init__(self, path, response):
        self.path, self.status = path, response.status
        self.headers = response.getheaders()
        self.body = response.read()

    def header(self, name):
        return dict((k.lower(), v) for k, v in self.headers).get(name, '')

    @property
    def type(self):
        return self.header('content-type')

    def json(self):
        return json.loads(self.body)

    def kept_headers(self):
        return [(k, v) for k, v in self.headers if k.lower() not in NOT_KEPT]


def connect(base):
    url = urllib.parse.urlsplit(base)
    if url.scheme == 'http':
        return http.client.HTTPConnection(url.hostname, url.port, timeout=10)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(url.hostname, url.port, timeout=10,
                                       context=context)


def one(connection, method, path, headers=None, value=None):
    body = None if value is None else json.dumps(value)
    sent = dict(headers or {})
    if body:
        sent['Content-Type'] = 'application/json'
    connection.request(method, path, body, sent)
    return Answer(path, connection.getresponse())


def get(base, path, headers=None):
    connection = connect(base)
    try:
        return one(connection, 'GET', path, {**PROXY, **(headers or {})})
    except (OSError, http.client.HTTPException) as error:
        raise Failed(f'GET {base}{path}: {error}') from error
    finally:
        connection.close()


def good(base, path, headers=None):
    answer = get(base, path, headers)
    if answer.status != 200:
        raise Failed(f'GET {base}{path}: {answer.status} instead of 200')
    return answer


def cipher(base):
    """What is agreed with a client that offers all that wrk's does."""
    connection = connect(base)
    try:
        connection.connect()
        return connection.sock.cipher()[:2]
    finally:
        connection.close()
