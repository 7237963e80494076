// SPDX-License-Identifier: MIT
// /metrics: its two formats, what it counts, and that no client can make it
// grow.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { start, stopAll, until } from './appliance.mjs';
import { ask } from './client.mjs';
import { parse, valueOf } from './exposition.mjs';
import { backends } from './servers.mjs';

const openMetrics = {
    accept: 'application/openmetrics-text; version=1.0.0, text/plain;q=0.5',
};

async function scrape(a) {
    return (await a.askOps('/metrics')).text;
}

// Every family that the issue asks for, with its type.
const wanted = {
    appliance_http_requests_total: 'counter',
    appliance_http_request_duration_seconds: 'histogram',
    appliance_http_requests_in_flight: 'gauge',
    appliance_http_connections_open: 'gauge',
    appliance_http_connections_opened_total: 'counter',
    appliance_tls_handshakes_total: 'counter',
    appliance_store_queries_total: 'counter',
    appliance_store_query_duration_seconds: 'histogram',
    appliance_store_pool_connections: 'gauge',
    appliance_store_pool_connections_in_use: 'gauge',
    appliance_store_pool_waits_total: 'counter',
    appliance_cache_lookups_total: 'counter',
    appliance_log_dropped_lines_total: 'counter',
    appliance_build_info: 'gauge',
    process_cpu_seconds_total: 'counter',
    process_resident_memory_bytes: 'gauge',
    process_virtual_memory_bytes: 'gauge',
    process_open_fds: 'gauge',
    process_max_fds: 'gauge',
    process_threads: 'gauge',
    process_start_time_seconds: 'gauge',
};

// A sum over a family's samples, 0 when none fits.
function total(families, name, labels = {}) {
    const family = families.get(name);

    return family.samples
        .filter((sample) =>
            Object.entries(labels).every(
                ([key, value]) => sample.labels[key] === value,
            ),
        )
        .reduce((sum, sample) => sum + sample.value, 0);
}

describe('metrics: the formats', () => {
    let a;

    before(async () => {
        a = await start();
        await a.post('/users', { name: 'Ann', email: 'ann@example.org' });
        for (let i = 0; i < 3; i++) await a.get('/api/v1/users');
    });
    after(stopAll);

    test('Prometheus text', async () => {
        const got = await a.askOps('/metrics');

        assert.equal(got.status, 200);
        assert.match(
            got.headers['content-type'],
            /^text\/plain; version=0\.0\.4/,
        );
        const families = parse(got.text);

        for (const [name, type] of Object.entries(wanted)) {
            assert.ok(families.has(name), `${name} is there`);
            assert.equal(families.get(name).type, type, name);
            assert.ok(families.get(name).help.length > 5, name);
        }
    });

    test('OpenMetrics, by Accept', async () => {
        const got = await a.askOps('/metrics', { headers: openMetrics });

        assert.match(
            got.headers['content-type'],
            /^application\/openmetrics-text; version=1\.0\.0; charset=utf-8$/,
        );
        const families = parse(got.text, { open: true });

        for (const [name, type] of Object.entries(wanted)) {
            const short = name.replace(/_total$|_info$/, '');

            assert.ok(families.has(short), `${short} is there`);
            const asOpen = name.endsWith('_info') ? 'info' : type;

            assert.equal(families.get(short).type, asOpen, name);
        }
        const duration = families.get(
            'appliance_http_request_duration_seconds',
        );

        assert.equal(duration.unit, 'seconds');
    });

    test('what Accept says decides', async () => {
        for (const [accept, open] of [
            [undefined, false],
            ['*/*', false],
            ['text/plain', false],
            ['application/json', false],
            ['application/openmetrics-text', true],
            ['application/openmetrics-text;q=0', false],
            ['APPLICATION/OpenMetrics-Text; version=1.0.0', true],
        ]) {
            const headers = accept ? { accept } : {};
            const got = await a.askOps('/metrics', { headers });
            const type = got.headers['content-type'];

            assert.equal(type.startsWith('application/'), open, String(accept));
            assert.equal(got.text.endsWith('# EOF\n'), open);
        }
    });

    test('names follow the naming guide', async () => {
        for (const family of parse(await scrape(a)).values()) {
            assert.match(family.name, /^(appliance|process)_[a-z0-9_]+$/);
            assert.equal(
                family.type === 'counter',
                family.name.endsWith('_total'),
                `${family.name} is a ${family.type}`,
            );
            assert.doesNotMatch(
                family.name,
                /_(ms|milliseconds|kb|percent|count|sum|bucket|gauge)(_|$)/,
                'base units, no reserved ends',
            );
            if (family.type === 'histogram')
                assert.match(family.name, /_(seconds|bytes)$/);
        }
    });

    test('gzip when accepted', async () => {
        const got = await a.askOps('/metrics', {
            headers: { 'accept-encoding': 'gzip' },
        });

        assert.equal(got.headers['content-encoding'], 'gzip');
        parse(got.text);
    });
});

