// SPDX-License-Identifier: MIT
// An HTTP client that believes any certificate and shows what came.
import http from 'node:http';
import https from 'node:https';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

const keepAlive = { keepAlive: true, maxSockets: 64, timeout: 60000 };
const agents = {
    'http:': new http.Agent(keepAlive),
    'https:': new https.Agent({ ...keepAlive, rejectUnauthorized: false }),
};

class Answer {
    constructor(res, bytes, tookMs) {
        this.status = res.statusCode;
        this.headers = res.headers;
        this.rawHeaders = res.rawHeaders;
        this.bytes = bytes;
        this.tookMs = tookMs;
    }

    get text() {
        const coding = this.headers['content-encoding'];

        if (coding === 'gzip') return gunzipSync(this.bytes).toString();
        if (coding === 'br') return brotliDecompressSync(this.bytes).toString();
        return this.bytes.toString();
    }

    get json() {
        return JSON.parse(this.text);
    }

    get etag() {
        return this.headers.etag;
    }

    get source() {
        return this.headers['x-cache'];
    }
}

function once(base, method, path, options, agent) {
    const url = new URL(base);
    const { request } = url.protocol === 'https:' ? https : http;
    const headers = { ...options.headers };
    let { body } = options;

    if (options.json !== undefined) {
        body = JSON.stringify(options.json);
        headers['content-type'] ??= 'application/json';
    }
    if (body !== undefined)
        headers['content-length'] ??= Buffer.byteLength(body);
    return new Promise((done, failed) => {
        const from = performance.now();
        const rq = request({
            agent,
            host: url.hostname.replace(/^\[|\]$/g, ''),
            port: url.port,
            method,
            path,
            headers,
            timeout: options.timeout ?? 60000,
            rejectUnauthorized: false,
            localAddress: options.localAddress,
        });

        rq.on('response', (res) => {
            const parts = [];

            res.on('data', (part) => parts.push(part));
            res.on('error', failed);
            res.on('end', () => {
                const tookMs = performance.now() - from;

                done(new Answer(res, Buffer.concat(parts), tookMs));
            });
        });
        rq.on('timeout', () =>
            rq.destroy(new Error(`${method} ${path}: slow`)),
        );
        rq.on('error', (error) => {
            error.reused = rq.reusedSocket;
            failed(error);
        });
        rq.end(body);
    });
}

// options: headers, body (bytes or text), json, timeout, agent (false: a
// connection of its own). A kept connection that the server had just closed
// is no answer: asked again on a new one.
export async function ask(base, method, path, options = {}) {
    const agent = options.agent ?? agents[new URL(base).protocol];

    try {
        return await once(base, method, path, options, agent);
    } catch (error) {
        if (!error.reused || !['ECONNRESET', 'EPIPE'].includes(error.code))
            throw error;
        return once(base, method, path, options, false);
    }
}

export function closeConnections() {
    for (const agent of Object.values(agents)) agent.destroy();
}
