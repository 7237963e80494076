// SPDX-License-Identifier: MIT
// Who asks: accounts to sign in with, and what they show.
//
//     const a = await start({ env: adminEnv });
//     const boss = await signIn(a, admin);      // { headers: { cookie } }
//     await a.get('/api/v1/users', boss);
import assert from 'node:assert/strict';

export const admin = {
    email: 'Root@example.org',
    password: 'a first correct horse',
};

// The smallest cost: what a test signs in for is not the hash.
export const adminEnv = {
    ADMIN_EMAIL: admin.email,
    ADMIN_PASSWORD: admin.password,
    PASSWORD_COST: '4',
};

export const cookieOf = (answer) =>
    answer.headers['set-cookie']?.[0].split(';')[0];

// What a request of this account carries; more: other headers of the sign-in.
export async function signIn(a, { email, password }, more = {}) {
    const got = await a.post('/login', { email, password }, { headers: more });

    assert.equal(got.status, 200, got.text);
    return { headers: { cookie: cookieOf(got) } };
}

let n = 0;

// A new account: { id, email, password, as }, as being what it shows.
export async function newPerson(a, boss, given = {}) {
    const wanted = {
        name: `Somebody ${++n}`,
        email: `person${n}@example.org`,
        password: 'not the name of a dog',
        role: 'user',
        ...given,
    };
    const made = await a.post('/api/v1/users', wanted, boss);

    assert.equal(made.status, 201, made.text);
    const { email, password } = wanted;
    const who = { id: made.json.id, email, password };

    return { ...who, as: await signIn(a, who) };
}
