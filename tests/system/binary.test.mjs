// SPDX-License-Identifier: MIT
// The file itself: what kind of executable it is, and that it keeps to itself
// while it serves.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { binary, run, stopAll } from './appliance.mjs';

async function tool(command, ...args) {
    const { code, out, err } = await run(command, args);

    assert.equal(code, 0, `${command} ${args.join(' ')}: ${err}`);
    return out;
}

describe('binary', () => {
    after(stopAll);

    test('static-PIE', async () => {
        const head = await tool('readelf', '-hW', binary);
        const parts = await tool('readelf', '-lW', binary);
        const needs = await tool('readelf', '-dW', binary);

        assert.match(head, /Type:\s+DYN/, 'can be loaded anywhere');
        assert.doesNotMatch(parts, /INTERP/, 'no loader');
        assert.doesNotMatch(needs, /NEEDED|RUNPATH|RPATH/);
        assert.match(needs, /FLAGS_1\).*\bPIE\b/);
    });
});
