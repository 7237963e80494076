// SPDX-License-Identifier: MIT
// Options: one table gives --help, environment, flags and what is refused.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { binary, command, newFolder, run } from './appliance.mjs';
import { start, stopAll } from './appliance.mjs';
import { postgres } from './servers.mjs';

const root = process.getuid() === 0;

// What it says when it refuses to start: its one line.
function oneLine({ err, out }, what) {
    const lines = err.split('\n').filter((line) => line !== '');

    assert.equal(out, '', `${what}: nothing on standard output`);
    assert.equal(lines.length, 1, `${what}: one line, not:\n${err}`);
    assert.match(lines[0], /^appliance: \S/, what);
    return lines[0];
}

async function refused(env, { args = [], code = 2, ...rest } = {}) {
    const what = JSON.stringify({ ...env, args });
    const got = await command(args, { env, ...rest });

    assert.equal(got.code, code, `${what}: ${got.err}`);
    return oneLine(got, what);
}

// The rows of the table: { env, flag, secret, help, min, max }.
async function table() {
    const { out, code } = await command(['--help']);

    assert.equal(code, 0);
    return [...out.matchAll(/^ {2}(--\S+), ([A-Z_]+)(.*)\n {6}(.*)$/gm)].map(
        ([, flag, env, suffix, help]) => {
            const bounds = / \((\d+) to (\d+)\)/.exec(help);

            return {
                flag,
                env,
                help,
                secret: suffix.includes('_FILE'),
                min: bounds && BigInt(bounds[1]),
                max: bounds && BigInt(bounds[2]),
            };
        },
    );
}

