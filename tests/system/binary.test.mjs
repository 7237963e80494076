// SPDX-License-Identifier: MIT
// The file itself: what kind of executable it is, and that it needs nothing
// of the machine while it serves.
import assert from 'node:assert/strict';
import { chmodSync, chownSync, copyFileSync, existsSync } from 'node:fs';
import { mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { binary, newFolder, run, start, stopAll } from './appliance.mjs';
import { until } from './appliance.mjs';
import { admin, adminEnv, signIn } from './people.mjs';
import { ownRedis, postgres } from './servers.mjs';

const nobody = 65534;
const user = { name: 'Ann', email: 'ann@example.org' };

async function tool(command, ...args) {
    const { code, out, err } = await run(command, args);

    assert.equal(code, 0, `${command} ${args.join(' ')}: ${err}`);
    return out;
}

// Asks for a little of everything, so that all the code has a chance. Of an
// instance that has adminEnv: the command line sees none of an empty root, to
// make a key in it.
async function useAll(a) {
    const me = await signIn(a, admin);
    const { id } = (await a.post('/api/v1/users', user, me)).json;

    for (const path of ['/', '/health', '/users', `/api/v1/users/${id}`])
        assert.equal((await a.get(path, me)).status, 200, path);
    assert.equal((await a.get(`/api/v1/users/${id}`, me)).status, 200);
    assert.equal((await a.askOps('/readyz?verbose')).status, 200);
    assert.equal((await a.askOps('/metrics')).status, 200);
    assert.equal((await a.delete(`/api/v1/users/${id}`, me)).status, 204);
    const wanted = { name: 'a key', scopes: ['*'] };
    const { key } = (await a.post('/api/v1/auth/keys', wanted, me)).json;

    assert.equal((await a.get('/users', { as: key })).status, 200);
    assert.equal((await a.post('/logout', {}, me)).status, 204);
}

describe('binary: the file', () => {
    after(stopAll);

    test('static-PIE', async () => {
        const head = await tool('readelf', '-hW', binary);
        const parts = await tool('readelf', '-lW', binary);
        const needs = await tool('readelf', '-dW', binary);

        assert.match(head, /Type:\s+DYN/, 'can be loaded anywhere');
        assert.doesNotMatch(parts, /INTERP/, 'no loader');
        assert.doesNotMatch(needs, /NEEDED|RUNPATH|RPATH/);
        assert.match(needs, /FLAGS_1\).*\bPIE\b/);
        const ldd = await run('ldd', [binary]);

        assert.match(ldd.out + ldd.err, /statically linked|not a dynamic/);
    });

    test('full RELRO, nothing both writable and executable', async () => {
        const parts = await tool('readelf', '-lW', binary);
        const needs = await tool('readelf', '-dW', binary);

        assert.match(parts, /GNU_RELRO/);
        assert.match(needs, /\bNOW\b/);
        assert.match(parts, /GNU_STACK.*\bRW\s/);
        for (const [, flags] of parts.matchAll(
            /^\s+LOAD\s.*0x\w+\s([RWE ]{3})\s0x/gm,
        ))
            assert.ok(!/W.*E/.test(flags), `LOAD ${flags}`);
        assert.doesNotMatch(needs, /TEXTREL/);
    });

    test('stripped; its symbols are beside it', async () => {
        const debug = `${binary}.debug`;
        const idOf = async (file) =>
            /Build ID: (\w+)/.exec(await tool('readelf', '-nW', file))?.[1];

        assert.doesNotMatch(await tool('readelf', '-SW', binary), /\.symtab/);
        assert.match(await tool('readelf', '-SW', binary), /\.gnu_debuglink/);
        const beside = existsSync(debug);

        if (process.env.APPLIANCE && !beside) return; // a copy of the file
        assert.ok(beside, debug);
        assert.equal(await idOf(binary), await idOf(debug));
        assert.match(await tool('readelf', '-SW', debug), /\.debug_info/);
        const names = await tool('readelf', '-sW', debug);

        for (const name of ['__stack_chk_fail', 'app_open_store'])
            assert.ok(names.includes(` ${name}\n`), name);
    });

    test('it tells nobody where it was built', async () => {
        const bytes = readFileSync(binary).toString('latin1');

        assert.doesNotMatch(
            bytes,
            /\/(home|root|tmp|work|build)\/[\w./-]+\.[ch]\b/,
        );
    });
});

