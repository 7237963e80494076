// SPDX-License-Identifier: MIT
// The process: commands, its log, and how it ends.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { binary, command, launch, newFolder, sleep } from './appliance.mjs';
import { start, stopAll, until } from './appliance.mjs';
import { ask } from './client.mjs';
import { valueOf } from './exposition.mjs';
import { admin, adminEnv, signIn } from './people.mjs';

const user = '{"name":"Ann","email":"ann@example.org"}';

// A request whose body is announced and not sent yet: it runs until it is.
async function openRequest(a) {
    const wire = await a.dial();

    await wire.send(
        'POST /api/v1/users HTTP/1.1\r\nHost: localhost\r\n' +
            `Authorization: Bearer ${a.key}\r\n` +
            'Content-Type: application/json\r\n' +
            `Content-Length: ${user.length}\r\n\r\n${user.slice(0, 9)}`,
    );
    await until('it is running', async () => {
        const { text } = await a.askOps('/metrics');

        return valueOf(text, 'appliance_http_requests_in_flight') > 1;
    });
    return { wire, finish: () => wire.send(user.slice(9)) };
}

describe('process: commands', () => {
    after(stopAll);

    test('version', async () => {
        const plain = await command(['version']);

        assert.equal(plain.code, 0);
        assert.match(plain.out, /^appliance \d+\.\d+\.\d+ \([0-9a-f]{12}\)\n$/);
        assert.equal(plain.err, '');
        for (const args of [['--version'], ['-V']])
            assert.equal((await command(args)).out, plain.out);
    });

    test('help ends with 0', async () => {
        const { code, out, err } = await command(['help']);

        assert.equal(code, 0);
        assert.equal(err, '');
        for (const word of [
            'serve',
            'plan',
            'migrate',
            'healthcheck',
            'version',
        ])
            assert.match(out, new RegExp(`^  ${word} `, 'm'));
    });

    test('healthcheck: 0 when ready, 1 when not', async () => {
        const a = await start();
        const at = `127.0.0.1:${a.opsPort}`;
        const ready = await command(['healthcheck'], {
            env: { LISTEN_OPS: at },
        });

        assert.equal(ready.code, 0, ready.err);
        const byFlag = await command([
            'healthcheck',
            `--listen-ops=:${a.opsPort}`,
        ]);

        assert.equal(byFlag.code, 0, byFlag.err);
        await a.stop();
        const gone = await command(['healthcheck'], {
            env: { LISTEN_OPS: at },
        });

        assert.equal(gone.code, 1);
        assert.equal(gone.err.trim().split('\n').length, 1, gone.err);
        const off = await command(['healthcheck'], {
            env: { LISTEN_OPS: 'off' },
        });

        assert.equal(off.code, 1);
    });

    test('healthcheck gives up on somebody who never answers', async () => {
        const a = await start();

        a.child.kill('SIGSTOP');
        await until('every thread stands still', () => {
            const tasks = `/proc/${a.pid}/task`;
            const stateOf = (id) =>
                /\) (\w)/.exec(readFileSync(`${tasks}/${id}/stat`, 'utf8'))[1];

            return readdirSync(tasks).every((id) => stateOf(id) === 'T');
        });
        const from = Date.now();
        const got = await command(['healthcheck'], {
            env: { LISTEN_OPS: `127.0.0.1:${a.opsPort}` },
        });

        a.child.kill('SIGCONT');
        assert.equal(got.code, 1, got.err);
        assert.ok(Date.now() - from < 10000);
    });

    test('healthcheck: 1 while the store is away', async () => {
        const { ownPostgres } = await import('./servers.mjs');
        const server = await ownPostgres();
        const env = { DATABASE_URL: await server.database() };
        const a = await start({ env });
        const check = () =>
            command(['healthcheck'], {
                env: { LISTEN_OPS: `127.0.0.1:${a.opsPort}` },
            });

        assert.equal((await check()).code, 0);
        await server.crash();
        await until('not ready', async () => (await check()).code === 1, {
            every: 200,
        });
        assert.equal((await a.askOps('/livez')).status, 200, 'but alive');
        assert.equal((await a.get('/health')).status, 503);
        await server.start();
        await until('ready again', async () => (await check()).code === 0, {
            every: 200,
        });
    });
});

