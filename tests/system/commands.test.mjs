// SPDX-License-Identifier: MIT
// appliance user: every command beside a running instance, over every
// combination of backends; what is refused, and in which words; the password
// by each way.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import {
    binary,
    command,
    newFolder,
    run,
    sleep,
    start,
    stopAll,
    until,
} from './appliance.mjs';
import { backends, combinations, ownRedis } from './servers.mjs';

const good = 'a fence of 9 tulips';
const other = 'seven kettles, 4 spoons';
const cheap = { PASSWORD_COST: '4' };
const atOnceMs = 1500;

const signIn = (a, email, password) =>
    a.post('/login', { email, password }, { headers: { accept: 'application/json' } });
const cookieOf = (answer) =>
    answer.headers['set-cookie']?.[0].split(';')[0] ?? '';
const me = (a, cookie) => a.get('/api/v1/auth/me', { headers: { cookie } });

// The session ends without a request that would tell this instance of it.
async function endsAtOnce(a, cookie) {
    const from = Date.now();

    await until(
        'the session has ended',
        async () => (await me(a, cookie)).status === 401,
    );
    const took = Date.now() - from;

    assert.ok(took < atOnceMs, `after ${took} ms`);
}

for (const combination of combinations)
    describe(`commands over ${combination.name}`, () => {
        let a;
        let env;
        const user = (args, input = '') =>
            command(['user', ...args], { env, folder: a.folder, input });
        const ok = async (...args) => {
            const got = await user(...args);

            assert.equal(got.code, 0, got.err);
            return got;
        };
        const signedIn = async (email, password = good) => {
            const answer = await signIn(a, email, password);

            assert.equal(answer.status, 200, answer.text);
            const cookie = cookieOf(answer);

            assert.equal((await me(a, cookie)).status, 200);
            return cookie;
        };

        before(async () => {
            env = { ...cheap, ...(await backends(combination)) };
            a = await start({ env });
            await ok(['add', 'root@example.org', '--role', 'admin'], good);
        });
        after(stopAll);

        test('add: signs in, with the name and the role', async () => {
            const got = await ok(
                ['add', 'ann@example.org', '--name=Ann Élan', '--role', 'manager'],
                good,
            );

            assert.match(got.out, /^ann@example\.org added \(manager\), id \d+\n$/);
            assert.equal(got.err, '');
            const cookie = await signedIn('ann@example.org');
            const who = (await me(a, cookie)).json;

            assert.equal(who.name, 'Ann Élan');
            assert.equal(who.role, 'manager');
        });

        test('add: who is there already is refused', async () => {
            const got = await user(['add', 'root@example.org'], good);

            assert.equal(got.code, 1);
            assert.match(got.err, /^appliance: .*email.*\n$/);
        });

        test('list: as a table and as JSON', async () => {
            const table = await ok(['list']);
            const json = JSON.parse((await ok(['list', '--json'])).out);
            const root = json.find(({ email }) => email === 'root@example.org');

            assert.match(table.out, /^ +id +email +name +role +state\n/);
            assert.match(table.out, /root@example\.org +root +admin +active\n/);
            assert.deepEqual(
                { ...root, id: 0, created: 0 },
                {
                    id: 0,
                    email: 'root@example.org',
                    name: 'root',
                    role: 'admin',
                    active: true,
                    hasPassword: true,
                    created: 0,
                },
            );
            assert.ok(Math.abs(new Date(root.created) - Date.now()) < 60000);
        });

        test('role: the session ends, the next one has it', async () => {
            await ok(['add', 'rita@example.org'], good);
            const cookie = await signedIn('rita@example.org');
            const got = await ok(['role', 'RITA@example.org', 'manager']);

            assert.match(got.out, /has the role manager\n$/);
            await endsAtOnce(a, cookie);
            const again = await signedIn('rita@example.org');

            assert.equal((await me(a, again)).json.role, 'manager');
        });

        test('disable and enable', async () => {
            await ok(['add', 'dan@example.org'], good);
            const cookie = await signedIn('dan@example.org');

            await ok(['disable', 'dan@example.org']);
            await endsAtOnce(a, cookie);
            assert.equal((await signIn(a, 'dan@example.org', good)).status, 401);
            assert.match((await ok(['list'])).out, /dan@.* disabled\n/);
            await ok(['enable', 'dan@example.org']);
            await signedIn('dan@example.org');
            assert.equal((await me(a, cookie)).status, 401);
        });

        test('password: sessions end, the old one is no good', async () => {
            await ok(['add', 'pia@example.org'], good);
            const cookie = await signedIn('pia@example.org');

            await ok(['password', 'pia@example.org'], other);
            await endsAtOnce(a, cookie);
            assert.equal((await signIn(a, 'pia@example.org', good)).status, 401);
            await signedIn('pia@example.org', other);
        });

        test('delete: the session ends, nobody signs in', async () => {
            await ok(['add', 'del@example.org'], good);
            const cookie = await signedIn('del@example.org');

            await ok(['delete', 'del@example.org', '--yes']);
            await endsAtOnce(a, cookie);
            assert.equal((await signIn(a, 'del@example.org', good)).status, 401);
            assert.ok(!(await ok(['list'])).out.includes('del@example.org'));
        });

        test('the last administrator stays one', async () => {
            for (const args of [
                ['role', 'root@example.org', 'user'],
                ['disable', 'root@example.org'],
                ['delete', 'root@example.org', '--yes'],
            ]) {
                const got = await user(args);

                assert.notEqual(got.code, 0, args.join(' '));
                assert.match(got.err, /^appliance: .*administrator.*\n$/);
            }
            await signedIn('root@example.org');
        });

        test('what is cached of users is given up', async () => {
            const cookie = await signedIn('root@example.org');
            const list = async () =>
                (await a.get('/api/v1/users?perPage=500', { headers: { cookie } }))
                    .json.items;

            await list();
            await list();
            await ok(['add', 'new@example.org'], good);
            await until('the list has the new account', async () =>
                (await list()).some(({ email }) => email === 'new@example.org'),
            );
        });

        test('the trail says that it was the command line', async () => {
            const cookie = await signedIn('root@example.org');
            const users = JSON.parse((await ok(['list', '--json'])).out);
            const { id } = users.find(({ email }) => email === 'rita@example.org');
            const got = await a.get(`/api/v1/auth/history?account=${id}`, {
                headers: { cookie },
            });

            assert.equal(got.status, 200, got.text);
            assert.match(got.text, /command line/);
            assert.match(got.text, /role/);
        });
    });