describe('metrics: what is counted', () => {
    let a;

    before(async () => (a = await start({ env: await backends({}) })));
    after(stopAll);

    // What an action adds to each sample of a counter.
    async function added(name, labels, action) {
        const before = valueOf(await scrape(a), name, labels);

        await action();
        return until(
            `${name} grows`,
            async () => {
                const now = valueOf(await scrape(a), name, labels);

                return now === before ? null : now - before;
            },
            { timeout: 3000 },
        );
    }

    test('requests by route pattern, method, status class', async () => {
        const name = 'appliance_http_requests_total';
        const users = '/api/v1/{collection}';
        const ann = { name: 'Ann', email: 'ann@example.org' };

        for (const [labels, action] of [
            [{ route: users, method: 'GET', status: '2xx' }, '/api/v1/users'],
            [{ route: users, method: 'GET', status: '4xx' }, '/api/v1/none'],
            [{ route: '/health', method: 'GET', status: '2xx' }, '/health'],
            [{ route: 'other', method: 'GET', status: '4xx' }, '/none/none'],
            [{ route: `${users}/{id}`, status: '4xx' }, '/api/v1/users/999'],
            [{ route: '/static/{path*}', status: '4xx' }, '/static/none.js'],
        ])
            assert.equal(
                await added(name, labels, () => a.get(action)),
                1,
                JSON.stringify(labels),
            );
        const post = { route: users, method: 'POST', status: '2xx' };

        assert.equal(
            await added(name, post, () => a.post('/api/v1/users', ann)),
            1,
        );
        const head = { route: '/health', method: 'HEAD', status: '2xx' };

        assert.equal(
            await added(name, head, () => a.ask('HEAD', '/health')),
            1,
        );
        const redirect = { status: '3xx' };

        assert.equal(
            await added(name, redirect, () => ask(a.http, 'GET', '/x')),
            1,
        );
        assert.equal(
            await added(
                'appliance_http_request_duration_seconds_count',
                {
                    route: '/health',
                },
                () => a.get('/health'),
            ),
            1,
        );
    });

    test('refused requests', async () => {
        const name = 'appliance_http_refused_requests_total';

        assert.equal(
            await added(name, {}, async () => {
                const wire = await a.dial();

                await wire.send('GET / HTTP/1.1\r\nHost : x\r\n\r\n');
                assert.equal((await wire.answer()).status, 400);
            }),
            1,
        );
    });

    test('connections: opened and open', async () => {
        const open = async () =>
            valueOf(await scrape(a), 'appliance_http_connections_open');
        const wires = [];

        for (let i = 0; i < 20; i++) wires.push(await a.dial());
        await until('twenty are open', async () => (await open()) >= 20);
        for (const wire of wires) wire.close();
        await until('they are gone', async () => (await open()) < 10);
        assert.equal(
            await added(
                'appliance_http_connections_opened_total',
                {},
                async () => {
                    (await a.dial()).close();
                },
            ),
            1,
        );
    });

    test('store queries by class, cache lookups by tier', async () => {
        const queries = 'appliance_store_queries_total';
        const lookups = 'appliance_cache_lookups_total';
        // A collection that keeps no trail: one statement each.
        const file = {
            name: 'a.txt',
            type: 'text/plain',
            size: 1,
            sha256: '0'.repeat(64),
        };
        const fresh = () => a.get('/api/v1/files/1');

        assert.equal(
            await added(queries, { class: 'insert', result: 'ok' }, () =>
                a.post('/api/v1/files', file),
            ),
            1,
        );
        assert.equal(
            await added(queries, { class: 'read', result: 'ok' }, fresh),
            1,
        );
        assert.equal(
            await added(lookups, { tier: 'memory', result: 'hit' }, fresh),
            2,
            'who asks, and the record',
        );
        const again = () => a.get('/api/v1/files?page=7');

        assert.equal(
            await added(lookups, { tier: 'memory', result: 'miss' }, again),
            1,
        );
        const text = await scrape(a);

        assert.ok(
            valueOf(text, 'appliance_store_query_duration_seconds_count', {
                class: 'insert',
            }) >= 1,
        );
        assert.ok(valueOf(text, 'appliance_store_pool_connections') >= 2);
        assert.ok(valueOf(text, 'appliance_cache_entries') >= 1);
        assert.ok(valueOf(text, 'appliance_cache_bytes') >= 100);
    });

    test('the process', async () => {
        const families = parse(await scrape(a));
        const seconds = Date.now() / 1000;
        const value = (name) => total(families, name);

        assert.ok(seconds - value('process_start_time_seconds') < 600);
        assert.ok(seconds >= value('process_start_time_seconds') - 1);
        assert.ok(value('process_resident_memory_bytes') > 1e6);
        assert.ok(value('process_resident_memory_bytes') < 1e9);
        assert.ok(value('process_threads') >= 3);
        assert.ok(value('process_open_fds') >= 6);
        assert.ok(value('process_max_fds') >= value('process_open_fds'));
        const cpu = value('process_cpu_seconds_total');

        for (let i = 0; i < 300; i++) await a.get('/health');
        const later = total(
            parse(await scrape(a)),
            'process_cpu_seconds_total',
        );

        assert.ok(later > cpu && later < 600, `${cpu} ${later}`);
        const info = families.get('appliance_build_info').samples[0];

        assert.match(info.labels.version, /^\d+\.\d+\.\d+$/);
        assert.match(info.labels.commit, /^[0-9a-f]{12}$/);
        assert.equal(info.value, 1);
    });

    test('durations: one for each request, none negative', async () => {
        const families = parse(await scrape(a));
        const requests = total(families, 'appliance_http_requests_total');
        const counts = families
            .get('appliance_http_request_duration_seconds')
            .samples.filter(({ name }) => name.endsWith('_count'))
            .reduce((sum, { value }) => sum + value, 0);

        assert.equal(counts, requests);
        for (const { name, value } of families.get(
            'appliance_http_request_duration_seconds',
        ).samples)
            if (name.endsWith('_sum')) assert.ok(value < 60, `${value}`);
    });

    test('nothing is in flight but the scrape', async () => {
        await until(
            'one in flight',
            async () =>
                valueOf(
                    await scrape(a),
                    'appliance_http_requests_in_flight',
                ) === 1,
        );
    });

    test('the caches’ and the store’s state', async () => {
        const text = await scrape(a);

        assert.equal(valueOf(text, 'appliance_ready'), 1);
        assert.equal(
            valueOf(text, 'appliance_backend_up', { backend: 'store' }),
            1,
        );
    });
});

