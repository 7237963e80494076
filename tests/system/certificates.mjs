// SPDX-License-Identifier: MIT
// Keys and certificates for the tests, made by openssl.
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { newFolder, run } from './appliance.mjs';

export async function openssl(...args) {
    const got = await run('openssl', args);

    if (got.code !== 0) throw new Error(`openssl ${args}: ${got.err}`);
    return got;
}

// 'rsa:2048', 'ec:P-256', 'ed25519', into a file as PKCS#8.
async function makeKey(kind, file) {
    const [name, size] = kind.split(':');
    const options = {
        rsa: ['-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${size}`],
        ec: ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${size}`],
        ed25519: ['-algorithm', 'ED25519'],
    };

    await openssl('genpkey', ...options[name], '-out', file);
}

const san = 'subjectAltName=DNS:localhost,IP:127.0.0.1';

// TLS_CERT and TLS_KEY of a certificate of its own; days below 0: expired.
// form: how the key is written (PKCS#8, PKCS#1, SEC1).
export async function selfSigned(kind, options = {}) {
    const { form = 'PKCS#8', days = 30, folder = newFolder() } = options;
    const name = options.name ?? 'own';
    const key = join(folder, `${name}.key`);
    const cert = join(folder, `${name}.crt`);

    await makeKey(kind, key);
    if (days < 0) await expired(folder, key, cert);
    else
        await openssl(
            ...['req', '-x509', '-new', '-key', key, '-out', cert, '-days'],
            ...[String(days), '-subj', '/CN=localhost', '-addext', san],
        );
    if (form === 'PKCS#1')
        await openssl('rsa', '-traditional', '-in', key, '-out', key);
    if (form === 'SEC1') await openssl('ec', '-in', key, '-out', key);
    const env = { TLS_CERT: cert, TLS_KEY: key };

    Object.defineProperty(env, 'fingerprint', {
        enumerable: false,
        value: () => new X509Certificate(readFileSync(cert)).fingerprint256,
    });
    return env;
}

// Only openssl's little authority may say when a certificate began.
async function expired(folder, key, cert) {
    const request = join(folder, 'request.pem');
    const conf = join(folder, 'ca.conf');

    writeFileSync(join(folder, 'index'), '');
    writeFileSync(
        conf,
        `[ca]
default_ca = it
[it]
database = ${folder}/index
new_certs_dir = ${folder}
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
`,
    );
    await openssl(
        ...['req', '-new', '-key', key, '-subj', '/CN=localhost', '-out'],
        request,
    );
    await openssl(
        ...['ca', '-batch', '-selfsign', '-config', conf, '-keyfile', key],
        ...['-in', request, '-out', cert, '-notext'],
        ...['-startdate', '20200101000000Z', '-enddate', '20210101000000Z'],
    );
}

// A certificate of folder/name for localhost, signed by an authority.
export async function signed(folder, name, by, extensions = san) {
    const key = join(folder, `${name}.key`);
    const cert = join(folder, `${name}.crt`);
    const request = join(folder, `${name}.csr`);
    const file = join(folder, `${name}.ext`);

    await makeKey('ec:P-256', key);
    writeFileSync(file, extensions);
    await openssl(
        ...['req', '-new', '-key', key, '-subj', `/CN=${name}`, '-out'],
        request,
    );
    await openssl(
        ...['x509', '-req', '-in', request, '-CA', by.cert, '-CAkey', by.key],
        ...['-CAcreateserial', '-days', '30', '-extfile', file, '-out', cert],
    );
    return { cert, key };
}

const mayRule = 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign';

// An authority, signed by another one or by itself.
export async function authority(folder, name, by) {
    if (by) return signed(folder, name, by, mayRule);
    const key = join(folder, `${name}.key`);
    const cert = join(folder, `${name}.crt`);

    await makeKey('ec:P-256', key);
    await openssl(
        ...['req', '-x509', '-new', '-key', key, '-out', cert, '-days', '30'],
        ...['-subj', `/CN=${name}`],
    );
    return { cert, key };
}