describe('process: how it ends', () => {
    after(stopAll);

    for (const signal of ['SIGTERM', 'SIGINT'])
        test(`${signal}: the running request finishes, exit 0`, async () => {
            const a = await start();
            const idle = await a.dial();

            await idle.send('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
            assert.equal((await idle.answer()).status, 200);
            const { wire, finish } = await openRequest(a);

            a.child.kill(signal);
            const draining = await a.event('draining');

            assert.equal(draining.signal, signal);
            assert.ok(await idle.closed(5000), 'idle connections end');
            await assert.rejects(
                a.get('/health', { agent: false }),
                'no new ones',
            );
            await sleep(200);
            assert.equal(a.child.exitCode, null, 'it waits');
            await finish();
            const answer = await wire.answer();

            assert.equal(answer.status, 201);
            assert.equal(answer.headers.connection, 'close');
            assert.deepEqual(await a.ended, { code: 0, signal: null });
            assert.equal(a.events('stopped')[0].all_requests_finished, true);
            const b = await start({ folder: a.folder });

            assert.equal((await b.get('/users')).json.data.length, 1, 'kept');
            await b.stop();
        });

    test('readyz says 503 while it drains', async () => {
        const a = await start();
        // Opened before: the drain takes no new connection.
        const ops = await a.dial({ port: a.opsPort, tls: false });

        await ops.send('GET /readyz HTTP/1.1\r\nHost: x\r\n');
        const { wire, finish } = await openRequest(a);

        a.child.kill('SIGTERM');
        await a.event('draining');
        await ops.send('\r\n');
        assert.equal((await ops.answer()).status, 503);
        await finish();
        assert.equal((await wire.answer()).status, 201);
        assert.equal((await a.ended).code, 0);
    });

    test('under load no answer breaks off', async () => {
        const a = await start();
        const request =
            'GET /users HTTP/1.1\r\nHost: x\r\n' +
            `Authorization: Bearer ${a.key}\r\n\r\n`;
        let answers = 0;
        const client = async () => {
            const wire = await a.dial();

            for (;;) {
                await wire.send(request);
                const got = await wire.answer(); // throws at half an answer

                if (got === null) return;
                assert.equal(got.status, 200);
                answers++;
            }
        };
        const clients = Array.from({ length: 8 }, client);

        await until('a hundred answers', () => answers > 100 || null);
        const end = await a.stop();

        await Promise.all(clients);
        assert.equal(end.code, 0);
        assert.equal(a.events('stopped')[0].all_requests_finished, true);
    });

    test('the drain is bounded', async () => {
        const a = await start({ env: { DRAIN_TIMEOUT_MS: '300' } });

        await openRequest(a);
        const from = Date.now();

        a.child.kill('SIGTERM');
        assert.equal((await a.ended).code, 0);
        assert.ok(Date.now() - from < 5000);
        const [stopped] = a.events('stopped');

        assert.equal(stopped.all_requests_finished, false);
        assert.equal(stopped.level, 'warn');
    });

    test('an idle one ends at once', async () => {
        const a = await start();

        await a.get('/health');
        const from = Date.now();

        assert.equal((await a.stop()).code, 0);
        assert.ok(Date.now() - from < 1500, `${Date.now() - from} ms`);
    });

    for (const [first, second] of [
        ['SIGTERM', 'SIGTERM'],
        ['SIGINT', 'SIGINT'],
        ['SIGTERM', 'SIGINT'],
    ])
        test(`${first}, then ${second}: ends at once`, async () => {
            const a = await start();

            await openRequest(a);
            a.child.kill(first);
            await a.event('draining');
            const from = Date.now();

            a.child.kill(second);
            const end = await a.ended;

            assert.ok(Date.now() - from < 2000);
            assert.notEqual(end.code, 0, JSON.stringify(end));
        });

    test('other signals do not end it', async () => {
        const a = await start();

        for (const signal of ['SIGPIPE', 'SIGHUP']) a.child.kill(signal);
        assert.equal((await a.get('/health')).status, 200);
        assert.equal((await a.stop()).code, 0);
    });
});

describe('process: the log', () => {
    let a;

    before(async () => (a = await start({ env: { LOG_LEVEL: 'info' } })));
    after(stopAll);

    async function lineOf(got, from = 0) {
        const id = got.headers['x-request-id'];

        return a.event('request', { from, where: (l) => l.request_id === id });
    }

    test('every line is a JSON object with time, level, event', async () => {
        await a.get('/health');
        await a.get('/none');
        for (const line of a.log) {
            assert.equal(typeof line, 'object', `not JSON: ${line}`);
            assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
            assert.ok(['debug', 'info', 'warn', 'error'].includes(line.level));
            assert.match(line.event, /^[a-z][a-z0-9_]*$/);
            assert.ok(Math.abs(new Date(line.time) - Date.now()) < 60000);
        }
    });

    test('the start says what it runs on, and that nobody rules', async () => {
        const [ready] = a.events('ready');

        assert.equal(ready.store, 'sqlite');
        assert.equal(ready.cache, 'memory');
        assert.match(ready.version, /^\d+\./);
        assert.equal(a.events('no_administrator')[0].level, 'warn');
        const b = await start({ env: adminEnv });

        assert.equal(b.events('no_administrator').length, 0);
        await b.stop();
    });

    test('a request’s line carries its fields', async () => {
        const made = await a.post('/api/v1/users', JSON.parse(user));
        const line = await lineOf(made);

        assert.equal(line.method, 'POST');
        assert.equal(line.route, '/api/v1/{collection}');
        assert.equal(line.path, '/api/v1/users');
        assert.equal(line.status, 201);
        assert.ok(line.bytes > Number(made.headers['content-length']));
        assert.ok(line.duration_ms > 0 && line.duration_ms < 10000);
        assert.equal(line.client, '127.0.0.1');
        assert.equal(line.user, 'key:1');
        const read = await a.get('/api/v1/users/1');
        const next = await lineOf(read);

        assert.equal(next.route, '/api/v1/{collection}/{id}');
        assert.equal(next.path, '/api/v1/users/1');
        const none = await lineOf(await a.get('/no/such/path'));

        assert.equal(none.route, '');
        assert.equal(none.status, 404);
    });

    test('who asked is named, where that was found out', async () => {
        const b = await start({ env: adminEnv });
        const { headers } = await signIn(b, admin);
        const cookie = `session_id=${'B'.repeat(43)}`;

        for (const [options, status, user] of [
            [{ headers }, 200, 'user:1'],
            [{ as: 'admin' }, 200, 'key:1'],
            [{ as: 'nobody' }, 401, ''],
            [{ as: b.key.slice(0, -1) }, 401, ''],
            [{ headers: { cookie } }, 401, ''],
        ]) {
            const got = await b.get('/users', options);
            const id = got.headers['x-request-id'];
            const line = await b.event('request', {
                where: (l) => l.request_id === id,
            });

            assert.equal(got.status, status, user);
            assert.equal(line.user, user);
            assert.equal(line.status, status);
        }
        await b.stop();
    });

    test('a sane request id is passed on, another replaced', async () => {
        for (const id of ['a', 'Ab9._-', 'x'.repeat(64)]) {
            const got = await a.get('/health', {
                headers: { 'x-request-id': id },
            });

            assert.equal(got.headers['x-request-id'], id);
            assert.equal((await lineOf(got)).request_id, id);
        }
        const seen = new Set();

        for (const id of [
            ...['', 'x'.repeat(65), 'a b', 'a"b', 'a/b', 'é', '{}', 'a,b'],
        ]) {
            const got = await a.get('/health', {
                headers: { 'x-request-id': id },
            });
            const ours = got.headers['x-request-id'];

            assert.match(ours, /^[0-9a-f]{32}$/, id);
            seen.add(ours);
        }
        assert.equal(seen.size, 8, 'each its own');
    });

    test('query values are never in it', async () => {
        for (const path of [
            '/api/v1/users?page=1&secretvalue=1',
            '/health?token=secretvalue',
            '/none?secretvalue',
            '/static/x?secretvalue#x',
            '/api/v1/users?sort=secretvalue',
            '/setup?ticket=secretvalue',
            '/login?return=secretvalue',
        ])
            await a.get(path);
        const wire = await a.dial();

        await wire.send('GET /a?secretvalue HTTP/1.1\r\nHost: x y\r\n\r\n');
        assert.equal((await wire.answer()).status, 400);
        await wire.closed();
        const plain = await ask(a.http, 'GET', '/a?secretvalue');

        assert.equal(plain.status, 308);
        await lineOf(plain);
        assert.ok(!a.lines.join('\n').includes('secretvalue'));
    });

    test('bytes of clients cannot forge a line', async () => {
        const path = '/a%0A%7B%22event%22:%22forged%22%7D%22%5C%1b%5B31m%ff%fe';
        const got = await a.get(path);
        const line = await lineOf(got);

        assert.ok(line.path.includes('forged'));
        assert.equal(a.events('forged').length, 0);
        const raw = a.lines.find((one) => one.includes('forged'));

        assert.match(raw, /^[\x20-\x7e\u00a0-\uffff]*$/, 'no control bytes');
    });

    for (const [level, wanted] of [
        ['debug', ['debug', 'info', 'warn']],
        ['info', ['info', 'warn']],
        ['warn', ['warn']],
        ['error', []],
    ])
        test(`LOG_LEVEL=${level}`, async () => {
            const env = { LOG_LEVEL: level };
            const b = await start({ env, wait: false });

            if (level === 'debug' || level === 'info') {
                const ready = await b.event('ready');

                b.takeAddress(ready);
                await b.get('/health');
                await b.askOps('/livez');
                await b.event('request');
            } else {
                await sleep(1000);
            }
            await b.stop();
            const levels = new Set(b.log.map((line) => line.level));

            assert.deepEqual([...levels].sort(), wanted.sort());
        });

    test('requests of operators are for debug', async () => {
        await a.askOps('/livez');
        await lineOf(await a.get('/health'));
        assert.ok(!a.events('request').some((line) => line.path === '/livez'));
    });

    test('nothing goes to standard output but what people ask for', async () => {
        const child = launch(binary, [], {
            cwd: newFolder(),
            env: {
                LISTEN: '127.0.0.1:0',
                LISTEN_HTTP: 'off',
                LISTEN_OPS: 'off',
                ...adminEnv,
            },
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        let out = '';
        let err = '';

        child.stdout.on('data', (part) => (out += part));
        child.stderr.on('data', (part) => (err += part));
        await until('ready', () => err.includes('"ready"'));
        child.kill('SIGTERM');
        assert.equal((await child.ended).code, 0);
        assert.equal(out, '');
    });
});

describe('process: a log that nobody reads', () => {
    after(stopAll);

    test('blocks no request; lines are dropped and counted', async () => {
        const a = await start({ env: { LOG_LEVEL: 'info' } });
        const droppedNow = async () => {
            const { text } = await a.askOps('/metrics');

            return valueOf(text, 'appliance_log_dropped_lines_total');
        };

        assert.equal(await droppedNow(), 0);
        a.child.stderr.pause();
        const path = `/${'x'.repeat(3000)}`;
        const wires = await Promise.all(
            Array.from({ length: 8 }, () => a.dial()),
        );
        const one = `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
        let slowest = 0;

        // Some megabytes of log: more than pipe and ring hold.
        for (let i = 0; i < 250; i++) {
            const from = performance.now();

            await Promise.all(wires.map((wire) => wire.send(one)));
            for (const wire of wires)
                assert.equal((await wire.answer()).status, 404);
            slowest = Math.max(slowest, performance.now() - from);
        }
        assert.ok(slowest < 2000, `${slowest} ms for eight requests`);
        const dropped = await until(
            'lines dropped',
            async () => (await droppedNow()) || null,
        );

        assert.equal((await a.get('/health')).status, 200);
        a.child.stderr.resume();
        const told = await a.event('log_dropped');

        assert.ok(told.lines > 0 && told.lines <= 2000, JSON.stringify(told));
        assert.ok(dropped <= 2000);
        const after = await a.get('/health');

        await a.event('request', {
            where: (l) => l.request_id === after.headers['x-request-id'],
        });
        for (const line of a.log) assert.equal(typeof line, 'object', line);
        for (const wire of wires) wire.close();
        assert.equal((await a.stop()).code, 0);
    });

    test('it ends in time all the same', async () => {
        const a = await start();

        a.child.stderr.pause();
        for (let i = 0; i < 100; i++) await a.get(`/${'x'.repeat(3000)}`);
        const from = Date.now();

        a.child.kill('SIGTERM');
        await until('it ended', () => a.child.exitCode !== null || null, {
            timeout: 10000,
        });
        assert.ok(Date.now() - from < 6000, `${Date.now() - from} ms`);
        a.child.stderr.resume();
        await a.ended;
    });

    test('a log whose reader is gone ends nothing', async () => {
        const a = await start();

        a.child.stderr.destroy();
        for (let i = 0; i < 50; i++)
            assert.equal((await a.get('/health')).status, 200);
        a.child.kill('SIGTERM');
        await until('it ended', () => a.child.exitCode !== null || null);
        assert.equal(a.child.exitCode, 0);
    });
});
