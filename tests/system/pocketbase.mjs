// SPDX-License-Identifier: MIT
// What pocketbase.test.mjs runs in a process of its own, which trusts our
// certificate by NODE_EXTRA_CA_CERTS: PocketBase's own client, as npm has it.
//
//     node pocketbase.mjs URL [token]
//
// Prints one JSON object: the name of each step, and null or what went wrong.
import assert from 'node:assert/strict';

import PocketBase, { ClientResponseError } from 'pocketbase';

const [url, token] = process.argv.slice(2);
const pb = new PocketBase(url);
const posts = pb.collection('posts');
const people = pb.collection('people');
const quoted = `say "hi" \\ 'you' \\n\nthere\ttab / {é} 😀`;

pb.autoCancellation(false);
if (token) pb.authStore.save(`Bearer ${token}`, null);

// The error that a promise ends with.
async function errorOf(promise) {
    try {
        await promise;
    } catch (error) {
        assert.ok(error instanceof ClientResponseError, error);
        assert.equal(error.isAbort, false);
        assert.equal(error.status, error.response.status, error.message);
        assert.equal(error.message, error.response.message);
        return error;
    }
    return assert.fail('no error');
}

const ids = (list) => list.map((record) => record.id);
let ann;
let bob;
let red;
let blue;
let one;

