// SPDX-License-Identifier: MIT
// Starts the real executable, in a folder of its own and on ports that the
// system chose, and reads its log. In every file:
//
//     describe('subject', () => {
//         after(stopAll);
//         test('…', async () => {
//             const a = await start();
//             const answer = await a.get('/health');
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ask } from './client.mjs';
import { dial } from './wire.mjs';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const binary = process.env.APPLIANCE ?? join(root, 'out/appliance');

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Tries until it gives something (other than false, null, undefined).
export async function until(what, probe, { timeout = 15000, every = 10 } = {}) {
    const end = Date.now() + timeout;

    for (;;) {
        const got = await probe();

        if (got !== false && got !== null && got !== undefined) return got;
        if (Date.now() > end) throw new Error(`not in ${timeout} ms: ${what}`);
        await sleep(every);
    }
}

const folders = new Set();

export function newFolder() {
    const folder = mkdtempSync(join(tmpdir(), 'system.'));

    folders.add(folder);
    return folder;
}

const running = new Set();

function cleanUp() {
    for (const child of running) child.kill('SIGKILL');
    for (const folder of folders)
        rmSync(folder, { recursive: true, force: true });
    folders.clear();
}
process.on('exit', cleanUp);
for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => process.exit(1));

// Ends everything that this file has started.
export async function stopAll() {
    const ends = [...running].map((child) => child.ended);

    for (const child of running) child.kill('SIGKILL');
    await Promise.all(ends);
    cleanUp();
}

// A child whose end can be waited for, and that does not outlive us.
export function launch(command, args, options) {
    const child = spawn(command, args, options);

    child.ended = new Promise((done, failed) => {
        child.on('error', failed);
        child.on('close', (code, signal) => {
            running.delete(child);
            done({ code, signal });
        });
    });
    child.ended.catch(() => {});
    running.add(child);
    return child;
}

// Runs a command to its end: { code, signal, out, err }.
export async function run(command, args, options = {}) {
    const { input, timeout = 20000, ...rest } = options;
    const child = launch(command, args, rest);
    let out = '';
    let err = '';

    child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
    child.stdin.on('error', () => {}).end(input);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
    const { code, signal } = await child.ended;

    clearTimeout(timer);
    return { code, signal, out, err };
}

const anyPort = '127.0.0.1:0';

// The environment of an appliance: nothing of ours but what is said here.
// A value of null leaves an option at its default. Tests ask more often than
// people do, and have no time for passwords that are hard to guess.
function environment(folder, given) {
    const env = {
        PATH: process.env.PATH,
        LISTEN: anyPort,
        LISTEN_HTTP: anyPort,
        LISTEN_OPS: anyPort,
        DATA_DIR: join(folder, 'data'),
        START_TIMEOUT_MS: '10000',
        RATE_LIMIT: 'off',
        PASSWORD_COST: '4',
        ...given,
    };

    for (const name of Object.keys(env))
        if (env[name] === null) delete env[name];
    return env;
}

// A command that is expected to end by itself, such as plan.
export function command(args, { env = {}, folder, ...rest } = {}) {
    const cwd = folder ?? newFolder();

    return run(binary, args, { cwd, env: environment(cwd, env), ...rest });
}

// An administrator's key, made by the command line: of no account, so that
// there are no users but those of the test. Null: none could be made, which the
// start is going to explain.
async function makeKey(folder, env) {
    const args = ['key', 'add', 'tests'];
    const { code, out } = await run(binary, args, { cwd: folder, env });

    return code === 0 ? out.trim() : null;
}

const shown = (headers = {}) =>
    Object.keys(headers).some((name) => /^(authorization|cookie)$/i.test(name));

class Appliance {
    constructor(child, folder, env) {
        this.child = child;
        this.pid = child.pid;
        this.folder = folder;
        this.env = env;
        this.lines = []; // of the log, as written
        this.log = []; // the same as objects
        this.ended = child.ended;
        this.base = env.BASE_PATH?.replace(/\/$/, '') ?? '';
        this.left = '';
        this.out = ''; // what is for people
    }

