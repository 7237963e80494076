// SPDX-License-Identifier: MIT
// PocketBase's JavaScript client, unmodified, over HTTPS with the certificate
// that the appliance made for itself.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { newFolder, root, run, start, stopAll } from './appliance.mjs';
import { valueOf } from './exposition.mjs';
import { names } from './pocketbase.mjs';
import { backends } from './servers.mjs';

const open = { list: '', view: '', create: '', update: '', delete: '' };
const relation = (name, collection, more) => ({
    name,
    type: 'relation',
    collection,
    onDelete: 'null',
    index: true,
    ...more,
});
const app = {
    collections: [
        {
            name: 'people',
            rules: open,
            fields: [
                { name: 'name', type: 'text', required: true },
                { name: 'email', type: 'email', unique: true },
                relation('boss', 'people'),
            ],
        },
        {
            name: 'tags',
            rules: open,
            fields: [{ name: 'name', type: 'text' }],
        },
        {
            name: 'posts',
            fields: [
                { name: 'title', type: 'text', required: true },
                { name: 'score', type: 'int', index: true },
                { name: 'done', type: 'bool', default: false },
                { name: 'at', type: 'datetime' },
                relation('author', 'people'),
                relation('tags', 'tags', { max: 5, index: undefined }),
                { name: 'more', type: 'json' },
            ],
        },
    ],
};

function appFile() {
    const file = join(newFolder(), 'app.json');

    writeFileSync(file, JSON.stringify(app));
    return file;
}

// What is long in the making: 1,200 of them, scores 0 to 9.
async function fill(a, options) {
    const make = (i) =>
        a.post('/api/v1/posts', { title: `n${i}`, score: i % 10 }, options);

    for (let i = 0; i < 1200; i += 50) {
        const batch = Array.from({ length: 50 }, (_, k) => make(i + k));

        for (const made of await Promise.all(batch))
            assert.equal(made.status, 201, made.text);
    }
}

async function runClient(a, ...args) {
    const { code, out, err } = await run(
        process.execPath,
        [join(root, 'tests/system/pocketbase.mjs'), a.url + a.base, ...args],
        {
            timeout: 60000,
            env: {
                PATH: process.env.PATH,
                NODE_EXTRA_CA_CERTS: join(a.folder, 'data/tls.crt'),
            },
        },
    );

    assert.equal(code, 0, err);
    return JSON.parse(out);
}

for (const store of ['sqlite', 'postgres']) {
    describe(`pocketbase: its client over ${store}`, () => {
        let a;
        let results;

        before(async () => {
            a = await start({
                env: {
                    ...(await backends({ store })),
                    APP_FILE: appFile(),
                    BASE_PATH: '/base',
                },
            });

            await fill(a);
            results = await runClient(a, a.key);
        });
        after(stopAll);

        for (const name of names)
            test(name, () => assert.equal(results[name], null));

        test('what it leaves empty is as if it were not there', async () => {
            const got = await a.get(
                '/api/collections/tags/records?filter=&sort=&expand=&fields=',
            );

            assert.equal(got.status, 200, got.text);
            assert.equal(got.json.totalItems, 2);
        });

        test('its paths are counted as what they are', async () => {
            const { text } = await a.askOps('/metrics');
            const route = '/api/collections/{collection}/records';

            for (const labels of [
                { route, method: 'GET', status: '2xx' },
                { route, method: 'POST', status: '2xx' },
                { route: `${route}/{id}`, method: 'PATCH', status: '2xx' },
                { route: `${route}/{id}`, method: 'DELETE', status: '4xx' },
            ])
                assert.ok(
                    valueOf(text, 'appliance_http_requests_total', labels) > 0,
                    JSON.stringify(labels),
                );
        });
    });
}
