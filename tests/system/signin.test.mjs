// SPDX-License-Identifier: MIT
// Signing in and out as people, programs and PocketBase's clients do it, the
// first administrator, pages of other sites.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import {
    command,
    root,
    run,
    start as begin,
    stopAll,
    until,
} from './appliance.mjs';
import { admin, adminEnv, cookieOf, newPerson, signIn } from './people.mjs';
import { backends, combinations, postgres } from './servers.mjs';

// Nobody asks, unless a test says who.
const start = (options) => begin({ key: false, ...options });

const form = (fields, headers = {}) => ({
    body: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
});
const right = { username: admin.email, password: admin.password };
const setCookie = (got) => got.headers['set-cookie'] ?? [];
const session = /^session_id=([A-Za-z0-9_-]{43}); /;

function hasPageHeaders(got) {
    const policy = got.headers['content-security-policy'];

    assert.match(got.headers['content-type'], /^text\/html/);
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*/);
    assert.match(got.headers['strict-transport-security'], /^max-age=\d{7,}/);
    assert.equal(got.headers['x-content-type-options'], 'nosniff');
    assert.equal(got.headers['x-frame-options'], 'SAMEORIGIN');
    assert.equal(
        got.headers['referrer-policy'],
        'strict-origin-when-cross-origin',
    );
    assert.ok(got.headers['permissions-policy']);
    assert.equal(got.headers['cross-origin-opener-policy'], 'same-origin');
    assert.doesNotMatch(got.text, /<script>|<style|\son\w+=|style=|\{\{/);
}

for (const base of ['', '/mp/peep'])
    describe(`signin: under ${base || '/'}`, () => {
        let a;

        before(async () => {
            a = await start({ env: { ...adminEnv, BASE_PATH: base || '/' } });
        });
        after(stopAll);

        test('the page, in two languages, without a script', async () => {
            for (const [language, lang, words] of [
                ['en', 'en', 'Sign in'],
                ['fr-FR,fr;q=0.9', 'fr', 'Connexion'],
            ]) {
                const got = await a.get('/login', {
                    headers: { 'accept-language': language },
                });

                assert.equal(got.status, 200);
                hasPageHeaders(got);
                assert.equal(got.headers['content-language'], lang);
                assert.match(got.headers.vary, /Accept-Language/);
                assert.match(got.text, new RegExp(`<html lang="${lang}"`));
                assert.ok(got.text.includes(words));
                assert.match(got.text, /autocomplete="username"/);
                assert.match(got.text, /autocomplete="current-password"/);
                assert.match(got.text, /<form method="post" action="login"/);
                assert.doesNotMatch(got.text, /role="alert"/);
                assert.equal(setCookie(got).length, 0);
            }
        });

        test('a form: 303 and the cookie', async () => {
            const got = await a.ask('POST', '/login', form(right));

            assert.equal(got.status, 303, got.text);
            assert.equal(got.headers.location, `${base}/accueil`);
            assert.equal(setCookie(got).length, 1);
            const [cookie] = setCookie(got);

            assert.match(cookie, session);
            assert.equal(
                cookie.replace(session, ''),
                `Max-Age=604800; Path=${base || '/'}; Secure; HttpOnly; ` +
                    'SameSite=Lax',
            );
        });

        test('JSON: the account and the cookie', async () => {
            for (const name of ['username', 'email']) {
                const got = await a.post('/login', {
                    [name]: admin.email.toUpperCase(),
                    password: admin.password,
                    whatever: [1, 2],
                });

                assert.equal(got.status, 200, got.text);
                assert.equal(got.json.email, admin.email);
                assert.equal(got.json.role, 'admin');
                assert.ok(!('password' in got.json));
                assert.match(setCookie(got)[0], session);
            }
        });

        test('every sign-in has an identifier of its own', async () => {
            const before = await signIn(a, admin);
            const again = await a.post('/login', right, before);

            assert.equal(again.status, 200);
            assert.notEqual(cookieOf(again), before.headers.cookie);
            assert.equal((await a.get('/api/v1/auth/me', before)).status, 401);
            const planted = { cookie: `session_id=${'A'.repeat(43)}` };
            const fixed = await a.post('/login', right, { headers: planted });

            assert.notEqual(cookieOf(fixed), planted.cookie);
            assert.equal(setCookie(fixed).length, 1);
        });

        test('who I am, and out', async () => {
            const me = await signIn(a, admin);
            const got = await a.get('/api/v1/auth/me', me);

            assert.equal(got.json.email, admin.email);
            assert.equal(got.headers['cache-control'], 'no-store');
            const out = await a.ask('POST', '/logout', {
                headers: { ...me.headers, 'content-length': '0' },
            });

            assert.equal(out.status, 204, out.text);
            assert.match(setCookie(out)[0], /^session_id=; Max-Age=0; Path=/);
            assert.equal((await a.get('/api/v1/auth/me', me)).status, 401);
            const page = await a.ask('POST', '/logout', form({}, me.headers));

            assert.equal(page.status, 303);
            assert.equal(page.headers.location, `${base}/login`);
            const nobody = await a.ask('POST', '/logout', form({}));

            assert.equal(nobody.status, 303);
        });

        test('pages are for who signed in', async () => {
            for (const [path, place] of [
                ['/', ''],
                ['/accueil', `${base}/accueil`],
                ['/personnel?page=2&sort=-x', `${base}/personnel?page=2&sort=-x`],
            ]) {
                const options = { headers: { accept: 'text/html' } };
                const got = await a.get(path, options);
                const more = place && `?return=${encodeURIComponent(place)}`;

                assert.equal(got.status, 302, path);
                assert.equal(got.headers.location, `${base}/login${more}`);
                options.headers.cookie = `session_id=${'B'.repeat(43)}`;
                const dead = await a.get(path, options);

                assert.equal(dead.status, 302);
                assert.match(setCookie(dead)[0], /^session_id=; Max-Age=0/);
                const me = await signIn(a, admin);

                Object.assign(options.headers, me.headers);
                const page = await a.get(path, options);

                assert.equal(page.status, 200);
                hasPageHeaders({
                    headers: page.headers,
                    text: '',
                });
            }
        });

        test('return leads to us only', async () => {
            for (const [place, want] of [
                ['/accueil?x=1', `${base}/accueil?x=1`],
                [`${base}/personnel`, `${base}/personnel`],
                ['/café', `${base}/caf%C3%A9`],
                ['//evil.example', `${base}/accueil`],
                ['https://evil.example', `${base}/accueil`],
                ['/\\evil.example', `${base}/accueil`],
                ['/\t/evil.example', `${base}/accueil`],
                ['/a\r\nSet-Cookie: a=b', `${base}/accueil`],
                ['/../x', `${base}/accueil`],
                ['/%2e%2e/x', `${base}/accueil`],
                ['javascript:alert(1)', `${base}/accueil`],
                ['', `${base}/accueil`],
            ]) {
                const got = await a.ask(
                    'POST',
                    '/login',
                    form({ ...right, return: place }, { host: 'evil.example' }),
                );

                assert.equal(got.status, 303);
                assert.equal(got.headers.location, want, place);
                const inAddress = await a.ask(
                    'POST',
                    `/login?return=${encodeURIComponent(place)}`,
                    form(right),
                );

                assert.equal(inAddress.headers.location, want, place);
                const page = await a.get(
                    `/login?return=${encodeURIComponent(place)}`,
                );

                assert.equal(page.status, 200);
                assert.ok(!page.text.includes('evil.example'), place);
            }
        });

        test('a session that is shown twice is none', async () => {
            const { headers } = await signIn(a, admin);
            const twice = { cookie: `${headers.cookie}; ${headers.cookie}` };

            assert.equal(
                (await a.get('/api/v1/auth/me', { headers: twice })).status,
                401,
            );
        });
    });

describe('signin: refused', () => {
    let a;

    before(async () => {
        a = await start({
            env: { ...adminEnv, TRUSTED_PROXIES: '127.0.0.1' },
        });
    });
    after(stopAll);

    let n = 0;
    const from = () => ({ 'x-forwarded-for': `192.0.2.${++n}` });

    test('unknown accounts and wrong passwords are alike', async () => {
        const answers = [];

        for (const username of [admin.email, 'nobody@example.org', 'ann'])
            for (const password of ['x', 'a wrong one, long enough', '\0é'])
                answers.push(
                    await a.post(
                        '/login',
                        { username, password },
                        { headers: from() },
                    ),
                );
        for (const got of answers.slice(0, 3)) {
            assert.equal(got.status, 401, got.text);
            assert.equal(got.text, answers[0].text);
            assert.equal(setCookie(got).length, 0);
            assert.match(got.headers['www-authenticate'], /^Bearer/);
        }
        assert.equal((await a.get('/api/v1/auth/me')).status, 401);
    });

    test('a form gets the page again, with what was typed', async () => {
        const typed = {
            username: '"><b>@example.org',
            password: 'secret & wrong',
            return: '/personnel',
        };

        for (const [language, words] of [
            ['en', 'is wrong'],
            ['fr', 'incorrect'],
        ]) {
            const got = await a.ask(
                'POST',
                '/login',
                form(typed, { ...from(), 'accept-language': language }),
            );

            assert.equal(got.status, 401);
            hasPageHeaders(got);
            assert.match(got.text, /<p class="alert" role="alert">/);
            assert.ok(got.text.includes(words), got.text);
            assert.ok(got.text.includes('value="&quot;&gt;&lt;b&gt;@'));
            assert.ok(got.text.includes('value="/personnel"'));
            assert.ok(!got.text.includes('secret &'));
        }
        const empty = await a.ask('POST', '/login', form({}, from()));

        assert.equal(empty.status, 422);
        assert.match(empty.text, /role="alert"/);
    });

    test('bodies that are none', async () => {
        const post = (body, type) =>
            a.ask('POST', '/login', {
                body,
                headers: { ...from(), ...(type && { 'content-type': type }) },
            });
        const urlencoded = 'application/x-www-form-urlencoded';

        for (const [body, type, status] of [
            ['{}', 'application/json', 422],
            ['{"username":5,"password":"x"}', 'application/json', 422],
            ['{"username":"a"', 'application/json', 400],
            ['[]', 'application/json', 400],
            ['{}', 'application/json; charset=latin1', 415],
            ['username=a&password=b', 'text/plain', 415],
            ['username=a&password=b', undefined, 415],
            ['username=a', 'multipart/form-data; boundary=x', 415],
            ['username=a&username=b&password=c', urlencoded, 400],
            ['username=%zz&password=c', urlencoded, 400],
            ['username=%00&password=%ff', urlencoded, 400],
            [`username=a&password=${'x'.repeat(17000)}`, urlencoded, 413],
            [`{"password":"${'x'.repeat(17000)}"}`, 'application/json', 413],
        ]) {
            const got = await post(body, type);

            assert.equal(got.status, status, `${body.slice(0, 40)} ${type}`);
            assert.equal(setCookie(got).length, 0);
        }
        const get = await a.ask('PUT', '/login');

        assert.equal(get.status, 405);
        assert.equal(get.headers.allow, 'GET, HEAD, POST, OPTIONS');
    });

    test('pages of other sites', async () => {
        const me = await signIn(a, admin, from());
        const writes = [
            ['/login', (h) => form(right, { ...from(), ...h })],
            ['/login', (h) => ({ json: right, headers: { ...from(), ...h } })],
            ['/logout', (h) => form({}, h)],
            ['/api/v1/settings', (h) => ({
                json: { key: `k${++n}`, value: 1 },
                headers: { ...me.headers, ...h },
            })],
        ];

        for (const [path, options] of writes) {
            for (const headers of [
                { 'sec-fetch-site': 'cross-site' },
                { 'sec-fetch-site': 'same-site' },
                { origin: 'https://evil.example' },
                { origin: 'null' },
                { origin: a.url.replace('https', 'http') },
                { origin: a.url, 'sec-fetch-site': 'cross-site' },
            ]) {
                const got = await a.ask('POST', path, options(headers));

                assert.equal(got.status, 403, JSON.stringify(headers));
                assert.match(got.text, /another site/);
                assert.equal(setCookie(got).length, 0);
            }
            for (const headers of [
                {},
                { 'sec-fetch-site': 'same-origin' },
                { 'sec-fetch-site': 'none' },
                { origin: a.url },
                {
                    origin: 'https://app.example',
                    'x-forwarded-host': 'app.example',
                },
            ]) {
                const got = await a.ask('POST', path, options(headers));

                assert.ok(
                    [200, 201, 204, 303].includes(got.status),
                    JSON.stringify(headers) + got.text,
                );
            }
        }
        const read = await a.get('/api/v1/settings', {
            headers: { ...me.headers, 'sec-fetch-site': 'cross-site' },
        });

        assert.equal(read.status, 200);
    });
});

describe('signin: the first administrator', () => {
    after(stopAll);

    const linkOf = (a) =>
        /https:\/\/localhost:(\d+)(\S*)\/setup\?ticket=([\w-]{43})/.exec(a.out);

    test('a link, printed once, makes him', async () => {
        const env = { PASSWORD_COST: '4', BASE_PATH: '/x' };
        const a = await start({ env });
        const [, port, base, ticket] = linkOf(a);

        assert.equal(Number(port), a.port);
        assert.equal(base, '/x');
        assert.equal(a.events('no_administrator').length, 1);
        assert.ok(!a.lines.join('\n').includes(ticket));
        const page = await a.get(`/setup?ticket=${ticket}`);

        assert.equal(page.status, 200);
        hasPageHeaders(page);
        assert.match(page.text, /autocomplete="new-password"/);
        assert.ok(page.text.includes(`value="${ticket}"`));
        for (const wrong of ['', '?ticket=', `?ticket=${'A'.repeat(43)}`]) {
            const got = await a.get(`/setup${wrong}`);

            assert.equal(got.status, 404);
            assert.match(got.text, /role="alert"/);
        }
        const ann = { name: 'Ann', email: 'ann@example.org', ticket };

        for (const [more, status] of [
            [{ password: 'password' }, 422],
            [{ password: '' }, 422],
            [{ password: admin.password, email: 'no address' }, 422],
            [{ password: admin.password, ticket: 'B'.repeat(43) }, 404],
        ]) {
            const got = await a.ask('POST', '/setup', form({ ...ann, ...more }));

            assert.equal(got.status, status, got.text);
            assert.match(got.text, /role="alert"/);
        }
        const both = await Promise.all(
            ['ann@example.org', 'bob@example.org'].map((email) =>
                a.ask(
                    'POST',
                    '/setup',
                    form({ ...ann, email, password: admin.password }),
                ),
            ),
        );

        assert.deepEqual(both.map((got) => got.status).sort(), [303, 404]);
        const made = both.find((got) => got.status === 303);

        assert.equal(made.headers.location, '/x/accueil');
        const me = await a.get('/api/v1/auth/me', {
            headers: { cookie: cookieOf(made) },
        });

        assert.equal(me.json.role, 'admin');
        assert.equal((await a.get(`/setup?ticket=${ticket}`)).status, 404);
        await a.stop();
        const again = await start({ env, folder: a.folder });

        assert.equal(again.out, '');
        await again.stop();
    });

    test('from options, once', async () => {
        const a = await start({ env: adminEnv });

        assert.equal(a.out, '');
        await signIn(a, admin);
        await a.stop();
        const other = 'another good password';
        const b = await start({
            env: { ...adminEnv, ADMIN_PASSWORD: other },
            folder: a.folder,
        });

        await signIn(b, admin);
        const got = await b.post('/login', {
            email: admin.email,
            password: other,
        });

        assert.equal(got.status, 401);
        await b.stop();
    });

    test('the sign-in page says where the link is, while it is', async () => {
        for (const [env, says] of [
            [{}, true],
            [adminEnv, false],
        ]) {
            const a = await start({ env });
            const { text } = await a.get('/login');

            assert.equal(/link that it printed/.test(text), says);
            await a.stop();
        }
    });

    test('a dead session is told apart from none', async () => {
        const a = await start({ env: adminEnv });
        const cookie = `session_id=${'A'.repeat(43)}`;
        const dead = await a.get('/api/v1/auth/me', { headers: { cookie } });
        const none = await a.get('/api/v1/auth/me');

        assert.match(dead.json.message, /no longer good/);
        assert.match(none.json.message, /sign in first/);
        await a.stop();
    });

    test('an API_TOKEN is told that it does nothing', async () => {
        const token = 'what-was-a-token';
        const a = await start({ env: { ...adminEnv, API_TOKEN: token } });
        const headers = { authorization: `Bearer ${token}` };

        assert.equal(a.events('option_gone').length, 1);
        assert.equal(a.events('option_gone')[0].option, 'API_TOKEN');
        assert.ok(!a.lines.join('\n').includes(token));
        assert.equal((await a.get('/api/v1/users', { headers })).status, 401);
        await a.stop();
    });

    test('options that cannot be', async () => {
        for (const [env, words] of [
            [{ ADMIN_EMAIL: 'a@example.org' }, /ADMIN_EMAIL and ADMIN_PASSWORD/],
            [{ ADMIN_PASSWORD: admin.password }, /ADMIN_EMAIL and ADMIN_PASSW/],
            [{ ...adminEnv, ADMIN_PASSWORD: 'password1' }, /^appliance: ADMIN_PASSWORD/m],
            [{ ...adminEnv, ADMIN_PASSWORD: 'qwzx' }, /ADMIN_PASSWORD/],
            [{ ...adminEnv, ADMIN_EMAIL: 'no address' }, /ADMIN_EMAIL/],
            [{ RATE_LIMIT: 'sometimes' }, /RATE_LIMIT/],
            [{ RATE_LIMIT: 'read=x' }, /RATE_LIMIT/],
            [{ CORS_ORIGINS: '*' }, /CORS_ORIGINS/],
            [{ CORS_ORIGINS: 'https://a.example/' }, /CORS_ORIGINS.*path/],
        ]) {
            const { code, err } = await command(['serve'], { env });

            assert.equal(code, 2, err);
            assert.match(err, words);
            assert.ok(!env.ADMIN_PASSWORD || !err.includes(env.ADMIN_PASSWORD));
        }
    });
});

for (const combination of combinations)
    describe(`signin: on ${combination.name}`, () => {
        let env;

        before(async () => {
            env = { ...adminEnv, ...(await backends(combination)) };
        });
        after(stopAll);

        const replicas = combination.store === 'postgres' ? 4 : 1;

        test('replicas that start together make one administrator', async () => {
            const all = await Promise.all(
                Array.from({ length: replicas }, () => start({ env })),
            );
            const made = all.flatMap((a) => a.events('first_administrator'));

            assert.equal(made.length, 1);
            const me = await signIn(all[0], admin);
            const last = all.at(-1);
            const got = await last.get('/api/v1/users', me);

            assert.equal(got.json.totalItems, 1);
            // What one begins and ends is so for all of them.
            const out = await all[0].ask('POST', '/logout', form({}, me.headers));

            assert.equal(out.status, 303);
            await until(
                'the session is over everywhere',
                async () =>
                    (await last.get('/api/v1/auth/me', me)).status === 401,
                { timeout: 1000 },
            );
            await Promise.all(all.map((a) => a.stop()));
        });

        // Without an administrator: behind the program's back.
        const skip = combination.store !== 'postgres';

        test('an account that is there becomes one', { skip }, async () => {
            const a = await start({ env });
            const boss = await signIn(a, admin);
            const ann = await newPerson(a, boss, { email: 'ann@example.org' });

            await a.stop();
            await (await postgres()).sql(
                'UPDATE users SET active = false',
                env.DATABASE_URL,
            );
            const given = { ADMIN_EMAIL: 'ANN@example.org' };
            const b = await start({ env: { ...env, ...given } });
            const got = await b.get(
                '/api/v1/auth/me',
                await signIn(b, { ...ann, password: admin.password }),
            );

            assert.equal(got.json.id, ann.id);
            assert.equal(got.json.role, 'admin');
            assert.equal((await b.get('/api/v1/auth/me', ann.as)).status, 401);
            await b.stop();
        });
    });

describe('signin: other origins', () => {
    let a;
    const listed = 'https://app.example.org';

    before(async () => {
        a = await start({
            env: { ...adminEnv, CORS_ORIGINS: `${listed},http://localhost:5173` },
        });
    });
    after(stopAll);

    test('a listed one reads every answer of the API', async () => {
        const me = await signIn(a, admin);

        for (const [method, path, status] of [
            ['GET', '/api/v1/users', 200],
            ['GET', '/api/v1/auth/me', 200],
            ['GET', '/api/v1/users/999', 404],
            ['GET', '/api/none', 404],
            ['PUT', '/api/v1/users', 405],
            ['POST', '/api/v1/users', 403],
        ]) {
            const got = await a.ask(method, path, {
                headers: { origin: listed, ...me.headers },
                ...(method === 'POST' && { json: {} }),
            });

            assert.equal(got.status, status, path);
            assert.equal(got.headers['access-control-allow-origin'], listed);
            assert.match(got.headers.vary, /Origin/);
            assert.match(
                got.headers['access-control-expose-headers'],
                /ETag.*Retry-After/,
            );
            assert.ok(!('access-control-allow-credentials' in got.headers));
        }
        const nobody = await a.get('/api/v1/auth/me', {
            headers: { origin: listed },
        });

        assert.equal(nobody.status, 401);
        assert.equal(nobody.headers['access-control-allow-origin'], listed);
    });

    test('and may ask before', async () => {
        const got = await a.ask('OPTIONS', '/api/v1/users/1', {
            headers: {
                origin: listed,
                'access-control-request-method': 'PATCH',
                'access-control-request-headers': 'authorization,if-match',
            },
        });

        assert.equal(got.status, 204);
        assert.equal(got.headers['access-control-allow-origin'], listed);
        assert.match(got.headers['access-control-allow-methods'], /PATCH/);
        assert.match(got.headers['access-control-allow-headers'], /If-Match/);
        assert.ok(Number(got.headers['access-control-max-age']) > 0);
    });

    test('others, and pages, get nothing of it', async () => {
        for (const [origin, path] of [
            ['https://evil.example', '/api/v1/users'],
            ['https://app.example.org:8443', '/api/v1/users'],
            ['http://app.example.org', '/api/v1/users'],
            ['null', '/api/v1/users'],
            [listed, '/login'],
            [listed, '/'],
        ])
            for (const method of ['GET', 'OPTIONS']) {
                const got = await a.ask(method, path, {
                    headers: {
                        origin,
                        'access-control-request-method': 'GET',
                    },
                });
                const names = Object.keys(got.headers).join(' ');

                assert.doesNotMatch(names, /access-control/, origin + path);
            }
    });
});

describe("signin: PocketBase's client", () => {
    let a;

    before(async () => {
        a = await start({ env: adminEnv });
    });
    after(stopAll);

    test('signs in, refreshes, is signed out where we say so', async () => {
        const person = await newPerson(a, await signIn(a, admin));
        const script = join(root, 'tests/system/pocketbase_signin.mjs');
        const { out, err } = await run(
            process.execPath,
            [script, a.url, person.email, person.password],
            {
                cwd: join(root, 'tests/system'),
                env: {
                    PATH: process.env.PATH,
                    NODE_EXTRA_CA_CERTS: join(a.folder, 'data/tls.crt'),
                },
            },
        );

        assert.equal(out.trim(), 'all of it', err);
    });
});