// The command cannot tell by Redis; the instance may not know yet that it is
// gone, and must not believe it when it comes back.
for (const store of ['sqlite', 'postgres'])
    for (const [away, back] of [
        ['crash', 'start'],
        ['pause', 'resume'],
    ])
        test(`commands: ${store}, Redis away by ${away}`, async (t) => {
            t.after(stopAll);
            const redis = await ownRedis();
            const env = { ...cheap, ...(await backends({ store })) };

            env.REDIS_URL = redis.url;
            const a = await start({ env });
            const user = async (args, input = '') => {
                const options = { env, folder: a.folder, input };
                const got = await command(['user', ...args], options);

                assert.equal(got.code, 0, got.err);
            };

            await user(['add', 'root@example.org', '--role=admin'], good);
            await user(['add', 'ann@example.org'], good);
            const cookie = cookieOf(await signIn(a, 'ann@example.org', good));

            assert.equal((await me(a, cookie)).status, 200);
            await redis[away]();
            await user(['disable', 'ann@example.org']);
            await endsAtOnce(a, cookie);
            await redis[back]();
            for (let i = 0; i < 20; i++) {
                assert.equal((await me(a, cookie)).status, 401);
                await sleep(50);
            }
        });

describe('commands: before any start', () => {
    after(stopAll);

    test('the first account makes the file, and then it serves', async () => {
        const folder = newFolder();
        const file = join(folder, 'data/app.db');
        const got = await command(
            ['user', 'add', 'root@example.org', '--role', 'admin'],
            { folder, env: cheap, input: good },
        );

        assert.equal(got.code, 0, got.err);
        assert.equal(statSync(file).mode & 0o777, 0o600);
        const a = await start({ folder, env: cheap });

        assert.equal((await signIn(a, 'root@example.org', good)).status, 200);
    });

    test('only add makes a database', async () => {
        const folder = newFolder();

        for (const args of [
            ['list'],
            ['role', 'x@x.org', 'user'],
            ['delete', 'x@x.org', '--yes'],
        ]) {
            const got = await command(['user', ...args], { folder });

            assert.equal(got.code, 1);
            assert.match(got.err, /^appliance: DATABASE_URL .*no such file\n$/);
            assert.ok(!existsSync(join(folder, 'data')), 'it made a folder');
        }
    });

    test('another app.json than the database has is refused', async () => {
        const folder = newFolder();
        const first = await command(['migrate'], { folder });

        assert.equal(first.code, 0, first.err);
        const before = readFileSync(join(folder, 'data/app.db'));

        writeFileSync(
            join(folder, 'more.json'),
            JSON.stringify({
                collections: [
                    { name: 'books', fields: [{ name: 'title', type: 'text' }] },
                ],
            }),
        );
        const got = await command(['user', 'list'], {
            folder,
            env: { APP_FILE: 'more.json' },
        });

        assert.equal(got.code, 1);
        assert.match(got.err, /^appliance: the database is not as app\.json/);
        assert.deepEqual(readFileSync(join(folder, 'data/app.db')), before);
    });
});

