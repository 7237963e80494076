// SPDX-License-Identifier: MIT
// Chromium for the tests of the page. What a page complains about (errors,
// its console, its security policy) fails the test that opened it.
import assert from 'node:assert/strict';

import { chromium } from 'playwright-core';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const args = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
];
let browser;

function listen(page, complaints) {
    page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type()))
            complaints.push(`${message.type()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(`error: ${error}`));
}

// A page in a browser of its own (storage, language). finish() ends it and
// fails on complaints but those that match one of `expected`.
export async function openPage(options = {}) {
    browser ??= await chromium.launch({ executablePath, args });
    const context = await browser.newContext({
        ignoreHTTPSErrors: true,
        locale: 'en-GB',
        viewport: { width: 1280, height: 800 },
        ...options,
    });
    const page = await context.newPage();
    const complaints = [];

    page.setDefaultTimeout(15000);
    listen(page, complaints);
    page.finish = async (...expected) => {
        await context.close();
        const left = complaints.filter(
            (text) => !expected.some((pattern) => pattern.test(text)),
        );

        assert.deepEqual(left, []);
    };
    return page;
}

export async function closeBrowser() {
    await browser?.close();
    browser = undefined;
}
