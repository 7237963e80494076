// SPDX-License-Identifier: MIT
// The page, in Debian's Chromium.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { start, stopAll, until } from './appliance.mjs';
import { boss, closeBrowser, faintTexts, openPage } from './browser.mjs';
import { newPerson } from './people.mjs';

const refused = (code) => new RegExp(`Failed to load .* status of ${code}`);

async function addUsers(a, n) {
    for (let i = 1; i <= n; i++) {
        const two = String(i).padStart(2, '0');
        const email = `p${two}@example.org`;
        const got = await a.post('/users', { name: `Person ${two}`, email });

        assert.equal(got.status, 201, got.text);
    }
}

const heading = (page, name) =>
    page.getByRole('heading', { name, exact: true }).waitFor();
const button = (page, name) =>
    page.getByRole('button', { name, exact: true }).filter({ visible: true });
const menu = (page, name) =>
    page
        .getByRole('navigation')
        .getByRole('link', { name })
        .filter({ visible: true });
const dialog = (page) => page.getByRole('dialog');
const toast = (page, text) =>
    page.getByRole('region', { name: 'Messages' }).getByText(text).waitFor();
const names = (page) =>
    page.locator('tbody tr td:first-child button').allInnerTexts();
const focused = (page) =>
    page.evaluate(() => {
        const e = document.activeElement;

        return e.getAttribute('aria-label') || e.name || e.innerText;
    });

async function fill(page, name, email) {
    await dialog(page).getByLabel('Name').fill(name);
    await dialog(page).getByLabel('Email').fill(email);
}

