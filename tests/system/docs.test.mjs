// SPDX-License-Identifier: MIT
// /api/docs: shows what /api/openapi.json says, in a browser, under the policy
// of every page.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { start, stopAll } from './appliance.mjs';
import { closeBrowser, openPage } from './browser.mjs';

const bearer = { as: 'admin' };

const heading = (page, name) =>
    page.getByRole('heading', { name, exact: true }).waitFor();
const operation = (page, method, path) =>
    page.locator('details', { hasText: `${method}${path}` }).first();

for (const base of ['/', '/base'])
    describe(`docs at ${base}`, () => {
        let a;

        before(async () => {
            a = await start({ as: 'nobody', env: { BASE_PATH: base } });
            const made = await a.post(
                '/api/v1/users',
                { name: 'Ada', email: 'ada@example.org' },
                bearer,
            );

            assert.equal(made.status, 201, made.text);
        });
        after(async () => {
            await closeBrowser();
            await stopAll();
        });

        async function open() {
            const page = await openPage({ to: a });

            await page.goto(`${a.url}${a.base}/api/docs`);
            await heading(page, 'The API');
            return page;
        }

        test('has every operation of the document', async () => {
            const page = await open();
            const { paths } = (await a.get('/api/openapi.json', bearer)).json;

            await heading(page, 'personnel');
            for (const [path, item] of Object.entries(paths))
                for (const [method, { summary }] of Object.entries(item)) {
                    const shown = page.locator('summary', {
                        hasText: `${method.toUpperCase()}${path}${summary}`,
                    });

                    assert.equal(await shown.count(), 1, `${method} ${path}`);
                }
            await page.finish();
        });

        test('shows parameters, bodies, answers', async () => {
            const page = await open();
            const list = operation(page, 'GET', '/api/v1/personnel');

            await list.locator('summary').first().click();
            await list.getByText('At most 8 fields').waitFor();
            await list.getByText('≥ 1 · ≤ 500 · default 30').waitFor();
            const change = operation(page, 'PATCH', '/api/v1/personnel/{id}');

            await change.locator('summary').first().click();
            await change.getByText('salary+', { exact: true }).waitFor();
            await change.getByText('multiple of 0.01').first().waitFor();
            await change
                .getByText('"active" or "on_leave" or "left"')
                .first()
                .waitFor();
            await page.finish();
        });

        test('sends a GET, and shows what comes', async () => {
            const page = await open();
            const list = operation(page, 'GET', '/api/v1/users');

            await list.locator('summary').first().click();
            await list.getByLabel('filter').fill("name = 'Ada'");
            await list.getByRole('button', { name: 'Send' }).click();
            const shown = await list.getByLabel('Answer').textContent();

            assert.equal(JSON.parse(shown).items[0].email, 'ada@example.org');
            await list.getByLabel('filter').fill('name = ');
            await list.getByRole('button', { name: 'Send' }).click();
            await list.getByRole('alert').waitFor();
            await page.finish(/400/);
        });

        test('a stranger is shown what is open to him', async () => {
            const page = await openPage();

            await page.goto(`${a.url}${a.base}/api/docs`);
            await heading(page, 'The API');
            await heading(page, 'service');
            assert.equal(await page.getByText('personnel').count(), 0);
            await page.finish(/status of 401 .*\/api\/v1\/auth\/me/);
        });
    });
