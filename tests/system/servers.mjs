// SPDX-License-Identifier: MIT
// PostgreSQL and Redis for the tests: what tests/with-servers started before
// us, or servers of this file's own, started by it.
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { launch, newFolder, root, run } from './appliance.mjs';

// Holds with-servers open: it prints what it started, then reads until we
// are gone.
async function startServers(only) {
    const env = { ...process.env };

    for (const name of Object.keys(env))
        if (name.startsWith('TEST_')) delete env[name];
    if (process.env.TEST_FSYNC) env.TEST_FSYNC = process.env.TEST_FSYNC;
    const child = launch(
        join(root, 'tests/with-servers'),
        ['--only', only, 'sh', '-c', 'env | grep ^TEST_; echo; exec cat'],
        { env, stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const found = {};
    let text = '';

    child.kill = () => child.stdin.destroy(); // it cleans up by itself
    child.stdin.on('error', () => {});
    for await (const part of child.stdout.setEncoding('utf8')) {
        text += part;
        if (text.endsWith('\n\n')) break;
    }
    for (const line of text.trim().split('\n')) {
        const at = line.indexOf('=');

        found[line.slice(0, at)] = line.slice(at + 1);
    }
    found.ended = child.ended;
    return found;
}

class Server {
    constructor(url, ctl) {
        this.url = url;
        this.ctl = ctl;
    }

    async control(what) {
        const { code, err } = await run(this.ctl, [what]);

        if (code !== 0) throw new Error(`${this.ctl} ${what}: ${err}`);
    }
    start = () => this.control('start');
    stop = () => this.control('stop');
    crash = () => this.control('kill');
    pause = () => this.control('pause');
    resume = () => this.control('resume');
}

function psqlPath() {
    const folder = '/usr/lib/postgresql';

    try {
        const newest = readdirSync(folder).sort((a, b) => b - a)[0];

        return join(folder, newest, 'bin/psql');
    } catch {
        return 'psql';
    }
}

export class Postgres extends Server {
    constructor(found) {
        super(found.TEST_POSTGRES_URL, found.TEST_POSTGRES_CTL);
        this.adminUrl = found.TEST_POSTGRES_ADMIN_URL;
    }

    // Rows as lines, columns with | between them.
    async sql(text, url = this.adminUrl) {
        const args = ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-c', text, url];
        const { code, out, err } = await run(psqlPath(), args);

        if (code !== 0) throw new Error(`${text}: ${err}`);
        return out.trim();
    }

    // An empty database of its own: its URL. It sorts like French, where the
    // server can: who forgot to ask for byte order is found out.
    async database() {
        const name = `t_${randomBytes(6).toString('hex')}`;
        const create = `CREATE DATABASE ${name} OWNER app TEMPLATE template0`;
        const url = new URL(this.url);

        try {
            await this.sql(`${create} LOCALE_PROVIDER icu ICU_LOCALE 'fr'`);
        } catch {
            await this.sql(create);
        }
        url.pathname = `/${name}`;
        return url.href;
    }
}

export class Redis extends Server {
    constructor(found) {
        super(found.TEST_REDIS_URL, found.TEST_REDIS_CTL);
        this.port = new URL(this.url).port;
    }

    async cli(...args) {
        const { out } = await run('redis-cli', ['-p', this.port, ...args]);

        return out.trim();
    }
}

let shared;

async function startShared() {
    const found = await startServers('postgres');

    found.ended.finally(() => (shared = undefined)); // stopAll ends it too
    return found;
}

// The one that all files may share; never stopped or restarted by a test.
export async function postgres() {
    shared ??= process.env.TEST_POSTGRES_URL
        ? Promise.resolve(process.env)
        : startShared();
    return new Postgres(await shared);
}

// Servers of this file's own: for tests that stop them, and every Redis,
// since the names of its keys are the same for all appliances.
export async function ownPostgres() {
    return new Postgres(await startServers('postgres'));
}

export async function ownRedis() {
    return new Redis(await startServers('redis'));
}

export const combinations = [
    { name: 'SQLite', store: 'sqlite' },
    { name: 'PostgreSQL', store: 'postgres' },
    { name: 'PostgreSQL and Redis', store: 'postgres', redis: true },
    { name: 'SQLite and Redis', store: 'sqlite', redis: true },
];

// The options that give an appliance this combination, on empty servers.
export async function backends({ store, redis }) {
    const env = {};

    if (store === 'postgres') {
        env.DATABASE_URL = await (await postgres()).database();
        env.DATABASE_POOL = '4';
    } else {
        env.DATABASE_URL = `sqlite:${join(newFolder(), 'app.db')}`;
    }
    if (redis) env.REDIS_URL = (await ownRedis()).url;
    return env;
}