const steps = {
    async create() {
        ann = await people.create({ name: 'Ann', email: 'ann@x.org' });
        assert.equal(ann.collectionName, 'people');
        assert.equal(ann.name, 'Ann');
        bob = await people.create({ name: 'Bob', boss: ann.id });
        red = await pb.collection('tags').create({ name: 'red' });
        blue = await pb.collection('tags').create({ name: 'blue' });
        one = await posts.create({
            title: quoted,
            score: 5,
            author: bob.id,
            tags: [blue.id, red.id],
            at: new Date('2026-11-20T09:00:00.123Z'),
            more: { deep: [1, null, 'x'] },
        });
        assert.equal(one.title, quoted);
        assert.deepEqual(one.tags, [blue.id, red.id]);
        assert.equal(one.at, '2026-11-20T09:00:00.123Z');
        assert.deepEqual(one.more, { deep: [1, null, 'x'] });
    },

    async 'create with expand and fields'() {
        const made = await people.create(
            { name: 'Cid', boss: bob.id },
            { expand: 'boss', fields: 'id,boss,expand.boss.name' },
        );

        assert.deepEqual(made, {
            id: made.id,
            boss: bob.id,
            expand: { boss: { name: 'Bob' } },
        });
    },

    async getOne() {
        assert.deepEqual(await posts.getOne(one.id), one);
        assert.deepEqual(await posts.getOne(String(one.id)), one);
    },

    async 'getOne with expand and fields'() {
        const got = await posts.getOne(one.id, {
            expand: 'author.boss,tags',
            fields: 'title:excerpt(3,true),expand.author.expand.boss.*,expand.tags.name',
        });

        assert.deepEqual(got, {
            title: 'say...',
            expand: {
                author: { expand: { boss: ann } },
                tags: [{ name: 'blue' }, { name: 'red' }],
            },
        });
    },

    async update() {
        const got = await posts.update(one.id, { score: 6 });

        assert.equal(got.score, 6);
        assert.equal(got.title, quoted);
        assert.deepEqual(await posts.getOne(one.id), got);
        one = got;
    },

    async 'update with modifiers'() {
        const more = await posts.update(one.id, {
            'score+': 3,
            'tags-': [blue.id],
        });

        assert.equal(more.score, 9);
        assert.deepEqual(more.tags, [red.id]);
        one = await posts.update(one.id, {
            'score-': 3,
            '+tags': [blue.id],
        });
        assert.equal(one.score, 6);
        assert.deepEqual(one.tags, [blue.id, red.id]);
    },

    async getList() {
        const got = await posts.getList(2, 40, { sort: '-score,title' });

        assert.equal(got.page, 2);
        assert.equal(got.perPage, 40);
        assert.equal(got.totalItems, 1201);
        assert.equal(got.totalPages, 31);
        assert.equal(got.items.length, 40);
        for (let i = 1; i < 40; i++)
            assert.ok(got.items[i - 1].score >= got.items[i].score);
        assert.deepEqual(
            (await posts.getList(2, 40, { sort: '-score,title', skipTotal: 1 }))
                .items,
            got.items,
        );
    },

    async 'getList with pb.filter'() {
        const at = new Date('2026-11-20T09:00:00.123Z');
        const find = async (text, values) =>
            ids(
                (await posts.getList(1, 5, { filter: pb.filter(text, values) }))
                    .items,
            );

        for (const [text, values] of [
            ['title = {:t}', { t: quoted }],
            ['title ~ {:t}', { t: 'SAY "HI" \\' }],
            ['title ~ {:t}', { t: '\nthere\ttab' }],
            ['at = {:at}', { at }],
            ['at >= {:at} && at <= {:at}', { at }],
            ['score = {:n} && author = {:id}', { n: 6, id: bob.id }],
            ['author = {:id} && id = {:one}', { id: `${bob.id}`, one: one.id }],
            ['author.boss.name = {:n}', { n: 'Ann' }],
            ['tags.name ?= {:n}', { n: 'red' }],
            ['author != {:none} && done = {:d}', { none: null, d: false }],
        ])
            assert.deepEqual(await find(text, values), [one.id], text);
        assert.deepEqual(await find('title = {:t}', { t: `' || 1=1` }), []);
    },

    async getFirstListItem() {
        const got = await people.getFirstListItem('email="ann@x.org"', {
            expand: 'people_via_boss',
        });

        assert.equal(got.id, ann.id);
        assert.deepEqual(ids(got.expand.people_via_boss), [bob.id]);
    },

    async 'getFirstListItem of nothing is 404'() {
        await assert.rejects(
            people.getFirstListItem(pb.filter('name={:n}', { n: 'Zoe' })),
            (error) => error.status === 404 && error.response.code === 404,
        );
    },

    async getFullList() {
        const all = await posts.getFullList({ sort: 'id' });

        assert.equal(all.length, 1201);
        assert.equal(new Set(ids(all)).size, 1201);
        const few = await posts.getFullList({
            batch: 100,
            filter: 'score < 3',
            fields: 'id,score',
            sort: 'score,-id',
        });

        assert.equal(few.length, 360);
        assert.deepEqual(Object.keys(few[0]), ['id', 'score']);
        assert.equal(
            (await posts.getFullList(300, { filter: 'score < 3' })).length,
            360,
        );
    },

    async 'errors of fields'() {
        const taken = await errorOf(
            people.create({ name: 'Eve', email: 'ann@x.org' }),
        );

        assert.equal(taken.status, 400);
        assert.equal(taken.response.data.email.code, 'not_unique');
        assert.equal(typeof taken.response.data.email.message, 'string');
        const wrong = await errorOf(
            people.create({ email: 'nobody', boss: 'x' }),
        );

        assert.equal(wrong.status, 422);
        assert.deepEqual(Object.keys(wrong.response.data).sort(), [
            'boss',
            'email',
            'name',
        ]);
        const changed = await errorOf(people.update(ann.id, { name: null }));

        assert.equal(changed.response.data.name.code, 'required');
    },

    async 'errors of parameters'() {
        const filter = await errorOf(
            posts.getList(1, 1, { filter: 'titel = "x"' }),
        );

        assert.equal(filter.status, 400);
        assert.match(filter.response.data.filter.message, /title/);
        const sort = await errorOf(posts.getList(1, 1, { sort: 'scor' }));

        assert.match(sort.response.data.sort.message, /score/);
        const expand = await errorOf(posts.getOne(one.id, { expand: 'autor' }));

        assert.match(expand.response.data.expand.message, /author/);
        const fields = await errorOf(posts.getOne(one.id, { fields: 'titl' }));

        assert.match(fields.response.data.fields.message, /title/);
    },

    async 'errors of what is not there'() {
        assert.equal((await errorOf(posts.getOne(999999))).status, 404);
        assert.equal((await errorOf(posts.getOne('../x'))).status, 404);
        assert.equal((await errorOf(posts.update(999999, {}))).status, 404);
        assert.equal((await errorOf(posts.delete(999999))).status, 404);
        const error = await errorOf(pb.collection('post').getList());

        assert.equal(error.status, 404);
        assert.match(error.message, /posts/);
        assert.deepEqual(error.response.data, {});
    },

    async delete() {
        assert.equal(await posts.delete(one.id), true);
        assert.equal((await errorOf(posts.getOne(one.id))).status, 404);
        assert.equal((await errorOf(posts.delete(one.id))).status, 404);
    },
};

if (url) {
    const results = {};

    for (const [name, step] of Object.entries(steps)) {
        try {
            await step();
            results[name] = null;
        } catch (error) {
            results[name] = `${error.stack}\n${JSON.stringify(error.response)}`;
        }
    }
    process.stdout.write(JSON.stringify(results));
}

export const names = Object.keys(steps);