describe('page: users', () => {
    let a;

    before(async () => (a = await start()));
    after(async () => {
        await closeBrowser();
        await stopAll();
    });

    async function openUsers(options) {
        const page = await openPage({ to: a, ...options });

        await page.goto(`${a.url}/c/users`);
        await heading(page, 'Users');
        await page.locator('[aria-busy=false]').first().waitFor();
        return page;
    }

    test('add, change and delete', async () => {
        const page = await openUsers();

        await page.getByText('1 account', { exact: true }).waitFor();
        await button(page, 'Add user').click();
        await fill(page, 'Ada Lovelace', 'ada@example.org');
        await dialog(page).getByLabel('Role').selectOption('admin');
        await page.keyboard.press('Enter');
        await toast(page, 'Ada Lovelace was added.');
        await page.getByRole('row', { name: /Ada Lovelace/ }).waitFor();
        const [ada] = (await a.get('/api/v1/users?sort=-id')).json.items;

        assert.equal(ada.email, 'ada@example.org');
        assert.equal(ada.role, 'admin');
        assert.equal(ada.active, true);

        await button(page, 'Change Ada Lovelace').click();
        await dialog(page).getByLabel('Name').fill('Ada, comtesse d’Été');
        await dialog(page).getByRole('switch').uncheck();
        await dialog(page).getByRole('button', { name: 'Save' }).click();
        await toast(page, 'The changes to Ada, comtesse d’Été were saved.');
        const changed = (await a.get(`/api/v1/users/${ada.id}`)).json;

        assert.equal(changed.name, 'Ada, comtesse d’Été');
        assert.equal(changed.active, false);
        assert.equal(changed.role, 'admin');

        await button(page, 'Delete Ada, comtesse d’Été').click();
        const question = page.getByRole('alertdialog');

        await question.getByText('ada@example.org').waitFor();
        assert.equal((await a.get('/api/v1/users')).json.totalItems, 2);
        await question.getByRole('button', { name: 'Delete user' }).click();
        await page.getByText('1 account', { exact: true }).waitFor();
        assert.equal((await a.get('/api/v1/users')).json.totalItems, 1);
        await page.finish();
    });

    test('what is wrong stands beside its field', async () => {
        await a.post('/users', { name: 'Bo', email: 'bo@example.org' });
        const page = await openUsers();

        await button(page, 'Add user').click();
        await page.keyboard.press('Enter');
        const name = dialog(page).getByLabel('Name');
        const email = dialog(page).getByLabel('Email');

        for (const field of [name, email]) {
            assert.equal(await field.getAttribute('aria-invalid'), 'true');
            const id = await field.getAttribute('aria-describedby');
            const said = page.locator(`[id="${id}"]`);

            assert.match(await said.innerText(), /must be filled in/);
        }
        assert.equal(await focused(page), 'name');

        // The server alone can know this one.
        await fill(page, 'Bob', 'bo@example.org');
        await page.keyboard.press('Enter');
        const taken = dialog(page).getByText('this value is already taken');

        await taken.waitFor();
        const at = await email.boundingBox();
        const below = await taken.boundingBox();

        assert.ok(below.y > at.y && below.y < at.y + at.height + 30);
        assert.equal(await focused(page), 'email');
        assert.equal(await name.getAttribute('aria-invalid'), null);
        assert.equal((await a.get('/users')).json.data.length, 2);
        await email.fill('bob@example.org');
        await page.keyboard.press('Enter');
        await toast(page, 'Bob was added.');
        await page.finish(refused(400), refused(422));
    });

    test('somebody else changed it: both are shown, one decides', async () => {
        const page = await openUsers();
        const user = { name: 'Cy', email: 'cy@example.org' };
        const { id } = (await a.post('/users', user)).json;

        await button(page, 'Refresh').click();
        await button(page, 'Change Cy').click();
        await dialog(page).getByLabel('Name').fill('Mine');
        const theirs = { name: 'Theirs', role: 'manager' };

        await a.patch(`/api/v1/users/${id}`, theirs);
        await page.keyboard.press('Enter');
        await dialog(page)
            .getByText('Someone else changed this meanwhile')
            .waitFor();
        await dialog(page).getByText('Theirs', { exact: true }).waitFor();
        assert.equal(
            await dialog(page).getByLabel('Name').inputValue(),
            'Mine',
        );
        assert.equal(
            (await a.get(`/api/v1/users/${id}`)).json.name,
            'Theirs',
            'nothing was overwritten',
        );
        await dialog(page).getByRole('button', { name: 'Save' }).click();
        await toast(page, 'The changes to Mine were saved.');
        const now = (await a.get(`/api/v1/users/${id}`)).json;

        assert.equal(now.name, 'Mine');
        assert.equal(now.role, 'manager', 'their other change stays');
        await page.finish(refused(412));
    });

    test('keyboard: Escape closes, the focus returns', async () => {
        const page = await openUsers();

        await button(page, 'Add user').focus();
        await page.keyboard.press('Enter');
        await dialog(page).waitFor();
        for (let i = 0; i < 12; i++) {
            await page.keyboard.press('Tab');
            const outside = await page.evaluate(() => {
                const e = document.activeElement;

                return (
                    e !== document.body && !e.closest('dialog,[role=dialog]')
                );
            });

            assert.equal(outside, false, `after ${i + 1} tabs`);
        }
        await page.keyboard.press('Escape');
        await dialog(page).waitFor({ state: 'detached' });
        assert.match(await focused(page), /Add user/);
        await page.finish();
    });

    test('sorting and pages, kept in the address', async () => {
        for (const { id } of (await a.get('/users')).json.data)
            if (id !== a.boss.id) await a.delete(`/users/${id}`);
        await addUsers(a, 23);
        const page = await openUsers();

        await page.getByText('1–20 of 24').waitFor();
        assert.equal((await names(page)).length, 20);
        await button(page, 'Next page').click();
        await page.getByText('21–24 of 24').waitFor();
        await until('the last four', async () => {
            const [first] = await names(page);

            return first === 'Person 21';
        });
        await page.reload();
        await page.getByText('21–24 of 24').waitFor();
        assert.match(page.url(), /\/c\/users\?page=2$/);
        await page
            .getByRole('columnheader', { name: 'Email' })
            .getByRole('button')
            .click();
        await until('by address', async () => {
            const [first] = await names(page);

            return first === 'Person 01';
        });
        await page
            .getByRole('columnheader', { name: 'Email' })
            .getByRole('button')
            .click();
        await until('the other way', async () => {
            const [first] = await names(page);

            return first === 'Zoe Boss';
        });
        await page.goBack();
        await until('back', async () => (await names(page))[0] === 'Person 01');
        await page.finish();
    });

    test('the appliance goes away and comes back', async () => {
        const page = await openUsers();

        await page.getByText('Person 01', { exact: true }).waitFor();
        await a.stop();
        await button(page, 'Refresh').click();
        const alert = page.getByRole('alert');

        await alert.getByText('The appliance cannot be reached').waitFor();
        assert.ok(await page.getByText('Person 01').first().isVisible());
        const { folder } = a;

        a = await start({
            folder,
            env: { LISTEN: `127.0.0.1:${a.port}` },
        });
        await alert.getByRole('button', { name: 'Try again' }).click();
        await alert.waitFor({ state: 'detached' });
        await page.finish(/Failed to load resource: net::ERR_/);
    });
});

