// SPDX-License-Identifier: MIT
// A client for requests that no client should send: bytes out, answers in.
import net from 'node:net';
import tls from 'node:tls';

const CRLF2 = Buffer.from('\r\n\r\n');

function parseHead(text) {
    const [first, ...lines] = text.split('\r\n');
    const match = /^HTTP\/1\.1 (\d{3}) ([\x20-\x7e]*)$/.exec(first);
    const headers = {};

    if (!match) throw new Error(`no status line: ${JSON.stringify(first)}`);
    for (const line of lines) {
        const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([^\r\n\0]*)$/.exec(
            line,
        );

        if (!field) throw new Error(`no field: ${JSON.stringify(line)}`);
        const name = field[1].toLowerCase();

        if (name in headers && name !== 'set-cookie')
            throw new Error(`twice: ${line}`);
        headers[name] = field[2];
    }
    return { status: Number(match[1]), headers };
}

class Wire {
    constructor(socket) {
        this.socket = socket;
        this.bytes = Buffer.alloc(0);
        this.ended = false; // the other side sent its end, or broke off
        this.error = null;
        this.wakers = [];
        const wake = () => {
            for (const waker of this.wakers.splice(0)) waker();
        };
        const end = () => {
            this.ended = true;
            wake();
        };

        socket.on('data', (part) => {
            this.bytes = Buffer.concat([this.bytes, part]);
            wake();
        });
        socket.on('error', (error) => {
            this.error = error;
            end();
        });
        socket.on('end', end);
        socket.on('close', end);
    }

    // Waits for news, at most so long; false: none came.
    news(end) {
        const left = end - Date.now();

        if (left <= 0) return Promise.resolve(false);
        return new Promise((done) => {
            const timer = setTimeout(() => done(false), left);

            this.wakers.push(() => {
                clearTimeout(timer);
                done(true);
            });
        });
    }

    send(bytes) {
        return new Promise((done) => {
            if (this.socket.destroyed) done();
            else this.socket.write(bytes, () => done());
        });
    }

    // The next answer, its body by Content-Length. null: the connection ended
    // without one. head: the answer is to HEAD.
    async answer({ head = false, timeout = 10000 } = {}) {
        const end = Date.now() + timeout;

        for (;;) {
            const got = this.take(head);

            if (got) return got;
            if (this.ended && this.bytes.length === 0) return null;
            if (this.ended) throw new Error('the answer broke off');
            if (!(await this.news(end)))
                throw new Error(`no answer in ${timeout} ms`);
        }
    }

    take(headOnly) {
        const at = this.bytes.indexOf(CRLF2);

        if (at < 0) return null;
        const head = parseHead(this.bytes.subarray(0, at).toString('latin1'));
        const { status, headers } = head;
        const bodiless = status < 200 || status === 204 || status === 304;
        const given = headers['content-length'];

        if (bodiless && given !== undefined)
            throw new Error(`${status} with a length`);
        if (!bodiless && given === undefined)
            throw new Error(`${status} without a length`);
        const length = bodiless || headOnly ? 0 : Number(given);
        const from = at + 4;

        if (this.bytes.length < from + length) return null;
        const body = this.bytes.subarray(from, from + length);

        this.bytes = this.bytes.subarray(from + length);
        return {
            ...head,
            body,
            text: body.toString(),
            get json() {
                return JSON.parse(body.toString());
            },
        };
    }

    // True when the other side ends the connection within that time.
    async closed(timeout = 10000) {
        const end = Date.now() + timeout;

        while (!this.ended) if (!(await this.news(end))) return false;
        return true;
    }

    close() {
        this.socket.destroy();
    }
}

function connected(socket, event) {
    return new Promise((done, failed) => {
        socket.once('error', failed);
        socket.once(event, () => {
            socket.off('error', failed);
            done(new Wire(socket));
        });
    });
}

// options: port, host, tls (true), and those of tls.connect.
export function dial({ port, host = '127.0.0.1', tls: secure, ...options }) {
    if (secure === false)
        return connected(net.connect({ port, host, ...options }), 'connect');
    const socket = tls.connect({
        port,
        host,
        rejectUnauthorized: false,
        ...options,
    });

    socket.setNoDelay(true);
    return connected(socket, 'secureConnect');
}