describe('commands: words', () => {
    let folder;
    const user = (args, input = '') =>
        command(['user', ...args], { folder, env: cheap, input });

    before(async () => {
        folder = newFolder();
        const got = await user(['add', 'root@x.org', '--role=admin'], good);

        assert.equal(got.code, 0, got.err);
    });
    after(stopAll);

    test('usage', async () => {
        const help = await command(['help', 'user'], { folder });

        for (const args of [[], ['--help'], ['add', '--help'], ['help', 'me']])
            if (args[0] !== 'help') {
                const got = await user(args);

                assert.equal(got.code, 0);
                assert.equal(got.out, help.out);
                assert.equal(got.err, '');
            }
        assert.match(help.out, /Usage: appliance user COMMAND/);
        assert.match((await command(['help'], { folder })).out, /^ {2}user /m);
    });

    const refused = [
        [['ad', 'x@x.org'], /"user ad"; one of add, list, role/],
        [['--json'], /unknown command "user --json"/],
        [['add'], /e-mail address/],
        [['add', ''], /e-mail address/],
        [['add', 'x@x.org', 'boss'], /"boss" is one word too many/],
        [['add', 'x@x.org', '--role'], /--role needs a value/],
        [['add', 'x@x.org', '--role', 'boss'], /no role "boss"; one of admin, manager, user/],
        [['add', 'x@x.org', '--rol', 'admin'], /--rol/],
        [['add', 'nobody'], /email/],
        [['add', 'x@x.org', '--name', ''], /name/],
        [['list', 'x@x.org'], /one word too many/],
        [['list', '--yes', '1'], /--yes/],
        [['role', 'root@x.org'], /which role/],
        [['role', 'root@x.org', 'boss'], /one of admin, manager, user/],
        [['disable'], /e-mail address/],
        [['delete', 'root@x.org'], /--yes/],
        [['password', 'root@x.org', '--password-file', 'none.txt'], /none\.txt/],
        [['add', 'x@x.org', '--log-level', 'loud'], /LOG_LEVEL/],
    ];

    for (const [args, words] of refused)
        test(`refused: ${args.join(' ')}`, async () => {
            const got = await user(args, good);

            assert.equal(got.code, 2, got.err);
            assert.match(got.err, /^appliance: [^\n]*\n$/);
            assert.match(got.err, words);
            assert.equal(got.out, '');
        });

    for (const args of [
        ['role', 'no@x.org', 'user'],
        ['disable', 'no@x.org'],
        ['enable', 'no@x.org'],
        ['password', 'no@x.org'],
        ['delete', 'no@x.org', '--yes'],
    ])
        test(`nobody of that address: ${args.join(' ')}`, async () => {
            const got = await user(args, good);

            assert.equal(got.code, 1);
            assert.match(got.err, /^appliance: no account .*"no@x\.org"\n$/);
        });

    test('options of the program work before and after', async () => {
        const url = `sqlite:${join(folder, 'data/app.db')}`;

        for (const args of [
            ['list', '--database-url', url],
            ['role', '--database-url', url, 'root@x.org', 'admin'],
            ['role', 'root@x.org', `--database-url=${url}`, 'admin'],
            ['role', '--email', 'root@x.org', '--role', 'admin', '--database-url', url],
        ]) {
            const got = await command(['user', ...args], {
                folder,
                env: { ...cheap, DATA_DIR: join(folder, 'none') },
            });

            assert.equal(got.code, 0, `${args}: ${got.err}`);
        }
    });

    test('letters that a terminal would obey are not shown', async () => {
        const got = await user(
            ['add', 'esc@x.org', '--name', 'a\u001b[31mb\u009bc'],
            good,
        );

        if (got.code !== 0) return assert.match(got.err, /name/);
        const { out } = await user(['list']);

        assert.ok(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(out), out);
    });
});

// A terminal, with what is typed into it when it asks. Prints what it showed,
// then the exit code and whether typing is shown again.
const typist = `
import os, pty, select, sys, termios, time
typed = sys.argv[1].encode().decode('unicode_escape').encode('latin-1').split(b'|')
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
shown = b''
mark = 0
end = time.time() + 15
while time.time() < end:
    ready, _, _ = select.select([fd], [], [], 0.1)
    if ready:
        try:
            part = os.read(fd, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    asks = shown[mark:].rstrip(b' ').endswith(b':')
    hidden = not termios.tcgetattr(fd)[3] & termios.ECHO
    if typed and asks and (hidden or b'[y/N]' in shown[mark:]):
        mark = len(shown)
        os.write(fd, typed.pop(0))
try:
    echo = bool(termios.tcgetattr(fd)[3] & termios.ECHO)
except termios.error:
    echo = None
_, status = os.waitpid(pid, 0)
code = os.waitstatus_to_exitcode(status)
sys.stdout.buffer.write(shown.replace(b'\\r', b''))
print('code', code, 'echo', echo)
`;