describe('options', () => {
    let rows;

    before(async () => (rows = await table()));
    after(stopAll);

    test('--help prints the options from the table', async () => {
        const listed = rows.map(({ env }) => env);

        for (const env of [
            ...['LISTEN', 'LISTEN_HTTP', 'LISTEN_OPS', 'DATABASE_URL'],
            ...['REDIS_URL', 'TLS_CERT', 'TLS_KEY', 'APP_FILE', 'BASE_PATH'],
            ...['TRUSTED_PROXIES', 'LOG_LEVEL', 'ADMIN_EMAIL'],
            ...['ADMIN_PASSWORD', 'PASSWORD_COST', 'SESSION_IDLE_DAYS'],
            ...['SESSION_MAX_DAYS', 'RATE_LIMIT', 'CORS_ORIGINS'],
        ])
            assert.ok(listed.includes(env), `${env} is in --help`);
        for (const { env, flag, help } of rows) {
            assert.equal(flag, `--${env.toLowerCase().replaceAll('_', '-')}`);
            assert.ok(help.length > 10, `${env} is explained`);
        }
        assert.deepEqual(
            rows.filter((row) => row.secret).map(({ env }) => env),
            ['DATABASE_URL', 'REDIS_URL', 'ADMIN_PASSWORD'],
        );
    });

    test('help, --help and -h say the same, with any option', async () => {
        const { out } = await command(['--help']);

        for (const args of [['help'], ['-h'], ['--help', '--help']])
            assert.equal((await command(args)).out, out, args.join(' '));
        assert.match(out, /\[:8443\]/, 'the defaults are shown');
    });

    test('help --markdown has the same rows', async () => {
        const { out } = await command(['help', '--markdown']);
        const names = [...out.matchAll(/^\| `([A-Z_]+)`/gm)].map((m) => m[1]);

        assert.deepEqual(
            names,
            rows.map(({ env }) => env),
        );
    });

    test('every number: below and above its bounds, no number', async () => {
        const numbers = rows.filter((row) => row.min !== null);

        assert.ok(numbers.length >= 10);
        for (const { env, flag, min, max } of numbers) {
            for (const value of [
                ...[String(min - 1n), String(max + 1n), 'ten', '1.5', '1e3'],
                ...[' 5', '0x10', '99999999999999999999', '+5', '5 '],
            ]) {
                const line = await refused({ [env]: value });

                assert.ok(line.includes(env), line);
                assert.ok(line.includes(flag), line);
                assert.ok(line.includes(`"${value}"`), line);
                assert.ok(line.includes(`${min} to ${max}`), line);
            }
        }
    });

    const bad = [
        // option, values, what the line says is allowed
        ['LISTEN', [':65536', ':-1', ':', 'x', '8443', ':80x'], /0 to 65535/],
        ['LISTEN', ['127.0.0.1', '[::1]', '::1:80', ':1,'], /such as :8443/],
        ['LISTEN', ['300.1.1.1:0', 'no-address:0', '[::g]:0'], /such as :8443/],
        ['LISTEN_HTTP', [':65536', 'on', '127.0.0.1:0,:x'], /0 to 65535.*off/],
        ['LISTEN_OPS', [':65536', 'OFF', 'ops'], /0 to 65535.*off/],
        ['LISTEN_OPS', ['nowhere:0', '1.2.3:0'], /such as/],
        [
            'LOG_LEVEL',
            ['loud', 'INFO', 'warning', '1'],
            /debug, info, warn or e/,
        ],
        [
            'BASE_PATH',
            ['x', '/a b', '/a//b', '/a/../b', '/é', '/%41'],
            /\/mppeep/,
        ],
        [
            'DATABASE_URL',
            ['mysql://h/d', 'sqlite3:x.db', 'rows.db'],
            /sqlite:PATH/,
        ],
        ['REDIS_URL', ['http://h', 'localhost:6379', 'cache'], /redis:\/\//],
        [
            'TRUSTED_PROXIES',
            ['10.0.0.0/33', 'proxy', '1.2.3.4.5'],
            /10\.0\.0\.0/,
        ],
        ['TRUSTED_PROXIES', ['::1/129', '10.0.0.1;10.0.0.2'], /10\.0\.0\.0/],
        [
            'RATE_LIMIT',
            ['read', 'read=5/0', 'red=5/60', 'read=5', 'read=5/60;write=1/1'],
            /requests\/seconds/,
        ],
        [
            'CORS_ORIGINS',
            ['*', 'app.example.org', 'https://app.example.org/', 'null'],
            /such as https:\/\/app\.example\.org/,
        ],
        [
            'CORS_ORIGINS',
            ['https://*.example.org', 'https://a.example https://b.example'],
            /such as https:\/\/app\.example\.org/,
        ],
        ['TLS_CERT', ['/nowhere/tls.crt', '/tmp'], /cannot be read|not a file/],
        ['TLS_KEY', ['/nowhere/tls.key'], /cannot be read/],
        [
            'APP_FILE',
            ['/nowhere/app.json', '/tmp'],
            /cannot be read|not a file/,
        ],
    ];

    for (const [env, values, allowed] of bad)
        test(`${env}=${values.join(' | ').slice(0, 50)}`, async () => {
            for (const value of values) {
                const { flag, secret } = rows.find((row) => row.env === env);
                const line = await refused({ [env]: value });

                assert.ok(line.includes(env), `names the option: ${line}`);
                assert.match(line, allowed, 'says what is allowed');
                if (secret) assert.ok(!line.includes(value), line);
                else assert.ok(line.includes(value), `shows it: ${line}`);
                const same = await refused({}, { args: [`${flag}=${value}`] });

                assert.equal(same, line, 'the flag is refused alike');
            }
        });

    test('a URL that does not parse names the option, exit 2', async () => {
        const secret = 'hunter2hunter2';

        for (const [env, url] of [
            ['DATABASE_URL', `postgres://u:${secret}@127.0.0.1:port/db`],
            ['DATABASE_URL', `postgres://u:${secret}@[::1/db`],
            ['DATABASE_URL', `postgres://u:${secret}@h/db?no_such_thing=1`],
            ['DATABASE_URL', `postgres://u:${secret}%zz@h/db`],
            ['REDIS_URL', `redis://:${secret}@127.0.0.1:port/0`],
            ['REDIS_URL', `redis://:${secret}@127.0.0.1:99999/0`],
            ['REDIS_URL', `redis://:${secret}@127.0.0.1:6379/zero`],
        ]) {
            const got = await command([], { env: { [env]: url } });
            const lines = got.err.trim().split('\n');
            const last = lines.pop();

            assert.equal(got.code, 2, `${url}: ${got.err}`);
            assert.match(last, new RegExp(`^appliance: ${env} `));
            assert.ok(!got.err.includes(secret), `a secret: ${got.err}`);
        }
    });

    test('an unknown flag, a flag without value, a stray word', async () => {
        for (const [args, word] of [
            [['--listne', ':1'], '--listne'],
            [['--listne=:1'], '--listne'],
            [['-x'], '-x'],
            [['--listen-file', 'x'], '--listen-file'],
            [['serve', '--allow-drop'], '--allow-drop'],
            [['serve', 'now'], 'now'],
            [['plan', '--quick'], '--quick'],
        ]) {
            const line = await refused({}, { args });

            assert.ok(line.includes(word), line);
            assert.match(line, /--help/, 'says where they are listed');
        }
        const line = await refused({}, { args: ['--listen'] });

        assert.match(line, /--listen needs a value/);
    });

    test('an unknown command names those that exist', async () => {
        for (const args of [['sevre'], ['start'], ['']]) {
            const line = await refused({}, { args });

            for (const known of ['serve', 'plan', 'migrate', 'healthcheck'])
                assert.ok(line.includes(known), line);
        }
    });

    test('of two that go together, one alone is refused', async () => {
        const file = join(newFolder(), 'x.pem');

        writeFileSync(file, 'x');
        for (const [one, value, other] of [
            ['TLS_CERT', file, 'TLS_KEY'],
            ['TLS_KEY', file, 'TLS_CERT'],
            ['ADMIN_EMAIL', 'ann@example.org', 'ADMIN_PASSWORD'],
            ['ADMIN_PASSWORD', 'hunter2hunter2', 'ADMIN_EMAIL'],
        ]) {
            const line = await refused({ [one]: value });

            assert.match(line, new RegExp(`${other} is missing`));
            assert.ok(!line.includes('hunter2'), line);
        }
    });

    test('API_TOKEN is gone: said, and it opens nothing', async () => {
        const token = 'a-token-that-opened-everything';

        for (const [env, warned] of [
            [{ API_TOKEN: token }, 1],
            [{ API_TOKEN_FILE: '/nowhere/token' }, 1],
            [{}, 0],
        ]) {
            const a = await start({ env, as: 'nobody' });
            const headers = { authorization: `Bearer ${token}` };
            const got = await a.get('/api/v1/settings', { headers });

            assert.equal(got.status, 401, got.text);
            assert.equal((await a.get('/api/v1/settings')).status, 401);
            const said = a.events('option_gone');

            assert.equal(said.length, warned);
            for (const line of said) {
                assert.equal(line.option, 'API_TOKEN');
                assert.match(line.meaning, /API key/);
            }
            assert.ok(!a.lines.join('\n').includes(token));
            await a.stop();
        }
        const flag = { args: [`--api-token=${token}`] };

        assert.match(await refused({}, flag), /--api-token/);
    });

    test('a flag wins over the environment; empty is the default', async () => {
        const a = await start({
            env: { LOG_LEVEL: 'nonsense', LISTEN_HTTP: '', TLS_CERT: '' },
            args: ['--log-level', 'info', '--listen-http=off'],
        });

        assert.equal((await a.event('ready')).http_port, 0, 'off');
        await a.stop();
        const line = await refused(
            { LISTEN: ':99999' },
            { args: ['--log-level', 'info'] },
        );

        assert.match(line, /LISTEN/);
    });

    test('DATA_DIR says where app.db is, unless DATABASE_URL does', async () => {
        const folder = newFolder();
        const a = await start({ folder, env: { DATA_DIR: 'elsewhere' } });

        assert.equal((await a.get('/health')).status, 200);
        await a.stop();
        const { code, out } = await command(['plan'], {
            folder,
            env: { DATABASE_URL: 'sqlite:elsewhere/app.db' },
        });

        assert.equal(code, 0);
        assert.match(out, /nothing to do/);
    });
});

describe('options: secrets', () => {
    after(stopAll);

    const secret = 'a horse that nobody may see';
    const account = { email: 'ann@example.org', password: secret };
    const ADMIN_EMAIL = account.email;

    for (const [name, text] of [
        ['as it is', secret],
        ['with a newline', `${secret}\n`],
        ['with CR LF and more lines', `${secret}\r\nsecond line\n`],
    ])
        test(`ADMIN_PASSWORD_FILE, ${name}`, async () => {
            const file = join(newFolder(), 'password');
            const wrong = { ...account, password: `${secret} ` };

            writeFileSync(file, text);
            for (const options of [
                { env: { ADMIN_EMAIL, ADMIN_PASSWORD_FILE: file } },
                {
                    env: { ADMIN_EMAIL },
                    args: ['--admin-password-file', file],
                },
            ]) {
                const a = await start({ ...options, key: false });

                assert.equal((await a.post('/login', wrong)).status, 401);
                assert.equal((await a.post('/login', account)).status, 200);
                await a.stop();
            }
        });

    test('a secret file that is missing, empty, too large, twice', async () => {
        const folder = newFolder();
        const empty = join(folder, 'empty');
        const good = join(folder, 'good');
        const large = join(folder, 'large');

        writeFileSync(empty, '');
        writeFileSync(good, secret);
        writeFileSync(large, 'x'.repeat(100000));
        for (const [env, says] of [
            [{ ADMIN_PASSWORD_FILE: join(folder, 'none') }, /none cannot be/],
            [{ ADMIN_PASSWORD_FILE: folder }, /cannot be read/],
            [{ ADMIN_PASSWORD_FILE: empty }, /empty/],
            [{ ADMIN_PASSWORD_FILE: large }, /cannot be read/],
            [{ ADMIN_PASSWORD: secret, ADMIN_PASSWORD_FILE: good }, /both/],
            [{ DATABASE_URL_FILE: join(folder, 'none') }, /cannot be read/],
            [{ REDIS_URL_FILE: good }, /redis:\/\//],
        ]) {
            const line = await refused({ ADMIN_EMAIL, ...env });

            assert.match(line, says);
            assert.match(line, /ADMIN_PASSWORD|DATABASE_URL|REDIS_URL/);
            assert.ok(!line.includes(secret), line);
        }
    });

    test('DATABASE_URL_FILE gives the database', async () => {
        const folder = newFolder();
        const file = join(folder, 'url');

        writeFileSync(file, `sqlite:${folder}/from-file.db\n`);
        const a = await start({ env: { DATABASE_URL_FILE: file } });

        assert.equal(
            (await a.post('/api/v1/settings', { key: 'k' })).status,
            201,
        );
        await a.stop();
        const { out } = await command(['plan'], {
            env: { DATABASE_URL: `sqlite:${folder}/from-file.db` },
        });

        assert.match(out, /nothing to do/);
    });

    test('secrets never appear in what it says', async () => {
        const server = await postgres();
        const url = await server.database();
        const { password } = new URL(url);
        const redis = 'redis://:redis-password-here@127.0.0.1:1/0';
        const env = {
            DATABASE_URL: url,
            REDIS_URL: redis,
            ADMIN_EMAIL,
            ADMIN_PASSWORD: secret,
            LOG_LEVEL: 'debug',
            DATABASE_POOL: '4',
        };
        const a = await start({ env });
        const signedIn = await a.post('/login', account, { as: 'nobody' });
        const cookie = signedIn.headers['set-cookie'][0].split(';')[0];

        assert.equal(signedIn.status, 200);
        await a.get('/api/v1/users', { headers: { cookie } });
        await a.get('/api/v1/users', { as: 'not-a-key-either' });
        await a.post('/login', { ...account, password: 'not the horse' });
        const status = await a.get('/api/v1/status');

        assert.equal(status.status, 200, status.text);
        const metrics = await a.askOps('/metrics');
        const ready = await a.askOps('/readyz?verbose');

        await a.stop();
        const plan = await command(['plan'], { env });
        const help = await command(['help'], { env });
        const wrong = await command([], {
            env: {
                ...env,
                DATABASE_URL: url.replace(password, 'wrong-password'),
                START_TIMEOUT_MS: '500',
            },
        });

        assert.notEqual(wrong.code, 0, 'a wrong password');
        const said = [a.lines.join('\n'), status.text, metrics.text];

        said.push(ready.text, plan.out + plan.err, help.out + help.err);
        said.push(wrong.out + wrong.err);
        for (const text of said)
            for (const one of [
                ...[password, secret, 'redis-password-here', a.key],
                ...['wrong-password', 'not-a-key-either', 'not the horse'],
                cookie.split('=')[1],
            ])
                assert.ok(!text.includes(one), `${one} in ${text}`);
    });
});

describe('options: what the machine refuses', () => {
    after(stopAll);

    for (const env of ['LISTEN', 'LISTEN_HTTP', 'LISTEN_OPS'])
        test(`a port in use for ${env}: one line, exit 1`, async (t) => {
            const taken = net.createServer().listen(0, '127.0.0.1');

            t.after(() => taken.close());
            await new Promise((done) => taken.once('listening', done));
            const at = `127.0.0.1:${taken.address().port}`;
            const line = await refused({ [env]: at }, { code: 1 });

            assert.ok(line.includes(at), line);
            assert.match(line, /in use/);
            assert.ok(line.includes(env), line);
        });

    test('an address of another machine names the option', async () => {
        const line = await refused({ LISTEN: '192.0.2.1:0' });

        assert.ok(line.includes('192.0.2.1:0'), line);
        assert.match(line, /LISTEN/);
    });

    // Root may write and read everything: then as somebody else.
    function asStranger(folder) {
        const copy = join(folder, 'appliance');

        copyFileSync(binary, copy);
        chmodSync(copy, 0o755);
        chmodSync(folder, 0o755);
        return (env) =>
            run(copy, [], {
                cwd: folder,
                env: {
                    LISTEN: '127.0.0.1:0',
                    LISTEN_HTTP: '127.0.0.1:0',
                    LISTEN_OPS: '127.0.0.1:0',
                    ...env,
                },
                ...(root ? { uid: 65534, gid: 65534 } : {}),
            });
    }

    test('a data folder that cannot be written: one line, exit 1', async () => {
        const folder = newFolder();
        const stranger = asStranger(folder);

        mkdirSync(join(folder, 'data'));
        chmodSync(join(folder, 'data'), 0o555);
        writeFileSync(join(folder, 'file'), '');
        for (const env of [
            { DATA_DIR: join(folder, 'data') },
            { DATA_DIR: join(folder, 'file', 'data') },
            { DATA_DIR: '/proc/data' },
        ]) {
            const got = await stranger(env);
            const line = oneLine(got, env.DATA_DIR);

            assert.equal(got.code, 1, line);
            assert.ok(line.includes(env.DATA_DIR), line);
        }
    });

    test('a database that cannot be written: one line, exit 1', async () => {
        const folder = newFolder();
        const stranger = asStranger(folder);

        mkdirSync(join(folder, 'data'), { mode: 0o777 });
        chmodSync(join(folder, 'data'), 0o777);
        mkdirSync(join(folder, 'rows'), { mode: 0o555 });
        const got = await stranger({
            DATA_DIR: join(folder, 'data'),
            DATABASE_URL: `sqlite:${folder}/rows/app.db`,
        });
        const line = oneLine(got, 'rows');

        assert.equal(got.code, 1, line);
        assert.match(line, /DATABASE_URL/);
    });

    test('a file that cannot be read: one line, exit 2', async () => {
        const folder = newFolder();
        const stranger = asStranger(folder);
        const file = join(folder, 'closed');

        writeFileSync(file, '{"collections":[]}');
        chmodSync(file, 0o000);
        for (const env of ['APP_FILE', 'TLS_CERT', 'ADMIN_PASSWORD_FILE']) {
            const got = await stranger({ [env]: file });
            const line = oneLine(got, env);

            assert.equal(got.code, 2, line);
            assert.ok(line.includes(env.replace('_FILE', '')), line);
            assert.ok(line.includes(file), line);
            assert.match(line, /cannot be read/);
        }
    });

    test('a second instance on one SQLite file says so', async () => {
        const folder = newFolder();
        const env = { DATABASE_URL: `sqlite:${folder}/app.db` };
        const a = await start({ env });
        const line = await refused(env, { code: 1 });

        assert.match(line, /in use by another/);
        assert.match(line, /DATABASE_URL/);
        assert.equal((await a.get('/health')).status, 200, 'the first goes on');
        await a.kill();
        const b = await start({ env });

        assert.equal((await b.get('/health')).status, 200, 'after a kill -9');
    });

    test('a file that is no database: one line, exit 2', async () => {
        const file = join(newFolder(), 'text.db');

        writeFileSync(file, 'this is a text, and not a database\n'.repeat(99));
        const line = await refused({ DATABASE_URL: `sqlite:${file}` });

        assert.match(line, /DATABASE_URL/);
    });

    test('PostgreSQL that is not there: said, exit 1', async () => {
        const got = await command([], {
            env: {
                DATABASE_URL: 'postgres://u:secretsecret@127.0.0.1:1/d',
                START_TIMEOUT_MS: '300',
            },
        });
        const lines = got.err.trim().split('\n');

        assert.equal(got.code, 1, got.err);
        assert.match(lines.at(-1), /^appliance: DATABASE_URL/);
        assert.ok(!got.err.includes('secretsecret'));
    });
});