    // One line each; what is no JSON stays a string in .log.
    hear(text) {
        const lines = (this.left + text).split('\n');

        this.left = lines.pop();
        for (const line of lines) {
            this.lines.push(line);
            try {
                this.log.push(JSON.parse(line));
            } catch {
                this.log.push(line);
            }
        }
    }

    events(name) {
        return this.log.filter((line) => line.event === name);
    }

    // Waits for an event, logged after `from` lines of the log.
    event(name, { from = 0, where = () => true, timeout = 15000 } = {}) {
        const fits = (line) => line.event === name && where(line);
        const probe = () => this.log.slice(from).find(fits);

        return until(`the event ${name}\n${this.lines.join('\n')}`, probe, {
            timeout,
        });
    }

    takeAddress(ready) {
        this.port = ready.https_port;
        this.httpPort = ready.http_port;
        this.opsPort = ready.ops_port;
        this.url = `https://127.0.0.1:${this.port}`;
        this.http = `http://127.0.0.1:${this.httpPort}`;
        this.ops = `http://127.0.0.1:${this.opsPort}`;
    }

    // The headers of who asks: 'admin', 'nobody', or a token of his.
    proof(as = this.as) {
        if (as === 'nobody') return {};
        return { authorization: `Bearer ${as === 'admin' ? this.key : as}` };
    }

    // options.as: who asks, unless the headers say so.
    ask(method, path, { as, ...options } = {}) {
        const target = this.base + path;
        const proof = shown(options.headers) ? {} : this.proof(as);
        const headers = { ...proof, ...options.headers };

        return ask(options.at ?? this.url, method, target, {
            ...options,
            headers,
        });
    }

    get(path, options) {
        return this.ask('GET', path, options);
    }

    post(path, json, options) {
        return this.ask('POST', path, { json, ...options });
    }

    patch(path, json, options) {
        return this.ask('PATCH', path, { json, ...options });
    }

    put(path, json, options) {
        return this.ask('PUT', path, { json, ...options });
    }

    delete(path, options) {
        return this.ask('DELETE', path, options);
    }

    askOps(path, options) {
        return ask(this.ops, 'GET', path, options);
    }

    // Bytes as they are, over TLS unless a plain port is named.
    dial({ port, ...options } = {}) {
        return dial({ port: port ?? this.port, tls: !port, ...options });
    }

    async stop(signal = 'SIGTERM') {
        this.child.kill(signal);
        return this.ended;
    }

    kill() {
        return this.stop('SIGKILL');
    }
}

// options: env, args, folder (to start in again); wait: false returns before
// it is ready; prefix: a command to run it through, such as strace; as: who
// asks, if a request does not say ('admin'); key: false makes no key for
// 'admin' beforehand.
export async function start(options = {}) {
    const folder = options.folder ?? newFolder();
    const env = environment(folder, options.env);
    const key = options.key === false ? null : await makeKey(folder, env);
    const [program, ...args] = [
        ...(options.prefix ?? []),
        binary,
        ...(options.args ?? []),
    ];
    const child = launch(program, args, {
        cwd: folder,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
    });
    const a = new Appliance(child, folder, env);

    a.key = key;
    a.as = options.as ?? (key === null ? 'nobody' : 'admin');
    child.stdout.setEncoding('utf8').on('data', (text) => (a.out += text));
    child.stderr.setEncoding('utf8').on('data', (text) => a.hear(text));
    if (options.wait === false) return a;
    await Promise.race([
        a.event('ready', { timeout: options.timeout ?? 20000 }),
        a.ended.then(() => {
            throw new Error(`it did not start:\n${a.lines.join('\n')}`);
        }),
    ]).then((ready) => a.takeAddress(ready));
    return a;
}

if (!existsSync(binary)) throw new Error(`${binary} is not there: make`);
