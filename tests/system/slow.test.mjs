// SPDX-License-Identifier: MIT
// Clients that take their time, and more of them than there are workers.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { sleep, start, stopAll, until } from './appliance.mjs';

const lines = (...list) => `${list.join('\r\n')}\r\n\r\n`;
const get = (path = '/health') => lines(`GET ${path} HTTP/1.1`, 'Host: x');
const post = (a, field, content) =>
    lines(
        'POST /users HTTP/1.1',
        'Host: x',
        'Content-Type: application/json',
        `Authorization: Bearer ${a.key}`,
        field,
    ) + content;

describe('slow clients, many clients', () => {
    let a;

    before(async () => {
        a = await start({
            env: {
                HEAD_TIMEOUT_MS: '500',
                BODY_TIMEOUT_MS: '500',
                IDLE_TIMEOUT_MS: '700',
            },
        });
    });
    after(stopAll);

    // Bytes one by one, until cut off: how long that took.
    async function drip(first, each) {
        const wire = await a.dial();
        const from = Date.now();

        await wire.send(first);
        while (!wire.ended && Date.now() - from < 15000) {
            await wire.send(each);
            await sleep(40);
        }
        return { ms: Date.now() - from, wire };
    }

    test('a slow head is cut off', async () => {
        for (const [first, each] of [
            ['G', 'E'],
            ['GET / HTTP/1.1\r\nHost: x\r\n', 'A: b\r\n'],
            ['GET / HTTP/1.1\r\nHost: x\r\nA: ', 'b'],
        ]) {
            const { ms, wire } = await drip(first, each);

            assert.ok(ms >= 400 && ms < 8000, `${ms} ms`);
            const got = await wire.answer().catch(() => null);

            if (got)
                assert.ok([408, 431].includes(got.status), `${got.status}`);
        }
    });

    test('a slow body is cut off', async () => {
        for (const head of [
            post(a, 'Content-Length: 4000', '{'),
            post(a, 'Transfer-Encoding: chunked', 'fa0\r\n{'),
            post(a, 'Transfer-Encoding: chunked', '1\r\n{\r\n'),
        ]) {
            const each = head.endsWith('\r\n') ? '1\r\n \r\n' : ' ';
            const { ms, wire } = await drip(head, each);

            assert.ok(ms >= 400 && ms < 8000, `${ms} ms`);
            const got = await wire.answer().catch(() => null);

            if (got) assert.equal(got.status, 408);
        }
    });

    test('an idle connection ends, without an answer', async () => {
        const wire = await a.dial();
        const from = Date.now();

        assert.ok(await wire.closed());
        assert.equal(wire.bytes.length, 0);
        assert.ok(Date.now() - from >= 400 && Date.now() - from < 8000);
        const used = await a.dial();

        await used.send(get());
        assert.equal((await used.answer()).status, 200);
        assert.ok(await used.closed());
        assert.equal(used.bytes.length, 0);
    });

    test('who does not read its answers is cut off', async () => {
        const wire = await a.dial({ port: a.httpPort, tls: false });
        const path = `/${'x'.repeat(7000)}`;

        wire.socket.pause();
        for (let i = 0; i < 20000 && !wire.socket.destroyed; i++) {
            const took = await Promise.race([
                wire.send(get(path)).then(() => true),
                sleep(6000).then(() => false),
            ]);

            if (!took) break;
        }
        // Nobody else waits for it.
        assert.equal((await a.get('/health')).status, 200);
        wire.close();
    });

    test('many idle connections do not keep a new one out', async () => {
        const b = await start({ env: { WORKERS: '8' } });
        const wires = await Promise.all(
            Array.from({ length: 60 }, () => b.dial().catch(() => null)),
        );

        for (let i = 0; i < 5; i++) {
            const got = await b.get('/health', { agent: false, timeout: 8000 });

            assert.equal(got.status, 200);
            assert.ok(got.tookMs < 5000, `${got.tookMs} ms`);
        }
        for (const wire of wires) wire?.close();
        await b.stop();
    });

    test('with workers to spare, idle connections are kept', async () => {
        const b = await start();
        const wires = [];

        for (let i = 0; i < 60; i++) {
            const wire = await b.dial();

            await wire.send(get());
            assert.equal((await wire.answer()).status, 200);
            wires.push(wire);
        }
        await sleep(300);
        for (const wire of wires) {
            assert.ok(!wire.ended);
            await wire.send(get());
            assert.equal((await wire.answer()).status, 200);
            wire.close();
        }
        await b.stop();
    });

    test('slow heads on all workers do not keep others out', async () => {
        const b = await start({ env: { WORKERS: '8' } });
        const wires = await Promise.all(
            Array.from({ length: 14 }, () =>
                b.dial({ port: b.port, tls: false }).catch(() => null),
            ),
        );

        for (const wire of wires) await wire?.send('\x16\x03\x01');
        const got = await b.get('/health', { agent: false, timeout: 20000 });

        assert.equal(got.status, 200);
        for (const wire of wires) wire?.close();
        await b.stop();
    });

    test('connections leave nothing behind', async () => {
        const b = await start();
        const fds = async () => {
            const { text } = await b.askOps('/metrics');

            return Number(/^process_open_fds (\d+)/m.exec(text)[1]);
        };

        await b.get('/health');
        const before = await fds();

        for (let i = 0; i < 200; i += 20)
            await Promise.all(
                Array.from({ length: 20 }, async (_, j) => {
                    const wire = await b.dial();

                    await wire.send(j % 2 ? get() : 'GET / HT');
                    if (j % 2) await wire.answer();
                    wire.close();
                }),
            );
        await until(
            'descriptors are back',
            async () => (await fds()) <= before + 3,
        );
        await b.stop();
    });
});
