// SPDX-License-Identifier: MIT
// Chromium for the tests of the page. What a page complains about (errors,
// its console, its security policy) fails the test that opened it.
import assert from 'node:assert/strict';

import { chromium } from 'playwright-core';

import { newPerson, signIn } from './people.mjs';

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
        const { url } = message.location();

        if (['error', 'warning'].includes(message.type()))
            complaints.push(`${message.type()}: ${message.text()} ${url}`);
    });
    page.on('pageerror', (error) => complaints.push(`error: ${error}`));
}

function watchPolicy() {
    document.addEventListener('securitypolicyviolation', (event) =>
        console.error(`policy: ${event.violatedDirective}`),
    );
}

export const boss = { name: 'Zoe Boss', role: 'admin' };

// A session of its administrator, whom the first page makes.
async function session(a) {
    a.boss ??= await newPerson(a, { as: 'admin' }, boss);
    const { cookie } = (await signIn(a, a.boss)).headers;
    const [name, value] = cookie.split('=');

    const { hostname: domain } = new URL(a.url);

    return { name, value, domain, path: a.base || '/', secure: true };
}

// A page in a browser of its own (storage, language), signed in to the
// appliance `to`, if there is one. finish() ends it and fails on complaints but
// those that match one of `expected`.
export async function openPage({ to, ...options } = {}) {
    browser ??= await chromium.launch({ executablePath, args });
    const context = await browser.newContext({
        ignoreHTTPSErrors: true,
        locale: 'en-GB',
        viewport: { width: 1280, height: 800 },
        ...options,
    });
    if (to) await context.addCookies([await session(to)]);
    const page = await context.newPage();
    const complaints = [];

    await page.addInitScript(watchPolicy);
    page.setDefaultTimeout(15000);
    page.requested = [];
    page.on('request', (request) => page.requested.push(request.url()));
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

// Runs in the page: the texts whose colour stands out too little from what
// lies behind them (WCAG 2.2, 1.4.3), and how little.
export function faintTexts() {
    const channel = (c) =>
        c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const canvas = document.createElement('canvas');
    const ink = canvas.getContext('2d', { willReadFrequently: true });
    const rgba = (color) => {
        ink.clearRect(0, 0, 1, 1);
        ink.fillStyle = color;
        ink.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = ink.getImageData(0, 0, 1, 1).data;

        return [r / 255, g / 255, b / 255, a / 255];
    };
    const over = (top, below) =>
        [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
    const light = (c) =>
        0.2126 * channel(c[0]) +
        0.7152 * channel(c[1]) +
        0.0722 * channel(c[2]);
    const behind = (element) => {
        const layers = [];

        for (let e = element; e; e = e.parentElement)
            layers.push(rgba(getComputedStyle(e).backgroundColor));
        return layers.reduceRight((below, top) => over(top, below), [1, 1, 1]);
    };
    const faint = [];
    const walker = document.createTreeWalker(document.body, 4);

    while (walker.nextNode()) {
        const text = walker.currentNode.textContent.trim();
        const element = walker.currentNode.parentElement;
        const style = getComputedStyle(element);

        if (text === '' || !element.checkVisibility({ checkOpacity: true }))
            continue;
        if (element.closest('[aria-disabled=true], :disabled')) continue;
        const back = behind(element);
        const front = over(rgba(style.color), back);
        const [high, low] = [light(front), light(back)].sort((a, b) => b - a);
        const contrast = (high + 0.05) / (low + 0.05);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);

        if (contrast < (large ? 3 : 4.5))
            faint.push(`${text}: ${contrast.toFixed(2)}`);
    }
    return faint;
}