describe('metrics: labels are bounded', () => {
    after(stopAll);

    test('2,000 random paths, methods, hosts and parameters', async () => {
        const a = await start();
        const names = (text) =>
            new Set(
                text
                    .split('\n')
                    .filter((line) => !line.startsWith('#'))
                    .map((line) => line.slice(0, line.lastIndexOf(' '))),
            );

        const word = () => Math.random().toString(36).slice(2, 10);
        const methods = [
            'GET',
            'POST',
            'PUT',
            'PATCH',
            'DELETE',
            'OPTIONS',
            'HEAD',
        ];
        const random = async (wire, method) => {
            const head = [
                `${method} /${word()}/${word()}?${word()}=${word()} HTTP/1.1`,
                `Host: ${word()}.example`,
                `User-Agent: ${word()}`,
                'Content-Length: 0',
            ];

            await wire.send(`${head.join('\r\n')}\r\n\r\n`);
            return wire.answer({ head: method === 'HEAD' });
        };
        const burst = async (n) => {
            const wire = await a.dial();

            for (let i = 0; i < n; i++)
                await random(wire, methods[i % methods.length]);
            wire.close();
        };
        const unknown = async (n) => {
            for (let i = 0; i < n; i++) {
                const wire = await a.dial();

                assert.equal((await random(wire, `X${word()}`)).status, 501);
                wire.close();
            }
        };

        await burst(50);
        await unknown(2);
        for (const path of ['users', 'personnel', 'none'])
            for (const id of [1, 'x']) await a.get(`/api/v1/${path}/${id}`);
        const before = names(await scrape(a));

        await Promise.all([burst(600), burst(600), burst(600)]);
        await Promise.all([unknown(50), unknown(50)]);
        for (let i = 0; i < 100; i++) {
            await a.get(`/api/v1/${word()}`);
            await a.get(`/api/v1/${word()}/${word()}`);
            await a.get(`/static/${word()}`);
            await a.get('/', { headers: { accept: `text/${word()}` } });
        }
        const after = names(await scrape(a));
        const grown = [...after].filter((name) => !before.has(name));

        assert.ok(grown.length < 200, grown.join('\n'));
        for (const name of after)
            for (const value of name.matchAll(/route="([^"]*)"/g))
                assert.match(value[1], /^(\/[a-z0-9/{}*]*|other)$/);
        assert.ok(after.size < 2000, `${after.size} series`);
        const routes = new Set(
            [...after].flatMap((name) =>
                [...name.matchAll(/route="([^"]*)"/g)].map((m) => m[1]),
            ),
        );

        assert.ok(routes.size < 30, [...routes].join(' '));
        await a.stop();
    });
});
