# SPDX-License-Identifier: MIT
"""How each server is started. All are given back ready to answer."""
import os
import pathlib
import socket
import string
import subprocess

import processes

here = pathlib.Path(__file__).parent
root = here.parent
APPLIANCE = os.environ.get('APPLIANCE', str(root / 'out/appliance'))
LOGGING = os.environ.get('BENCH_LOG', 'on') != 'off'


class Server:
    def __init__(self, name, process, log, http=None, https=None):
        self.name, self.process, self.log = name, process, log
        self.http, self.https = http, https

    def url(self, scheme):
        port = self.http if scheme == 'http' else self.https
        return f'{scheme}://127.0.0.1:{port}'

    def trim_log(self):
        if os.path.exists(self.log):
            os.truncate(self.log, 0)

    def logged_lines(self):
        """Since the log was trimmed."""
        if not os.path.exists(self.log):
            return 0
        with open(self.log, 'rb') as lines:
            return sum(1 for _ in lines)

    def stop(self):
        processes.stop(self.process)


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(('127.0.0.1', port)) == 0


def make_certificate(folder):
    """One certificate for all, so that handshakes cost the same."""
    subprocess.run(
        ['openssl', 'req', '-x509', '-newkey', 'ec', '-nodes', '-days', '2',
         '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-subj', '/CN=localhost',
         '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
         '-keyout', f'{folder}/key.pem', '-out', f'{folder}/cert.pem'],
        check=True, capture_output=True)


# --- the appliance -----------------------------------------------------------

def command(words, env, given=''):
    """One of the appliance's that ends by itself; what it prints."""
    done = subprocess.run([APPLIANCE, *words], env=env, input=given,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise processes.Failed(f'{" ".join(words)}: {done.stderr}')
    return done.stdout


def appliance(folder, name, **options):
    log = f'{folder}/{name}.log'
    ports = processes.free_port(), processes.free_port()
    env = {
        'LISTEN': f'127.0.0.1:{ports[1]}', 'LISTEN_OPS': '127.0.0.1:0',
        'LISTEN_HTTP': f'127.0.0.1:{ports[0]}',
        'DATA_DIR': f'{folder}/{name}.data', 'TRUSTED_PROXIES': '127.0.0.1',
        'TLS_CERT': f'{folder}/cert.pem', 'TLS_KEY': f'{folder}/key.pem',
        'LOG_LEVEL': 'info' if LOGGING else 'warn', 'RATE_LIMIT': 'off',
        'APP_FILE': str(here / 'users.json'), **options,
    }
    key = command(['key', 'add', 'bench'], env).strip()
    process = processes.start([APPLIANCE], log, env)
    processes.wait_until(name, lambda: listens(ports[1]), process, log)
    made = Server(name, process, log, *ports)
    made.env, made.admin = env, {'Authorization': f'Bearer {key}'}
    return made


# --- nginx -------------------------------------------------------------------

def nginx_headers(headers):
    return '\n'.join(f"            add_header {name} '{value}';"
                     for name, value in headers)


def nginx_conf(folder, ports, small, asset):
    """small, asset: what the appliance answered; nginx answers the same."""
    template = string.Template((here / 'peers/nginx.conf').read_text())
    log = f'{folder}/nginx.log combined buffer=64k flush=1s'
    pathlib.Path(f'{folder}/asset').write_bytes(asset.body)
    values = {
        'folder': folder, 'http_port': ports[0], 'https_port': ports[1],
        'access_log': log if LOGGING else 'off',
        'certificate': f'{folder}/cert.pem', 'key': f'{folder}/key.pem',
        'json': small.body.decode(), 'json_path': small.path,
        'json_headers': nginx_headers(small.kept_headers()),
        'asset_path': asset.path, 'asset_type': asset.type,
        'asset_headers': nginx_headers(asset.kept_headers()),
        'asset_file': f'{folder}/asset',
    }
    path = f'{folder}/nginx.conf'
    pathlib.Path(path).write_text(template.safe_substitute(values))
    return path


def nginx(folder, small, asset):
    ports = processes.free_port(), processes.free_port()
    conf = nginx_conf(folder, ports, small, asset)
    log = f'{folder}/nginx.error.log'
    # As root, nginx would make its worker another user, who cannot read here.
    user = ['-g', 'user root;'] if os.geteuid() == 0 else []
    process = processes.start(
        ['nginx', '-e', log, '-p', folder, '-c', conf] + user, log)
    processes.wait_until('nginx', lambda: listens(ports[1]), process, log)
    return Server('nginx', process, f'{folder}/nginx.log', *ports)


# --- the Python peers --------------------------------------------------------

def python_peer(folder, name, command):
    url = os.environ['TEST_POSTGRES_URL'].split('://', 1)[1]
    env = {
        'DATABASE_URL': f'postgresql://{url}',
        'REDIS_URL': os.environ['TEST_REDIS_URL'],
        'PYTHONDONTWRITEBYTECODE': '1',
    }
    port = processes.free_port()
    log = f'{folder}/{name}.log'
    command = [part.format(port=port) for part in command]
    process = processes.start(command, log, env, cwd=here / 'peers')
    processes.wait_until(name, lambda: listens(port), process, log)
    return Server(name, process, log, port)


def flask(folder):
    return python_peer(
        folder, 'flask',
        ['/usr/bin/python3', '-m', 'gunicorn', '--bind', '127.0.0.1:{port}',
         '--worker-class', 'gthread', '--workers', '2', '--threads', '8',
         'flask_app:app'])


def fastapi(folder):
    return python_peer(
        folder, 'fastapi',
        ['/usr/bin/python3', '-m', 'uvicorn', '--host', '127.0.0.1',
         '--port', '{port}', '--loop', 'uvloop', '--http', 'httptools',
         '--no-access-log', '--log-level', 'warning', 'fastapi_app:app'])