describe('page: who may', () => {
    let a;

    before(async () => {
        a = await start();
        a.boss = await newPerson(a, { as: 'admin' }, boss);
    });
    after(async () => {
        await closeBrowser();
        await stopAll();
    });

    const place = (page) => new URL(page.url()).pathname;

    async function signIn(page, email, password) {
        await page.getByLabel('E-mail address').fill(email);
        await page.getByLabel('Password', { exact: true }).fill(password);
        await page.getByRole('button', { name: 'Sign in' }).click();
    }

    for (const javaScriptEnabled of [true, false])
        test(`signing in, script: ${javaScriptEnabled}`, async () => {
            const page = await openPage({ javaScriptEnabled });

            await page.goto(`${a.url}/c/users`);
            assert.equal(place(page), '/login');
            for (const [name, autocomplete] of [
                ['username', 'username'],
                ['password', 'current-password'],
            ])
                assert.equal(
                    await page
                        .locator(`input[name=${name}]`)
                        .getAttribute('autocomplete'),
                    autocomplete,
                );
            await signIn(page, a.boss.email, 'not the password');
            const alert = page.getByRole('alert');

            await alert.getByText(/password is wrong/).waitFor();
            assert.equal(
                await page.getByLabel('E-mail address').inputValue(),
                a.boss.email,
            );
            if (javaScriptEnabled)
                assert.deepEqual(await page.evaluate(faintTexts), []);
            await signIn(page, a.boss.email, a.boss.password);
            await page.waitForURL(`${a.url}/c/users`);
            const cookies = await page.context().cookies();

            assert.equal(cookies.length, 1);
            assert.ok(cookies[0].httpOnly && cookies[0].secure);
            assert.equal(cookies[0].sameSite, 'Lax');
            await page.finish(refused(401));
        });

    test('the password can be looked at', async () => {
        const page = await openPage({ locale: 'fr-FR' });

        await page.goto(`${a.url}/login`);
        const password = page.getByLabel('Mot de passe', { exact: true });

        await password.fill('secret');
        await button(page, 'Afficher').click();
        assert.equal(await password.getAttribute('type'), 'text');
        await button(page, 'Masquer').click();
        assert.equal(await password.getAttribute('type'), 'password');
        await page.finish();
    });

    test('a session that ended is asked for, and nothing is lost', async () => {
        const page = await openPage({ to: a });

        await page.goto(`${a.url}/c/users`);
        await button(page, 'Add user').click();
        await fill(page, 'Ann', 'ann@example.org');
        const [{ value }] = await page.context().cookies();
        const headers = { cookie: `session_id=${value}` };

        assert.equal(
            (await a.ask('POST', '/logout', { headers })).status,
            204,
        );
        await page.keyboard.press('Enter');
        const ask = page.getByRole('dialog', { name: 'Sign in again' });

        await ask.getByLabel('Password').fill('not the password');
        await page.keyboard.press('Enter');
        await ask.getByText(/do not go together/).waitFor();
        await ask.getByLabel('Password').fill(a.boss.password);
        await page.keyboard.press('Enter');
        await toast(page, 'Ann was added.');
        const kept = await page.evaluate(() => [
            ...Object.values({ ...sessionStorage }),
            ...Object.values({ ...localStorage }),
            document.cookie,
        ]);

        assert.ok(!kept.join().includes(a.boss.password), kept.join());
        await page.finish(refused(401));
    });

    test('signing out, and back does not bring it back', async () => {
        const page = await openPage({ to: a });

        await page.goto(`${a.url}/status`);
        await heading(page, 'Everything is running');
        await page.getByText('Administrator', { exact: true }).waitFor();
        await button(page, 'Sign out').click();
        await page.waitForURL(`${a.url}/login`);
        assert.deepEqual(await page.context().cookies(), []);
        await page.goto(`${a.url}/status`);
        assert.equal(place(page), '/login');
        await page.finish(refused(401));
    });

    test('a user looks, and cannot change', async () => {
        const b = await start();

        await newPerson(b, { as: 'admin' }, boss);
        b.boss = await newPerson(b, { as: 'admin' }, { name: 'Una User' });
        const page = await openPage({ to: b });

        await page.goto(`${b.url}/c/users`);
        await page.getByRole('row', { name: /Zoe Boss/ }).waitFor();
        for (const name of ['Add user', 'Change Zoe Boss', 'Delete Zoe Boss'])
            assert.equal(await button(page, name).count(), 0, name);
        await page.finish();
    });
});

