// SPDX-License-Identifier: MIT
// What signin.test.mjs runs in a process of its own, which trusts our
// certificate by NODE_EXTRA_CA_CERTS:
//
//     node pocketbase_signin.mjs URL EMAIL PASSWORD
//
// Prints "all of it" when nothing went wrong.
import assert from 'node:assert/strict';

import PocketBase, { ClientResponseError } from 'pocketbase';

const [url, email, password] = process.argv.slice(2);
const pb = new PocketBase(url);
const users = pb.collection('users');

pb.autoCancellation(false);

async function statusOf(promise) {
    const error = await promise.then(
        () => assert.fail('no error'),
        (thrown) => thrown,
    );

    assert.ok(error instanceof ClientResponseError, error);
    return [error.status, error.response.message];
}

assert.equal((await users.listAuthMethods()).password.enabled, true);
assert.deepEqual(await statusOf(users.authWithPassword(email, 'wrong one')), [
    400,
    'Failed to authenticate.',
]);
assert.equal((await statusOf(users.authWithPassword('', '')))[0], 400);
assert.equal(pb.authStore.isValid, false);

const got = await users.authWithPassword(email, password);

assert.equal(pb.authStore.isValid, true);
assert.equal(got.record.email, email);
assert.equal(got.record.collectionName, 'users');
assert.equal(pb.authStore.record.id, got.record.id);
assert.equal(pb.authStore.token, got.token);
assert.equal((await pb.send('/api/v1/auth/me', {})).email, email);

const fresh = await users.authRefresh();

assert.equal(fresh.record.email, email);
assert.equal(pb.authStore.isValid, true);

// With Bearer before it, and a byte changed.
for (const [token, status] of [
    [`Bearer ${fresh.token}`, 200],
    [fresh.token, 200],
    [fresh.token.replace(/\.[^.]/, (s) => (s === '.a' ? '.b' : '.a')), 401],
    [fresh.token.slice(0, -2) + (fresh.token.endsWith('AA') ? 'BA' : 'AA'), 401],
]) {
    const { status: is } = await fetch(`${url}/api/v1/auth/me`, {
        headers: { authorization: token },
    });

    assert.equal(is, status, token);
}

// The token goes on being shown after its session was ended by itself.
await fetch(`${url}/logout`, {
    method: 'POST',
    headers: { authorization: fresh.token },
}).then((answer) => assert.equal(answer.status, 204));
assert.equal((await statusOf(users.authRefresh()))[0], 401);
assert.equal((await statusOf(users.getList()))[0], 401);
// What is dead is no hindrance to signing in anew.
await users.authWithPassword(email, password);
assert.equal((await pb.send('/api/v1/auth/me', {})).email, email);
console.log('all of it');