describe('commands: the password', () => {
    let a;
    let folder;
    let n = 0;
    const user = (args, input = '') =>
        command(['user', ...args], { folder, env: cheap, input });
    const fresh = () => `u${++n}@example.org`;
    const signsIn = async (email, password) =>
        assert.equal((await signIn(a, email, password)).status, 200, email);
    const type = (typed, ...args) =>
        run('python3', ['-c', typist, typed, binary, 'user', ...args], {
            cwd: folder,
            env: { ...a.env, PATH: process.env.PATH },
        });

    before(async () => {
        a = await start({ env: { ...cheap, RATE_LIMIT: 'off' } });
        folder = a.folder;
        writeFileSync(join(folder, 'password'), `${good}\r\nnot this\n`);
        writeFileSync(join(folder, 'empty'), '\n');
        await user(['add', 'root@example.org', '--role=admin'], good);
    });
    after(stopAll);

    for (const file of ['password', '-'])
        test(`--password-file ${file}`, async () => {
            const email = fresh();
            const got = await user(
                ['add', email, '--password-file', file],
                `${good}\n`,
            );

            assert.equal(got.code, 0, got.err);
            assert.ok(!got.out.includes(good));
            await signsIn(email, good);
        });

    for (const [file, input] of [
        ['empty', good],
        ['-', ''],
    ])
        test(`--password-file ${file}: empty is refused`, async () => {
            const args = ['add', fresh(), '--password-file', file];
            const got = await user(args, input);

            assert.equal(got.code, 2);
            assert.match(got.err, /empty/);
        });

    test('the first line of standard input', async () => {
        const email = fresh();

        assert.equal((await user(['add', email], `${good}\nx`)).code, 0);
        await signsIn(email, good);
    });

    test('nothing given: a strong one, alone on standard output', async () => {
        const made = new Set();

        for (const input of ['', '\n', '']) {
            const email = fresh();
            const got = await user(['add', email], input);

            assert.equal(got.code, 0, got.err);
            assert.match(got.out, /^[a-z2-9-]{20,}\n$/);
            assert.match(got.err, new RegExp(`^${email} added`));
            await signsIn(email, got.out.trim());
            made.add(got.out);
        }
        assert.equal(made.size, 3);
    });

    for (const [password, words] of [
        ['short', /8/],
        ['x'.repeat(73), /72/],
        ['password123', /password/],
        ['x'.repeat(5000), /72/],
        ['caf\u0001 au lait noir', /password/],
    ])
        test(`weak: ${password.slice(0, 20)}`, async () => {
            const email = fresh();
            const got = await user(['add', email], password);

            assert.equal(got.code, 2, got.err);
            assert.match(got.err, /^appliance: [^\n]*\n$/);
            assert.match(got.err, words);
            assert.ok(!got.err.includes(`"${password}`), 'it is shown');
            const list = await user(['list']);

            assert.ok(!list.out.includes(email));
        });

    test('at a terminal: asked twice, never shown', async () => {
        const email = fresh();
        const got = await type(`${good}\\n|${good}\\n`, 'add', email);

        assert.match(got.out, /code 0/, got.out);
        assert.match(got.out, /Password.*:/);
        assert.ok(!got.out.includes(good), got.out);
        await signsIn(email, good);
    });

    test('at a terminal: not the same twice', async () => {
        const got = await type(`${good}\\n|${other}\\n`, 'add', fresh());

        assert.match(got.out, /not the same/);
        assert.match(got.out, /code 2 /);
    });

    test('at a terminal: nothing typed makes one', async () => {
        const email = fresh();
        const got = await type('\\n', 'add', email);
        const made = /^[a-z2-9-]{20,}$/m.exec(got.out);

        assert.ok(made, got.out);
        await signsIn(email, made[0]);
    });

    test('at a terminal: Ctrl-C leaves it as it was', async () => {
        const got = await type('half\\x03', 'add', fresh());

        assert.match(got.out, /code -2 echo True/, got.out);
    });

    for (const [answer, gone] of [
        ['n', false],
        ['', false],
        ['y', true],
    ])
        test(`at a terminal: delete, answered "${answer}"`, async () => {
            const email = fresh();

            await user(['add', email], good);
            const got = await type(`${answer}\\n`, 'delete', email);
            const list = await user(['list']);

            assert.match(got.out, gone ? /code 0/ : /code 1/, got.out);
            assert.equal(!list.out.includes(email), gone);
        });
});