describe('binary: what it asks of the kernel', () => {
    after(stopAll);

    // Calls as strace wrote them, one a line.
    async function trace(env) {
        const log = join(newFolder(), 'calls');
        const a = await start({
            env: { ...adminEnv, ...env },
            key: false,
            prefix: [
                ...['strace', '-f', '-qq', '-o', log, '-e'],
                'trace=process,open,openat,openat2,mmap,mprotect,socket',
            ],
        });

        // The tracer passes no signal on: the traced one is its child.
        const tasks = `/proc/${a.pid}/task/${a.pid}/children`;
        const pid = Number(readFileSync(tasks, 'utf8').trim());

        try {
            await useAll(a);
        } finally {
            process.kill(pid, 'SIGTERM');
        }
        assert.equal((await a.ended).code, 0);
        return readFileSync(log, 'utf8').split('\n');
    }

    const stores = {
        SQLite: async () => ({}),
        'PostgreSQL and Redis': async () => ({
            DATABASE_URL: await (await postgres()).database(),
            REDIS_URL: (await ownRedis()).url,
        }),
    };

    for (const [name, servers] of Object.entries(stores))
        test(`${name}: no fork, no exec, no library`, async () => {
            const calls = await trace(await servers());
            const made = calls.filter((line) =>
                /\b(fork|vfork|clone3?|execve|execveat)\(/.test(line),
            );
            const others = made.filter(
                (line) =>
                    !/\bclone3?\(.*CLONE_VM.*CLONE_THREAD/.test(line) &&
                    !/\bexecve\(".*\/\w[^"]*"/.test(line),
            );

            assert.deepEqual(others, [], 'threads only');
            assert.equal(
                made.filter((line) => /exec/.test(line)).length,
                1,
                'its own start',
            );
            const files = calls
                .map((line) =>
                    /\bopen(?:at2?)?\((?:\S+, )?"([^"]*)"/.exec(line),
                )
                .filter(Boolean)
                .map(([, path]) => path);

            for (const path of files)
                assert.doesNotMatch(
                    path,
                    /\.so\b|\/lib\/|ld\.so|nsswitch|locale/,
                );
            for (const line of calls)
                assert.doesNotMatch(line, /PROT_WRITE\|PROT_EXEC/);
        });
});

const mayChroot = process.getuid() === 0;

describe('binary: alone in an empty root', () => {
    after(stopAll);

    // A root with the executable and one folder that it may write; all else
    // is read-only, and it runs as nobody.
    function newRoot() {
        const folder = newFolder();

        chmodSync(folder, 0o755);
        copyFileSync(binary, join(folder, 'appliance'));
        chmodSync(join(folder, 'appliance'), 0o555);
        mkdirSync(join(folder, 'data'));
        chownSync(join(folder, 'data'), nobody, nobody);
        chmodSync(folder, 0o555);
        return folder;
    }

    async function startIn(folder, env, args = []) {
        const enter = [
            `mount --bind "${folder}" "${folder}"`,
            `mount -o remount,bind,ro "${folder}"`,
            `mount --bind "${folder}/data" "${folder}/data"`,
            `mount -o remount,bind,rw "${folder}/data"`,
            `exec chroot --userspec=${nobody}:${nobody} "${folder}"` +
                ' /appliance "$@"',
        ].join(' && ');

        return start({
            env: { ...adminEnv, ...env },
            args,
            key: false,
            prefix: [
                ...['unshare', '--mount', '--propagation', 'private'],
                ...['sh', '-c', enter],
            ],
        });
    }

    const skip = mayChroot ? false : 'root only';

    test('SQLite: one writable folder is enough', { skip }, async () => {
        const folder = newRoot();
        const a = await startIn(folder, { DATA_DIR: '/data' });

        await useAll(a);
        const status = readFileSync(`/proc/${a.pid}/status`, 'utf8');

        assert.match(status, /^Uid:\s+65534\s+65534/m);
        assert.deepEqual(readdirSync(folder).sort(), ['appliance', 'data']);
        const made = readdirSync(join(folder, 'data'));

        assert.ok(made.includes('app.db'), String(made));
        for (const name of made)
            assert.equal(statSync(join(folder, 'data', name)).uid, nobody);
        assert.equal((await a.stop()).code, 0);
    });

    test(
        'PostgreSQL and a certificate: nothing writable',
        { skip },
        async () => {
            const folder = newRoot();
            const made = await startIn(folder, { DATA_DIR: '/data' });

            await made.stop();
            copyFileSync(
                join(folder, 'data', 'tls.crt'),
                join(folder, 'c.pem'),
            );
            copyFileSync(
                join(folder, 'data', 'tls.key'),
                join(folder, 'k.pem'),
            );
            chownSync(join(folder, 'k.pem'), nobody, nobody);
            chownSync(join(folder, 'data'), 0, 0);
            chmodSync(join(folder, 'data'), 0o555);
            const a = await startIn(folder, {
                DATABASE_URL: await (await postgres()).database(),
                DATA_DIR: '/none',
                TLS_CERT: '/c.pem',
                TLS_KEY: '/k.pem',
            });

            await useAll(a);
            assert.ok(!existsSync(join(folder, 'none')));
            assert.equal((await a.stop()).code, 0);
        },
    );

    test('healthcheck needs no more', { skip }, async () => {
        const folder = newRoot();
        const a = await startIn(folder, { DATA_DIR: '/data' });
        const check = await run(
            'chroot',
            [
                `--userspec=${nobody}:${nobody}`,
                folder,
                '/appliance',
                'healthcheck',
            ],
            { env: { ...process.env, LISTEN_OPS: `127.0.0.1:${a.opsPort}` } },
        );

        assert.equal(check.code, 0, check.err);
        await a.stop();
        await until('it is gone', async () => {
            const { code } = await run(
                'chroot',
                [folder, '/appliance', 'healthcheck'],
                {
                    env: {
                        ...process.env,
                        LISTEN_OPS: `127.0.0.1:${a.opsPort}`,
                    },
                },
            );

            return code === 1;
        });
    });
});
