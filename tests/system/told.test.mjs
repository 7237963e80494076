// SPDX-License-Identifier: MIT
// What everyone sees of signing in: for each thing that happens a line in the
// account's history, the same in the log, and a metric that counts it. Over
// every combination of backends.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { start, stopAll } from './appliance.mjs';
import { valueOf } from './exposition.mjs';
import { admin, adminEnv, newPerson, signIn } from './people.mjs';
import { backends, combinations } from './servers.mjs';

const SESSIONS = '/api/v1/auth/sessions';
const wrong = 'no password of anybody';
const of = (key) => ({ headers: { authorization: `Bearer ${key}` } });
const from = (address) => ({ headers: { 'x-forwarded-for': address } });

const signIns = (result) => [
    'appliance_auth_sign_ins_total',
    { how: 'password', result },
];
const ended = (reason) => ['appliance_auth_sessions_ended_total', { reason }];
const keys = (event) => ['appliance_auth_api_keys_total', { event }];
const shut = (by) => ['appliance_auth_lockouts_total', { by }];

// what, the lines it leaves (oldest first), the metrics that count it once,
// and how it is brought about; w: the appliance a, who asks, and ben.
const rows = [
    ['a sign-in', ['sign_in'], [signIns('ok')], (w) => w.signIn()],
    [
        'a failure',
        ['sign_in_failed'],
        [signIns('wrong')],
        (w) => w.fail('192.0.2.1'),
    ],
    [
        'signing out',
        ['sign_out'],
        [ended('signed_out')],
        (w) => w.done('POST', '/logout', w.ben.as),
    ],
    [
        'a session revoked',
        ['session_ended'],
        [ended('revoked')],
        async (w) => {
            const { items } = (await w.a.get(SESSIONS, w.ben.as)).json;

            await w.done('DELETE', `${SESSIONS}/${items[0].id}`, w.ben.as);
        },
        (w) => w.signIn(),
    ],
    [
        'another role',
        ['role_changed'],
        [['appliance_auth_role_changes_total', {}], ended('role')],
        async (w) => {
            await w.change({ role: 'manager' });
            const { detail } = (await w.history()).at(-1);

            assert.deepEqual(detail, { role: 'manager', ended: 1 });
        },
        (w) => w.signIn(),
    ],
    [
        'a new password',
        ['password_changed'],
        [ended('password')],
        (w) => w.change({ password: (w.ben.password = 'some other words') }),
        (w) => w.signIn(),
    ],
    [
        'a key made',
        ['key_made'],
        [keys('made')],
        async (w) => {
            const wish = { name: 'ci', scopes: ['*:read'] };
            const got = await w.a.post('/api/v1/auth/keys', wish, w.ben.as);

            assert.equal(got.status, 201, got.text);
            w.key = got.json;
        },
        (w) => w.signIn(),
    ],
    [
        'a key used',
        ['key_used'],
        [keys('used')],
        (w) => w.done('GET', '/api/v1/personnel', of(w.key.key), 200),
    ],
    [
        'a key revoked',
        ['key_revoked'],
        [keys('revoked')],
        (w) => w.done('DELETE', `/api/v1/auth/keys/${w.key.id}`, w.ben.as),
    ],
    [
        'disabled',
        ['disabled'],
        [ended('disabled')],
        (w) => w.change({ active: false }),
    ],
    ['enabled', ['enabled'], [], (w) => w.change({ active: true })],
    [
        'deleted',
        ['deleted'],
        [ended('deleted')],
        (w) => w.done('DELETE', `/api/v1/users/${w.ben.id}`, w.boss),
        (w) => w.signIn(),
    ],
    [
        'a lockout',
        ['sign_in_failed', 'locked_out'],
        [signIns('wrong'), shut('account')],
        (w) => w.fail('192.0.2.5'),
        async (w) => {
            w.ben = await newPerson(w.a, w.boss);
            for (const n of [1, 2, 3, 4]) await w.fail(`192.0.2.${n}`);
        },
    ],
    [
        'an attempt while shut out',
        [],
        [signIns('locked')],
        (w) => w.fail('192.0.2.6', 429),
    ],
];

class World {
    async open(combination) {
        this.a = await start({
            as: 'nobody',
            key: false,
            env: {
                ...(await backends(combination)),
                ...adminEnv,
                TRUSTED_PROXIES: '127.0.0.0/8',
            },
        });
        this.boss = await signIn(this.a, admin);
        this.ben = await newPerson(this.a, this.boss);
        await this.done('POST', '/logout', this.ben.as);
    }

    async done(method, path, as, status = 204) {
        const got = await this.a.ask(method, path, as);

        assert.equal(got.status, status, got.text);
    }

    async change(what) {
        const path = `/api/v1/users/${this.ben.id}`;
        const got = await this.a.patch(path, what, this.boss);

        assert.equal(got.status, 200, got.text);
    }

    async signIn() {
        this.ben.as = await signIn(this.a, this.ben);
    }

    async fail(address, status = 401) {
        const body = { email: this.ben.email, password: wrong };
        const got = await this.a.post('/login', body, from(address));

        assert.equal(got.status, status, got.text);
    }

    async history() {
        const path = `/api/v1/auth/history?account=${this.ben.id}&perPage=500`;
        const got = await this.a.get(path, this.boss);

        assert.equal(got.status, 200, got.text);
        return got.json.items.reverse();
    }

    async counts(metrics) {
        const { text } = await this.a.askOps('/metrics');

        return metrics.map(([name, labels]) => valueOf(text, name, labels));
    }
}

for (const combination of combinations)
    describe(`told: ${combination.name}`, () => {
        const w = new World();

        before(() => w.open(combination));
        after(stopAll);

        for (const [what, lines, metrics, happen, prepare] of rows)
            test(what, async () => {
                await prepare?.(w);
                const old = await w.history();
                const counted = await w.counts(metrics);

                await happen(w);
                const seen = (await w.history()).slice(old.length);

                assert.deepEqual(
                    seen.map(({ event }) => event),
                    lines,
                );
                assert.deepEqual(
                    await w.counts(metrics),
                    counted.map((n) => n + 1),
                );
                for (const { event, requestId } of seen)
                    await w.a.event('auth', {
                        where: (line) =>
                            line.what === event &&
                            line.account === w.ben.id &&
                            line.request_id === requestId,
                    });
            });
    });