describe('page: looks and language', () => {
    let a;

    before(async () => {
        a = await start();
        await addUsers(a, 3);
    });
    after(async () => {
        await closeBrowser();
        await stopAll();
    });

    test('home: what there is, and whether all is well', async () => {
        const page = await openPage({ to: a });

        await page.goto(a.url);
        await heading(page, 'Welcome');
        await heading(page, 'Everything is running');
        await page.getByRole('link', { name: /Users\s*4\s*records/ }).waitFor();
        assert.equal(await page.locator('main li').count(), 8);
        assert.equal(await page.title(), 'Home · Appliance');
        await page.getByRole('link', { name: 'See the status' }).click();
        await heading(page, 'Status');
        assert.match(page.url(), /\/status$/);
        await page.finish();
    });

    test('French and English: by browser, then by choice', async () => {
        const page = await openPage({ to: a, locale: 'fr-CH' });

        await page.goto(`${a.url}/c/users`);
        await heading(page, 'Utilisateurs');
        const html = page.locator('html');

        assert.equal(await html.getAttribute('lang'), 'fr');
        assert.equal(await page.title(), 'Utilisateurs · Appliance');
        await button(page, 'Ajouter').click();
        await page.keyboard.press('Enter');
        await page.getByText('Ce champ est obligatoire.').first().waitFor();
        await dialog(page).getByLabel('Nom').fill('Anne');
        await dialog(page).getByLabel('E-mail').fill('p01@example.org');
        await page.keyboard.press('Enter');
        await dialog(page).getByText('cette valeur est déjà prise').waitFor();
        await dialog(page).getByRole('button', { name: 'Annuler' }).click();
        await button(page, 'Abandonner').click();
        await dialog(page).waitFor({ state: 'detached' });
        await page.getByText('EN', { exact: true }).click();
        await heading(page, 'Users');
        assert.equal(await html.getAttribute('lang'), 'en');
        await page.reload();
        await heading(page, 'Users');
        assert.equal(await html.getAttribute('lang'), 'en');
        await page.finish(refused(400));
    });

    const brightness = (page) =>
        page.evaluate(() => {
            const { backgroundColor } = getComputedStyle(document.body);
            const [r, g, b] = backgroundColor.match(/[\d.]+/g).map(Number);

            return (r + g + b) / 765;
        });

    test('light and dark: by system, then by choice', async () => {
        const page = await openPage({ to: a, colorScheme: 'dark' });

        await page.goto(a.url);
        await heading(page, 'Welcome');
        assert.ok((await brightness(page)) < 0.2, 'dark');
        await page.emulateMedia({ colorScheme: 'light' });
        await until('light', async () => (await brightness(page)) > 0.8);
        await page.getByText('Dark', { exact: true }).click({ force: true });
        await until('dark', async () => (await brightness(page)) < 0.2);
        await page.reload();
        await heading(page, 'Welcome');
        assert.ok((await brightness(page)) < 0.2, 'still dark');
        await page.finish();
    });

    for (const colorScheme of ['light', 'dark'])
        test(`${colorScheme}: every text can be read`, async () => {
            const page = await openPage({
                to: a,
                colorScheme,
                reducedMotion: 'reduce',
            });

            for (const path of [
                '/',
                '/c/users',
                '/status',
                '/api/docs',
                '/nowhere',
            ]) {
                await page.goto(a.url + path);
                await page.locator('h1').waitFor();
                await page.waitForLoadState('networkidle');
                assert.deepEqual(await page.evaluate(faintTexts), [], path);
            }
            await page.goto(`${a.url}/c/users`);
            await button(page, 'Add user').click();
            await page.keyboard.press('Enter');
            assert.deepEqual(await page.evaluate(faintTexts), [], 'a form');
            await page.finish();
        });

    test('every control has a name', async () => {
        const control = /^\s*- (button|link|combobox|radio|switch|textbox)\b/;
        const page = await openPage({ to: a });

        for (const path of ['/', '/c/users', '/status', '/api/docs']) {
            await page.goto(a.url + path);
            await page.waitForLoadState('networkidle');
            const tree = await page.locator('body').ariaSnapshot();
            const unnamed = tree
                .split('\n')
                .filter(
                    (line) => control.test(line) && !/^\s*- \w+ "/.test(line),
                );

            assert.deepEqual(unnamed, [], path);
        }
        await page.finish();
    });

    test('on a phone', async () => {
        const size = { width: 360, height: 740 };
        const page = await openPage({
            to: a,
            viewport: size,
            isMobile: true,
            hasTouch: true,
        });
        const overflow = () =>
            page.evaluate(
                () => document.documentElement.scrollWidth - innerWidth,
            );

        for (const path of [
            '/',
            '/c/users',
            '/status',
            '/api/docs',
            '/nowhere',
        ]) {
            await page.goto(a.url + path);
            await page.locator('h1').waitFor();
            await page.waitForLoadState('networkidle');
            assert.ok((await overflow()) <= 0, `${path} scrolls sideways`);
        }
        await page.goto(a.url);
        const link = menu(page, 'Users');
        const box = await link.boundingBox();

        assert.ok(box.y > size.height - 120, 'navigation at the thumb');
        assert.ok(box.height >= 40 && box.width >= 40, 'large enough');
        await link.tap();
        await heading(page, 'Users');
        const row = page.getByRole('row', { name: /Person 01/ });

        await row.waitFor();
        const card = await row.boundingBox();

        assert.ok(card.width <= size.width);
        await button(page, 'Add user').tap();
        await fill(page, 'Phil', 'phil@example.org');
        assert.ok((await overflow()) <= 0, 'the form scrolls sideways');
        await dialog(page).getByRole('button', { name: 'Add user' }).tap();
        await toast(page, 'Phil was added.');
        await button(page, 'Preferences').tap();
        await dialog(page).getByText('Français').tap();
        await heading(page, 'Utilisateurs');
        await page.finish();
    });
});

