// SPDX-License-Identifier: MIT
// The page, in Debian's Chromium.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { start, stopAll } from './appliance.mjs';
import { closeBrowser, openPage } from './browser.mjs';

describe('page', () => {
    let a;

    before(async () => (a = await start()));
    after(async () => {
        await closeBrowser();
        await stopAll();
    });

    test('home', async () => {
        const page = await openPage();

        await page.goto(a.url);
        await page.getByRole('heading', { name: 'Welcome' }).waitFor();
        assert.equal(await page.title(), 'Home · Appliance');
        await page.finish();
    });
});