describe('page: where it is served', () => {
    after(async () => {
        await closeBrowser();
        await stopAll();
    });

    test('status: health, version, backends, and it goes on', async () => {
        const a = await start();
        const page = await openPage({ to: a });
        const { version, commit } = (await a.get('/api/v1/status')).json;

        await page.goto(`${a.url}/status`);
        await heading(page, 'Everything is running');
        const main = page.locator('main');

        for (const text of [version, commit, 'SQLite', 'In-process memory'])
            await main.getByText(text, { exact: true }).waitFor();
        assert.equal(
            await main.getByText('Running', { exact: true }).count(),
            2,
        );
        const asked = () =>
            page.requested.filter((url) => url.endsWith('/api/v1/status'));
        const before = asked().length;

        await until('asked again', () => asked().length > before);
        await a.stop();
        await page
            .getByText('The appliance cannot be reached')
            .waitFor({ timeout: 20000 });
        assert.ok(await main.getByText(commit).isVisible(), 'the last is kept');
        const env = { LISTEN: `127.0.0.1:${a.port}` };

        await start({ folder: a.folder, env });
        await page
            .getByRole('heading', { name: 'Everything is running' })
            .waitFor({ timeout: 20000 });
        await page.finish(/Failed to load resource: net::ERR_/);
    });

    test('a deep link, a reload, an address that leads nowhere', async () => {
        const a = await start();
        const page = await openPage({ to: a });

        for (const [path, title] of [
            ['/accueil', 'Welcome'],
            ['/c/users', 'Users'],
            ['/status', 'Status'],
            ['/api/docs', 'The API'],
            ['/no/such/page?x=1', 'There is nothing here'],
        ]) {
            await page.goto(a.url + path);
            await heading(page, title);
            await page.reload();
            await heading(page, title);
        }
        await page.getByRole('link', { name: 'Back to the start' }).click();
        await heading(page, 'Welcome');
        assert.equal(new URL(page.url()).pathname, '/');
        await page.goBack();
        await heading(page, 'There is nothing here');
        await page.finish();
    });

    test('BASE_PATH: everything stays under it', async () => {
        const a = await start({ env: { BASE_PATH: '/mppeep' } });
        const page = await openPage({ to: a });

        await page.goto(`${a.url}/mppeep`);
        await heading(page, 'Welcome');
        await menu(page, 'Users').click();
        await page.getByText('1 account', { exact: true }).waitFor();
        assert.equal(new URL(page.url()).pathname, '/mppeep/c/users');
        await button(page, 'Add user').click();
        await fill(page, 'Ann', 'ann@example.org');
        await page.keyboard.press('Enter');
        await toast(page, 'Ann was added.');
        await page.reload();
        await page.getByRole('row', { name: /Ann/ }).waitFor();
        await menu(page, 'Status').click();
        await heading(page, 'Everything is running');
        for (const url of page.requested) {
            const { pathname } = new URL(url);

            assert.match(pathname, /^\/mppeep(\/|$)/, url);
        }
        await page.finish();
    });

    test('the files: hashed names, compressed, kept for ever', async () => {
        const a = await start();
        const page = await openPage({ to: a });
        const coded = { 'accept-encoding': 'gzip, br' };

        await page.goto(a.url);
        await heading(page, 'Welcome');
        await page.finish();
        const html = await a.get('/', { headers: coded });

        assert.equal(html.headers['content-encoding'], 'br');
        assert.match(html.headers['cache-control'], /no-cache|no-store/);
        assert.match(html.text, /<base href="\/"/);
        const used = [
            ...html.text.matchAll(/(?:src|href)="(\.?\/?static[^"]+)"/g),
        ];
        const paths = used.map(([, path]) => path.replace(/^\.?\/?/, '/'));

        assert.ok(paths.length >= 3, html.text);
        for (const path of paths) {
            assert.match(path, /^\/static\/[\w-]+-[\w-]{8,}\.\w+$/);
            const got = await a.get(path, { headers: coded });
            const plain = await a.get(path);

            assert.equal(got.status, 200, path);
            assert.equal(
                got.headers['cache-control'],
                'public, max-age=31536000, immutable',
            );
            assert.equal(plain.headers['content-encoding'], undefined);
            assert.equal(plain.bytes.length > 0, true);
            if (/\.(js|css|svg)$/.test(path)) {
                assert.equal(got.headers['content-encoding'], 'br', path);
                assert.match(got.headers.vary, /accept-encoding/i);
                assert.ok(got.bytes.length < plain.bytes.length);
                assert.equal(got.text, plain.text);
                const gzip = await a.get(path, {
                    headers: { 'accept-encoding': 'gzip' },
                });

                assert.equal(gzip.headers['content-encoding'], 'gzip');
                assert.equal(gzip.text, plain.text);
                assert.notEqual(gzip.etag, got.etag);
            }
            const again = await a.get(path, {
                headers: { ...coded, 'if-none-match': got.etag },
            });

            assert.equal(again.status, 304);
            assert.equal(again.bytes.length, 0);
        }
    });

    test('the second visit asks for no file again', async () => {
        const a = await start();
        const page = await openPage({ to: a });
        const sent = [];

        page.on('response', async (response) => {
            const { pathname } = new URL(response.url());

            if (pathname.startsWith('/static/'))
                sent.push([pathname, response]);
        });
        await page.goto(a.url);
        await heading(page, 'Welcome');
        assert.ok(sent.some(([path]) => path.endsWith('.js')));
        const seen = a.events('request').length;

        await page.goto(`${a.url}/status`);
        await heading(page, 'Everything is running');
        const later = a
            .events('request')
            .slice(seen)
            .filter(({ path }) => /\.(js|css)$/.test(path));

        assert.deepEqual(later, []);
        await page.finish();
    });

    test('its security headers', async () => {
        const a = await start();

        for (const path of ['/', '/c/users', '/nowhere', '/login']) {
            const accept = 'text/html,application/xhtml+xml';
            const { headers } = await a.get(path, { headers: { accept } });
            const policy = headers['content-security-policy'];

            assert.match(policy, /default-src 'none'/);
            assert.doesNotMatch(policy, /unsafe|\*/);
            assert.match(
                headers['strict-transport-security'],
                /max-age=\d{7,}/,
            );
            assert.equal(headers['x-content-type-options'], 'nosniff');
            assert.equal(headers['x-frame-options'], 'SAMEORIGIN');
            assert.equal(
                headers['referrer-policy'],
                'strict-origin-when-cross-origin',
            );
            assert.ok(headers['permissions-policy']);
            assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
        }
    });
});
